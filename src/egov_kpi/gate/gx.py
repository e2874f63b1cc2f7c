"""The only module that imports Great Expectations: rules in, outcomes out.

Importing it costs seconds (about 4.5 of CPU, 7 with the plotting and statistics libraries that are kept out below), so
nothing here is imported before a gate really runs.
"""

import functools
import importlib
import logging
import sys
import threading
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from egov_kpi.gate.relation import ROW_ID
from egov_kpi.gate.suite import Rule

# Needed by two distribution expectations only, and a third of the import.
_DEFERRED = ("altair", "scipy.stats")


@dataclass(frozen=True)
class Outcome:
    """What Great Expectations said of one rule; `error` is the class of what it raised, never its message.

    Messages of a database hold values of the row that it stumbled over.
    """

    rule_id: str
    success: bool
    error: str | None
    failed_rows: int
    unexpected_sql: str | None
    document: dict[str, Any]


def evaluate(
    url: str, schema: str, table: str, rules: Sequence[Rule], parameters: dict[str, Any]
) -> tuple[list[Outcome], str]:
    """Outcomes of all rules on one table, and the version of Great Expectations.

    A first pass asks for yes or no and counts nothing; only what failed is asked for its rows, which costs three times
    as much on a large table.
    """
    gx = import_gx()
    batch = _batch(gx, url, schema, table)
    relation = f'(select * from "{schema}"."{table}") as subselect'  # noqa: S608 -- our own names
    first = _run(batch, rules, parameters, "BOOLEAN_ONLY", relation)
    failed = {outcome.rule_id for outcome in first if not outcome.success and outcome.error is None}
    again = [rule for rule in rules if rule.rule_id in failed]
    second = _run(batch, again, parameters, _COMPLETE, relation) if again else []
    detailed = {outcome.rule_id: outcome for outcome in second}
    return [detailed.get(outcome.rule_id, outcome) for outcome in first], str(gx.__version__)


def holding(url: str, schema: str, table: str, rules: Sequence[Rule]) -> list[Outcome]:
    """Outcomes of those rules that hold on a table; of the others nothing is said."""
    batch = _batch(import_gx(), url, schema, table)
    asked = _run(batch, rules, {}, "BOOLEAN_ONLY", "")
    return [outcome for outcome in asked if outcome.success and outcome.error is None]


# Row identifiers lead back to the landed file; values stay out of every result.
_COMPLETE = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW_ID],
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
}


def _batch(gx: Any, url: str, schema: str, table: str) -> Any:
    context = gx.get_context(mode="ephemeral")
    # nobody ever reads what an ephemeral context would write down of itself, three times per table
    context._save_project_config = lambda: None
    context.variables.progress_bars = {"globally": False}
    connection = "postgresql+psycopg2" + url[url.index("://") :]
    source = context.data_sources.add_postgres("warehouse", connection_string=connection, create_temp_table=False)
    asset = source.add_table_asset(table, table_name=table, schema_name=schema)
    return asset.add_batch_definition_whole_table("load")


def _run(
    batch: Any, rules: Sequence[Rule], parameters: dict[str, Any], result_format: Any, relation: str
) -> list[Outcome]:
    from great_expectations import ExpectationSuite
    from great_expectations.validator.v1_validator import Validator

    suite = ExpectationSuite(name="gate", expectations=[rule.as_gx() for rule in rules])
    result = Validator(batch_definition=batch, result_format=result_format).validate_expectation_suite(
        suite, parameters
    )
    by_id = {rule.rule_id: rule for rule in rules}
    return [_outcome(by_id, item.to_json_dict(), relation) for item in result.results]


def _outcome(by_id: dict[str, Rule], document: dict[str, Any], relation: str) -> Outcome:
    rule = by_id[document["expectation_config"]["meta"]["rule_id"]]
    details = document.get("result") or {}
    return Outcome(
        rule_id=rule.rule_id,
        success=document["success"] is True,
        error=_error(document.get("exception_info") or {}),
        failed_rows=_failed_rows(rule, details),
        unexpected_sql=_unexpected_sql(rule, details, relation),
        document=_without_values(document),
    )


def _error(info: dict[str, Any]) -> str | None:
    """Class of the exception under a rule: one entry for the rule, or one per metric."""
    entries = [info] if "raised_exception" in info else [item for item in info.values() if isinstance(item, dict)]
    raised = [item for item in entries if item.get("raised_exception")]
    if not raised:
        return None
    lines = str(raised[0].get("exception_traceback") or "").strip().splitlines()
    classes = [line.split(":")[0].split("(")[0].strip() for line in lines if line and not line.startswith(" ")]
    names = [name for name in classes if name.replace(".", "").replace("_", "").isalnum() and name != "Traceback"]
    return names[-1].rsplit(".", 1)[-1] if names else "Exception"


