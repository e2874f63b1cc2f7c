"""One session of the database for many nodes of dbt, instead of one for each.

dbt opens a session per node and ends it with the node: a login, a process of the server and an empty cache of the
catalogue, a hundred times in a build and a fifth of its processor time. A session that a node has done with goes to
the next one, without its temporary tables; all of them end with the run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def handed_on() -> Iterator[None]:
    """Let the nodes of dbt runs in this block, all of one login and database, take over each other's sessions."""
    import psycopg2
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    idle: list[Any] = []
    manager: Any = PostgresConnectionManager
    opened, own = manager.open, vars(manager)["open"]
    ended = manager._close_handle  # inherited: taking ours away is enough

    def open_(cls: Any, connection: Any) -> Any:
        if connection.state == ConnectionState.OPEN or not (handle := _taken(idle)):
            return opened(connection)
        connection.handle, connection.state = handle, ConnectionState.OPEN
        return connection

    def hand_on(cls: Any, connection: Any) -> None:
        try:
            _forget_node(connection.handle)
        except psycopg2.Error:
            # the server ended it, or what it did: nobody can go on with it
            ended(connection)
        else:
            idle.append(connection.handle)

    # dbt has no setting for it, and makes its manager by itself
    manager.open, manager._close_handle = classmethod(open_), classmethod(hand_on)
    try:
        yield
    finally:
        manager.open = own
        del manager._close_handle
        for handle in idle:
            handle.close()


def _taken(idle: list[Any]) -> Any:
    """A session that nobody uses; None when there is none. Several threads ask at once."""
    try:
        return idle.pop()
    except IndexError:
        return None


def _forget_node(handle: Any) -> None:
    handle.rollback()
    with handle.cursor() as cursor:
        cursor.execute("discard temp")
    handle.commit()
