"""What a person is asked about a blocked load, and what becomes of the answer: the work behind DAG `decide_load`.

The night doesn't wait for it: a load is blocked, and stays blocked, whatever is answered and whenever.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from egov_kpi.contracts.loader import get_contract
from egov_kpi.db.connect import connect
from egov_kpi.night import books
from egov_kpi.night.choices import REJECT
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


def questions(load_seqs: list[int], business_date: date, settings: Settings | None = None) -> list[dict[str, Any]]:
    """One run of `decide_load` for each of these loads that is blocked and not rejected yet.

    A load is asked about under one name until somebody answers, so that an open question isn't put twice; after "wait"
    or a proposal each night in which the load is still blocked asks again.
    """
    settings = settings or get_settings()
    with connect("loader", settings) as conn:
        blocked = [load for load in books.loads(conn, load_seqs) if load["verdict"] == "blocked"]
    told = {load["load_seq"]: _decisions(settings, load["load_seq"]) for load in blocked}
    return [
        {
            "trigger_run_id": _run_id(load["load_seq"], bool(told[load["load_seq"]]), business_date),
            "conf": {"dataset": load["dataset"], "load_seq": load["load_seq"]},
        }
        for load in blocked
        if REJECT not in told[load["load_seq"]]
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


def answer(load_seq: int, given: Mapping[str, Any], settings: Settings | None = None) -> dict[str, Any]:
    """Write down what a person chose, or that nobody answered.

    `given` is the result of Airflow's operator: chosen_options, params_input, responded_by_user. When nobody answered
    and the load was decided meanwhile on the command line, that decision stands.
    """
    from egov_kpi.quarantine import decision

    settings = settings or get_settings()
    user = given.get("responded_by_user")
    if user is None and (told := _decisions(settings, load_seq)):
        return {"load_seq": load_seq, "choice": told[-1], "kept": True}
    choice = str(given["chosen_options"][0])
    parameters = {name: value for name, value in (given.get("params_input") or {}).items() if value}
    by = f"airflow:{user['name'] or user['id']}" if user else TIMED_OUT
    return dict(decision.record(load_seq, choice, by, parameters, settings=settings))


def _run_id(load_seq: int, was_answered: bool, business_date: date) -> str:
    return f"load_{load_seq}_{business_date}" if was_answered else f"load_{load_seq}"


def _decisions(settings: Settings, load_seq: int) -> list[str]:
    """What was decided about a load so far, oldest first."""
    from egov_kpi.quarantine import decision

    return [str(told["choice"]) for told in decision.decisions(load_seq, settings)]


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
