"""dbt in this process, with the project read once per colour instead of once per build, and without its log.

dbt reads its project anew whenever its variables differ, and they differ in every build; that is half of the time of a
small one. Only the colour and the database have a say in what is read (they are part of every name), so a manifest is
kept per colour, and is told the database of the world in hand.
"""

import json
import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dbt.cli import main as dbt_main
from dbt.cli.main import dbtRunner, dbtRunnerResult

_VARIABLES, _COMMANDS = "--vars", ("build",)


@contextmanager
def kept_manifests(known: dict[str, bytes] | None = None) -> Iterator[dict[str, bytes]]:
    """Builds of this process use kept manifests for the time of the block: those known, and what is read meanwhile."""
    kept: dict[str, bytes] = {} if known is None else known

    class Runner(dbtRunner):
        def invoke(self, args: Sequence[str], **further: Any) -> dbtRunnerResult:
            command = next((name for name in _COMMANDS if name in args), None)
            if command is None:
                return super().invoke(list(args), **further)
            colour = _colour(args)
            if colour not in kept:
                kept[colour] = _read(args, command)
            # a run leaves compiled code in its manifest, so each gets a copy of its own
            self.manifest = _of_database(pickle.loads(kept[colour]))  # noqa: S301 (made by this very process)
            return super().invoke(list(args), **further)

    # a fifth of a small build is dbt's writing of what it does
    os.environ.setdefault("DBT_LOG_LEVEL_FILE", "none")
    original = dbt_main.dbtRunner
    setattr(dbt_main, "dbtRunner", Runner)  # noqa: B010 (a type may not be assigned to)
    try:
        yield kept
    finally:
        setattr(dbt_main, "dbtRunner", original)  # noqa: B010


def _colour(arguments: Sequence[str]) -> str:
    return str(json.loads(arguments[list(arguments).index(_VARIABLES) + 1]).get("colour"))


def _of_database(manifest: Any) -> Any:
    """The manifest with the present database in the names of all its relations."""
    name = os.environ["EGOV_DBT_DBNAME"]
    for node in (*manifest.nodes.values(), *manifest.sources.values()):
        if node.relation_name:
            node.relation_name = node.relation_name.replace(f'"{node.database}"', f'"{name}"', 1)
        node.database = name
    return manifest


def _read(arguments: Sequence[str], command: str) -> bytes:
    """The project as `dbt parse` reads it with the same options."""
    words = list(arguments)
    at = words.index(command)
    options = words[at + 1 : words.index(_VARIABLES) + 2]
    outcome = dbtRunner().invoke([*words[:at], "parse", *options])
    if not outcome.success:
        raise RuntimeError(f"dbt could not read the project: {outcome.exception}")
    return pickle.dumps(outcome.result)