def _failed_rows(rule: Rule, details: dict[str, Any]) -> int:
    if not rule.is_row_level:
        return 0
    count = details.get("unexpected_count", details.get("observed_value", 0))
    return int(count or 0)


def _unexpected_sql(rule: Rule, details: dict[str, Any], relation: str) -> str | None:
    """A select of `_row_id`, of the rows that failed; `relation` takes the place of a query's {batch}."""
    query = details.get("unexpected_index_query")
    if query:
        return str(query).rstrip().rstrip(";")
    if rule.type == "unexpected_rows_expectation" and details.get("observed_value"):
        return str(rule.kwargs["unexpected_rows_query"]).format(batch=relation)
    return None


_KEPT_DETAILS = ("element_count", "unexpected_count", "unexpected_percent", "missing_count", "observed_value")


def _without_values(document: dict[str, Any]) -> dict[str, Any]:
    """The result as Data Docs show it: counts only, no row, no value, no message of an exception."""
    details = {key: value for key, value in (document.get("result") or {}).items() if key in _KEPT_DETAILS}
    error = _error(document.get("exception_info") or {})
    info = {"raised_exception": error is not None, "exception_message": error or "", "exception_traceback": ""}
    return {**document, "result": details, "exception_info": info}


class _Deferred(types.ModuleType):
    """Stands for a module until somebody uses it; then the real one is imported and answers."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _deferred_imports() -> Iterator[None]:
    absent = [name for name in _DEFERRED if name not in sys.modules]
    placeholders = {name: _Deferred(name) for name in absent}
    sys.modules.update(placeholders)
    try:
        yield
    finally:
        for name, placeholder in placeholders.items():
            if sys.modules.get(name) is placeholder:
                del sys.modules[name]


@functools.cache
def import_gx() -> Any:
    """Great Expectations as the gate uses it, made ready once per process, whoever imported it first."""
    with _deferred_imports():
        gx = importlib.import_module("great_expectations")
    # It reports every default that it falls back to, and sets its own level while it is imported.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    _read_configurations_once()
    _leave_rows_unread()
    _answer_nothing_at_once()
    return gx


# Methods that only read an expectation's configuration, key by key.
_READERS = ("_get_runtime_kwargs", "_get_success_kwargs", "_get_domain_kwargs", "_get_success_kwarg")


def _read_configurations_once() -> None:
    """Let an expectation write down its configuration once per reading instead of once per key.

    Great Expectations makes it anew from the fields each time that it is asked for: some two thousand times in a gate,
    a third of its processor time. Outside of those methods it stays as it is, since what they return may be changed.
    """
    from great_expectations.expectations.expectation import Expectation

    # read and replaced by name: no type says that a class gives its properties away
    made = vars(Expectation)["configuration"].fget
    reading: dict[tuple[int, int], Any] = {}

    def configuration(self: Any) -> Any:
        key = (threading.get_ident(), id(self))
        if key not in reading:
            return made(self)
        if reading[key] is None:
            reading[key] = made(self)
        return reading[key]

    def in_one_reading(method: Any) -> Any:
        @functools.wraps(method)
        def read(self: Any, *arguments: Any, **named: Any) -> Any:
            key = (threading.get_ident(), id(self))
            if key in reading:
                return method(self, *arguments, **named)
            reading[key] = None
            try:
                return method(self, *arguments, **named)
            finally:
                del reading[key]

        return read

    setattr(Expectation, "configuration", property(configuration))  # noqa: B010
    for name in _READERS:
        setattr(Expectation, name, in_one_reading(getattr(Expectation, name)))


def _leave_rows_unread() -> None:
    """Let a rule that is a query be asked for the number of its rows only, not for the rows as well.

    Great Expectations would run every such query twice, and its rows are what must not leave the database.
    """
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.metrics.metric_provider import MetricProvider, metric_value

    # it tells of every provider that takes the place of another
    logging.getLogger("great_expectations.expectations.registry").setLevel(logging.ERROR)

    class RowsUnread(MetricProvider):  # type: ignore[misc]  # not followed by mypy
        metric_name = "unexpected_rows_query.table"
        domain_keys = ("batch_id", "row_condition", "condition_parser")
        value_keys = ("unexpected_rows_query",)

        @metric_value(engine=SqlAlchemyExecutionEngine)  # type: ignore[untyped-decorator]
        def _sqlalchemy(cls, *_: Any, **__: Any) -> list[Any]:
            return []


def _answer_nothing_at_once() -> None:
    """Let None be written as JSON without asking numpy first whether it is a number; most of a rule's keys are None."""
    util = importlib.import_module("great_expectations.util")
    converted = util.convert_to_json_serializable

    @functools.wraps(converted)
    def convert(data: Any) -> Any:
        return None if data is None else converted(data)

    setattr(util, "convert_to_json_serializable", convert)  # noqa: B010
