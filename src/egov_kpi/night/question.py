"""What a person is asked about a blocked load, and what becomes of the answer: the work behind DAG `decide_load`.

The night doesn't wait for it: a load is blocked, and stays blocked, whatever is answered and whenever.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.errors import EgovError, ExitCode
from egov_kpi.night import books
from egov_kpi.night.choices import GRACE, PROPOSE_WAIVER, REJECT, WAIT
from egov_kpi.settings import Settings, get_settings

# Who decided when nobody answered in time.
TIMED_OUT = "airflow:timeout"
# Refusals shown on the screen; `egov-kpi quarantine list` has all of them.
REFUSALS_SHOWN = 12

_HEAD = """**{dataset}**, lần nạp {load_seq}, đêm {business_date}, bị chặn. Đêm không chờ quyết định này.

**{dataset}**, load {load_seq}, night {business_date}, is blocked. The night does not wait for this decision.
"""
_CHOICES_EXPLAINED = """
| | |
| --- | --- |
| `reject` | Bỏ lần nạp này; nguồn phải kết xuất lại · give this load up, the source exports again |
| `wait` | Chưa quyết; đêm sau hỏi lại nếu vẫn bị chặn · not now; asked again the next night it is still blocked |
| `propose-waiver` | Đề nghị miễn trừ một quy tắc, người khác duyệt · propose to waive a rule; another person approves |
"""


def questions(
    dataset: str, load_seqs: list[int], business_date: date, settings: Settings | None = None
) -> list[dict[str, Any]]:
    """One run of `decide_load` for each blocked load that is not rejected yet: those of this night, and earlier ones
    of the dataset that were put off and still have rows open.

    A load is asked about under one name until somebody answers, so that an open question isn't put twice; after "wait"
    or a proposal, or when a question broke off without either, each night asks again.
    """
    settings = settings or get_settings()
    with connect("custodian", settings) as conn:
        known = sorted({*load_seqs, *_put_off(conn, dataset)})
        blocked = [load for load in books.loads(conn, known) if load["verdict"] == "blocked"]
        return [
            {
                "trigger_run_id": _run_id(conn, load["load_seq"], business_date, settings),
                "conf": {"dataset": load["dataset"], "load_seq": load["load_seq"]},
            }
            for load in blocked
            if REJECT not in _decisions(conn, load["load_seq"])
        ]


def ask(load_seq: int, run_id: str, settings: Settings | None = None) -> str:
    """The text of the question, in Markdown; the ledger notes once that this run asked it."""
    settings = settings or get_settings()
    with connect("custodian", settings) as conn:
        conn.execute("select quarantine.ask_decision(%s::bigint, 'airflow', %s)", (load_seq, run_id))
    with connect("loader", settings) as conn:
        load = books.loads(conn, [load_seq])[0]
        reasons = _reasons(settings, conn, load)
    return "\n".join([_HEAD.format(**load), *reasons, _CHOICES_EXPLAINED])


def answer(load_seq: int, given: Mapping[str, Any], run_id: str, settings: Settings | None = None) -> dict[str, Any]:
    """Write down what a person chose, or that nobody answered.

    `given` is the result of Airflow's operator: chosen_options, params_input, responded_by_user. When nobody answered
    and the load was decided on the command line since this run asked, that decision stands.
    """
    settings = settings or get_settings()
    user = given.get("responded_by_user")
    if user is None and (told := _decided_since(settings, load_seq, run_id)):
        return {"load_seq": load_seq, "choice": told[-1], "kept": True}
    choice = str(given["chosen_options"][0])
    parameters = {name: value for name, value in (given.get("params_input") or {}).items() if value}
    by = f"airflow:{user['name'] or user['id']}" if user else TIMED_OUT
    return _record(settings, load_seq, choice, by, parameters)


def _record(settings: Settings, load_seq: int, choice: str, by: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A proposal that can't be, such as one without a rule, is noted as "wait" with the reason before it fails: so
    the question is answered, and the next night asks again."""
    from egov_kpi.quarantine import decision

    try:
        return decision.record(load_seq, choice, by, parameters, settings=settings)
    except EgovError as error:
        if choice == PROPOSE_WAIVER and error.exit_code in (ExitCode.USAGE, ExitCode.REFUSED):
            refused = {"reason": f"{choice}: {error.code} {error.text('vi')} · {error.text('en')}"}
            decision.record(load_seq, WAIT, by, refused, settings=settings)
        raise


