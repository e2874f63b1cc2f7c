"""What the pages beside the figures tell: the night, refused rows, restatements, claims, the chain. All of one state.

Counts, codes and rules only. A unit's code that no list knows is not shown: in a row whose columns slipped it may be
anything.
"""

from collections.abc import Iterable
from typing import Any

import psycopg

from egov_kpi.contracts.loader import all_contracts
from egov_kpi.contracts.model import Contract
from egov_kpi.db.rows import dicts
from egov_kpi.evidence.anchor import known_anchors
from egov_kpi.night import books
from egov_kpi.quarantine.review import rule_texts
from egov_kpi.report.collate import sort_key
from egov_kpi.report.words import UNKNOWN_UNIT
from egov_kpi.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

INCIDENTS_SHOWN = 10
PUBLISHES_SHOWN = 30
_COUNTS = ("received", "withheld", "landed", "accepted", "unchanged", "quarantined", "duplicate", "structural")


def publish(conn: Connection) -> dict[str, Any] | None:
    """The publish that readers see, with the day of the newest night and whether publishes are on hold."""
    found = dicts(
        conn,
        """
        select p.publish_no, p.published_at, p.business_date, p.code_version, p.colour, p.mart_digest, p.changed_values,
            p.published_by, l.on_hold, p.event_no,
            (select max((e.body_json ->> 'business_date')::date) from ledger.event as e
             where e.kind in ('delivery_pulled', 'delivery_empty', 'pull_failed')) as newest_night
        from ledger.live as l
        inner join ledger.publish as p on p.publish_no = l.publish_no
        """,
    )
    return found[0] if found else None


def datasets(conn: Connection, settings: Settings) -> list[dict[str, Any]]:
    """Each dataset with its last load, the source's last answer, and the day up to which its data is known."""
    known = {row["dataset"]: row["data_as_of"] for row in dicts(conn, "select * from marts.data_freshness")}
    answers = {row["dataset"]: row for row in dicts(conn, _ANSWERS)}
    found = [
        _dataset(conn, contract, known.get(contract.id), answers.get(contract.id, {}))
        for contract in all_contracts(settings).values()
    ]
    return sorted(found, key=lambda entry: sort_key(entry["title_vi"]))


_ANSWERS = """
    select distinct on (e.body_json ->> 'dataset')
        e.body_json ->> 'dataset' as dataset, e.kind, (e.body_json ->> 'business_date')::date as business_date
    from ledger.event as e
    where e.kind in ('delivery_pulled', 'delivery_empty', 'pull_failed')
    order by e.body_json ->> 'dataset', e.event_no desc
"""


def _dataset(conn: Connection, contract: Contract, data_as_of: Any, answer: dict[str, Any]) -> dict[str, Any]:
    load = books.last_load(conn, contract.id) or {}
    account = load.get("account") or {}
    return {
        "dataset": contract.id,
        "title_vi": contract.title_vi,
        "title_en": contract.title_en,
        "critical": contract.critical,
        "load_seq": load.get("load_seq"),
        "verdict": "revoked" if load.get("is_revoked") else load.get("verdict", "never_loaded"),
        "loaded_for": load.get("business_date"),
        "answer": answer.get("kind"),
        "answered_for": answer.get("business_date"),
        "data_as_of": data_as_of,
        **{name: account.get(name) for name in _COUNTS},
    }


def incidents(conn: Connection) -> list[dict[str, Any]]:
    """The newest things that went wrong. Their details may quote a source, so only kind, dataset and time are told."""
    return dicts(
        conn,
        """
        select e.occurred_at, e.event_no, k.title_vi, k.title_en,
            case when e.kind = 'incident' then e.body_json ->> 'kind' end as incident,
            e.body_json ->> 'dataset' as dataset
        from ledger.event as e
        inner join ledger.event_kind as k using (kind)
        where e.kind in ('incident', 'pull_failed', 'night_failed', 'rolled_back', 'load_blocked', 'load_revoked')
        order by e.event_no desc limit %s
        """,
        [INCIDENTS_SHOWN],
    )


