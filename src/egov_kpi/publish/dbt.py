"""dbt, called in this process: the only module that knows it.

It runs as the builder, writes into `.local/dbt` and never reaches the network. A run is one `dbt build`; its outcome
per node goes to the table build.node_result.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from egov_kpi.calendar.office import check_office_hours
from egov_kpi.db.connect import connect, role_url
from egov_kpi.db.fence import fence
from egov_kpi.db.migrate import migrate
from egov_kpi.errors import EgovError
from egov_kpi.publish import colours, manifest, sessions, unseen
from egov_kpi.publish.code import seed_digest
from egov_kpi.settings import Settings, get_settings
from egov_kpi.units import store

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_GOOD = {"success", "pass", "warn", "no-op"}


@dataclass(frozen=True)
class NodeResult:
    """One row per node of a run. `failures` counts the rows that a test found."""

    node: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None
    failures: int | None
    message: str

    @property
    def ok(self) -> bool:
        return self.status in _GOOD


def seed(settings: Settings | None = None) -> bool:
    """Load the seeds into `ref` unless these very seeds stand there; whether it did."""
    settings = settings or get_settings()
    digest = seed_digest(settings)
    with fence("seed", wait_seconds=300, settings=settings, role="builder"):
        with connect("builder", settings) as connection:
            row = connection.execute("select digest from build.seeded").fetchone()
            colour = colours.live(connection).idle
        if row is not None and row[0] == digest:
            return False
        check_office_hours()
        # seeds are of no colour; named with one, what dbt reads of the project is kept and spares the next build that
        results = run(settings, "seed", "--full-refresh", variables={"colour": colour})
        require_success(results, "ref")
        with connect("builder", settings) as connection:
            _keep_served(connection, settings.served_provinces)
            store.fill(connection)
            connection.execute("delete from build.seeded")
            connection.execute("insert into build.seeded (digest) values (%s)", (digest,))
    return True


def _keep_served(connection: psycopg.Connection[tuple[Any, ...]], provinces: tuple[str, ...]) -> None:
    """Take units of other provinces out of the lists; EGOV-PUB-012 for a province that the list doesn't know.

    Provinces that those served went into stay: figures are restated to their units.
    """
    known = {row[0] for row in connection.execute("select distinct province_code from ref.agency")}
    if unknown := sorted(set(provinces) - known):
        raise EgovError("EGOV-PUB-012", provinces=", ".join(unknown), known=", ".join(sorted(known)))
    if provinces:
        connection.execute(
            "delete from ref.agency where not province_code = any(%(served)s) and not province_code in"
            " (select s.new_code from ref.agency_successor as s where s.old_code = any(%(served)s))",
            {"served": list(provinces)},
        )
        for table, code in (("agency_alias", "agency_code"), ("agency_successor", "new_code")):
            connection.execute(
                sql.SQL(
                    "delete from ref.{} as l where not exists (select from ref.agency as a where a.agency_code = l.{})"
                ).format(sql.Identifier(table), sql.Identifier(code))
            )


def migrate_and_seed(settings: Settings) -> list[str]:
    """Structure, then the reference data that the gate checks against; what was done, nothing when all stood there."""
    applied = migrate(settings)
    return [*applied, "dbt seed"] if seed(settings) else applied


def run(settings: Settings, command: str, *arguments: str, variables: dict[str, Any] | None = None) -> list[NodeResult]:
    """Outcome per node of one dbt command; EGOV-PUB-003 when dbt gave up before any node ran."""
    folder = settings.local_dir / "dbt"
    # what it would write down of the project and the run, nobody reads: the outcome of each node is in the warehouse
    artefacts = ["--no-write-json", *arguments]
    outcome = _invoke(settings, [command], artefacts, folder / "target", folder / "logs", variables or {})
    results = getattr(outcome.result, "results", None)
    if not results and not outcome.success:
        raise EgovError("EGOV-PUB-003", reason=_reason(outcome.exception), log=folder / "logs" / "dbt.log")
    return [_node_result(item) for item in results or []]


def document(settings: Settings, target: Path, variables: dict[str, Any]) -> str:
    """dbt's documentation of models, seeds and columns as one page that needs no server; EGOV-PUB-003 when it fails.

    `target` is a folder of its own, so that a build at the same time keeps its files.
    """
    outcome = _invoke(settings, ["docs", "generate"], ["--static"], target, target, variables)
    if not outcome.success:
        raise EgovError("EGOV-PUB-003", reason=_reason(outcome.exception), log=target / "dbt.log")
    return (target / "static_index.html").read_text(encoding="utf-8")


def _invoke(
    settings: Settings,
    command: Sequence[str],
    arguments: Sequence[str],
    target: Path,
    logs: Path,
    variables: dict[str, Any],
) -> Any:
    """What dbt answers: as the builder, without telemetry, with its files in the folders given."""
    from dbt.cli.main import dbtRunner

    # Nobody reads its console, and each line of it costs as much as one of the log.
    flags = ["--no-send-anonymous-usage-stats", "--no-use-colors", "--log-level", "none"]
    places = ["--project-dir", str(settings.dbt_dir), "--profiles-dir", str(settings.dbt_dir)]
    written = ["--target-path", str(target), "--log-path", str(logs), "--vars", json.dumps(variables)]
    target.mkdir(parents=True, exist_ok=True)
    with _environment(settings), unseen.left_out():
        project = _project(settings, [*flags, "parse", *places, *written], variables.get("colour"))
        with sessions.handed_on():
            return dbtRunner(manifest=project).invoke([*flags, *command, *places, *written, *arguments])


def _project(settings: Settings, parse: Sequence[str], colour: str | None) -> "Manifest | None":
    """The project that was kept for a colour; None for a run that is of none."""
    from dbt.cli.main import dbtRunner

    def read() -> "Manifest":
        outcome = dbtRunner().invoke(list(parse))
        if not outcome.success:
            raise EgovError("EGOV-PUB-003", reason=_reason(outcome.exception), log=parse[parse.index("--log-path") + 1])
        return outcome.result

    return None if colour is None else manifest.kept(settings, colour, os.environ["EGOV_DBT_DBNAME"], read)


def last_invocation_id() -> str:
    """What dbt called its newest run in this process: the name under which its logs and artefacts tell of it."""
    from dbt_common.invocation import get_invocation_id

    return str(get_invocation_id())


def require_success(results: list[NodeResult], colour: str) -> None:
    """EGOV-PUB-002 naming the nodes that failed; those skipped because of them are left out."""
    bad = [item for item in results if not item.ok and item.status != "skipped"]
    if bad or any(not item.ok for item in results):
        nodes = "; ".join(f"{item.node} ({item.status}: {item.message})" for item in bad[:5])
        raise EgovError("EGOV-PUB-002", colour=colour, nodes=nodes or "skipped")


def _without_values(message: str) -> str:
    """Postgres names the values of a refused row under DETAIL, pseudonyms among them."""
    return "\n".join(line for line in message.splitlines() if not line.lstrip().startswith(("DETAIL:", "CONTEXT:")))


def _reason(error: BaseException | None) -> str:
    return str(error).strip() if error is not None else "no node was selected"


def _node_result(item: Any) -> NodeResult:
    response = item.adapter_response or {}
    return NodeResult(
        node=item.node.unique_id,
        resource_type=str(item.node.resource_type),
        status=str(item.status),
        seconds=float(item.execution_time or 0),
        rows_affected=response.get("rows_affected"),
        failures=item.failures,
        message=_without_values(str(item.message or "")),
    )


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """What profiles.yml reads, for the time of the run only."""
    parts = urlsplit(role_url("builder", settings))
    wanted = {
        "EGOV_DBT_HOST": parts.hostname or "",
        "EGOV_DBT_PORT": str(parts.port or 5432),
        "EGOV_DBT_USER": unquote(parts.username or ""),
        "EGOV_DBT_PASSWORD": unquote(parts.password or ""),
        "EGOV_DBT_DBNAME": unquote(parts.path.strip("/")),
        # dbt's console level would hold for its log too; each statement stands in target/run all the same
        "DBT_LOG_LEVEL_FILE": os.environ.get("DBT_LOG_LEVEL_FILE", "info"),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