def _put_off(conn: books.Connection, dataset: str) -> list[int]:
    """Blocked loads of the dataset that were answered without an end, some of whose rows nothing has closed since."""
    rows = conn.execute(
        "select q.load_seq from ledger.quarantine_account as q inner join ledger.account as a using (load_seq)"
        " where q.dataset = %s and q.open > 0 and not a.is_promoted"
        " and exists (select from quarantine.load_decision as d where d.load_seq = q.load_seq)",
        (dataset,),
    ).fetchall()
    return [int(row[0]) for row in rows]


def _run_id(conn: books.Connection, load_seq: int, business_date: date, settings: Settings) -> str:
    """Name of the run that asks: that of the question which is still open, else a new one."""
    asked = conn.execute(
        "select e.body_json ->> 'cause', e.occurred_at + %s > now()"
        " and not exists (select from quarantine.load_decision as d"
        " where d.load_seq = %s and d.event_no > e.event_no)"
        " from ledger.event as e where e.kind = 'load_decision_asked' and (e.body_json ->> 'load_seq')::bigint = %s"
        " order by e.event_no desc limit 1",
        (settings.decision_timeout + GRACE, load_seq, load_seq),
    ).fetchone()
    if asked and asked[1]:
        return str(asked[0])
    return f"load_{load_seq}_{business_date}" if asked or _decisions(conn, load_seq) else f"load_{load_seq}"


def _decisions(conn: books.Connection, load_seq: int, after_event: int = 0) -> list[str]:
    """What was decided about a load so far, oldest first."""
    rows = conn.execute(
        "select choice from quarantine.load_decision where load_seq = %s and event_no > %s order by event_no",
        (load_seq, after_event),
    ).fetchall()
    return [str(row[0]) for row in rows]


def _decided_since(settings: Settings, load_seq: int, run_id: str) -> list[str]:
    """What was decided since this run asked: an older "wait" is no answer to it."""
    with connect("custodian", settings) as conn:
        row = conn.execute(
            "select coalesce(max(e.event_no), 0) from ledger.event as e where e.kind = 'load_decision_asked'"
            " and (e.body_json ->> 'load_seq')::bigint = %s and e.body_json ->> 'cause' = %s",
            (load_seq, run_id),
        ).fetchone()
        return _decisions(conn, load_seq, int(row[0]) if row else 0)


def _reasons(settings: Settings, conn: books.Connection, load: Mapping[str, Any]) -> list[str]:
    """Why it is blocked and what mends it, a bullet each; values are left out."""
    from egov_kpi.gate.refusals import refusals

    told = refusals(settings, conn, get_contract(str(load["dataset"])), int(load["load_seq"]))
    lines = [
        f"* `{error.context.get('rule', error.code)}` {error.text('vi')} → {error.remedy('vi')}\n"
        f"  *{error.text('en')} → {error.remedy('en')}*"
        for error in told[:REFUSALS_SHOWN]
    ]
    return lines or _unread(conn, int(load["load_seq"]))


def _unread(conn: books.Connection, load_seq: int) -> list[str]:
    """The reason of a file that could not be read as rows at all: no rule has seen it."""
    row = conn.execute(
        "select e.body_json -> 'rules' -> 0 ->> 'rule_id', e.body_json ->> 'error' from ledger.event as e "
        "where e.kind = 'load_blocked' and (e.body_json ->> 'load_seq')::bigint = %s",
        (load_seq,),
    ).fetchone()
    return [f"* `{row[0]}` {row[1]}"] if row else []