def quarantine(conn: Connection, settings: Settings) -> list[dict[str, Any]]:
    """Units with refused rows, in Vietnamese order: each with its rules, open ones first, and what to do about them."""
    rows = dicts(
        conn,
        """
        with named as (
            select
                o.*,
                (select a.agency_code from ref.agency_alias as a
                 where a.source_code = o.agency_code order by a.valid_from desc limit 1) as known_code
            from quarantine.overview as o
        )

        select
            n.known_code as agency_code,
            n.dataset,
            n.rule_id,
            sum(n.rows) filter (where n.state = 'open')::bigint as open_rows,
            jsonb_object_agg(n.state, n.rows) as states,
            min(n.oldest) filter (where n.state = 'open') as oldest
        from (
            select dataset, known_code, rule_id, state, sum(rows) as rows, min(oldest) as oldest
            from named group by dataset, known_code, rule_id, state
        ) as n
        group by n.known_code, n.dataset, n.rule_id
        order by open_rows desc nulls last, n.dataset, n.rule_id
        """,
    )
    contracts = all_contracts(settings)
    texts = {name: rule_texts(settings, contracts[name]) for name in {row["dataset"] for row in rows}}
    names = _names(conn)
    units: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        told = {**row, **texts[row["dataset"]].get(row["rule_id"], {}), "title_vi": contracts[row["dataset"]].title_vi,
                "title_en": contracts[row["dataset"]].title_en}  # fmt: skip
        units.setdefault(row["agency_code"], []).append(told)
    nameless = dict(zip(("name_vi", "name_en"), UNKNOWN_UNIT, strict=True))
    listed = [{"agency_code": code, **names.get(code or "", nameless), "rules": rules} for code, rules in units.items()]
    return sorted(listed, key=lambda unit: (unit["agency_code"] is None, sort_key(unit["name_vi"])))


def _names(conn: Connection) -> dict[str, dict[str, Any]]:
    rows = dicts(
        conn,
        "select distinct on (agency_code) agency_code, name_vi, name_en from ref.agency"
        " order by agency_code, valid_from desc",
    )
    return {row["agency_code"]: {"name_vi": row["name_vi"], "name_en": row["name_en"]} for row in rows}


def publishes(conn: Connection) -> list[dict[str, Any]]:
    """The newest turns of the pointer: which publish readers saw from when until when."""
    return dicts(
        conn,
        """
        select s.publish_no, s.business_date, s.code_version, s.shown_from, s.shown_until, s.is_rollback,
            p.changed_values
        from marts.publish_shown as s
        inner join ledger.publish as p using (publish_no)
        order by s.shown_from desc limit %s
        """,
        [PUBLISHES_SHOWN],
    )


def claims(conn: Connection) -> list[dict[str, Any]]:
    """Checked reports, newest first, each with its claims and how many of each verdict."""
    rows = dicts(
        conn,
        "select c.check_no, c.checked_at, c.file_name, c.file_digest, c.claim_text, c.numerator, c.denominator,"
        " c.stated, c.recomputed, c.verdict, c.reason_vi, c.reason_en, c.kpi_code, c.kpi_value"
        " from marts.mart_reported_claim as c order by c.check_no desc, c.claim_no",
    )
    files: dict[int, dict[str, Any]] = {}
    for row in rows:
        told = files.setdefault(
            row["check_no"],
            {name: row[name] for name in ("file_name", "file_digest", "checked_at")} | {"claims": [], "counts": {}},
        )
        told["claims"].append(row)
        told["counts"][row["verdict"]] = told["counts"].get(row["verdict"], 0) + 1
    return list(files.values())


def chain(conn: Connection, settings: Settings) -> dict[str, Any]:
    """The head of the ledger as this transaction sees it, and the newest note of it outside the database."""
    head = dicts(
        conn,
        "select e.event_no, e.event_hash, e.occurred_at from ledger.event as e order by e.event_no desc limit 1",
    )[0]
    notes = known_anchors(settings)
    return {"head": head, "anchor": notes[-1] if notes else None, "notes": len(notes)}


def named_units(conn: Connection, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Names of units by code, for lists that name few of them."""
    names = _names(conn)
    return {code: names.get(code, {"name_vi": code, "name_en": code}) for code in codes}
