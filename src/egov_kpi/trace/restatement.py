"""Which published figures a later publish changed, by how much, and why.

The figures come from `marts.restatement`. The causes come from the ledger: the loads that this publish counts and the
one before did not, or the other way round, what these loads contained, and what else happened between the two. A load
is a cause of a figure when it brought rows of the figure's datasets, units and period; of a figure of what is pending
also when they are earlier, since a dossier is pending until it ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg.rows import dict_row

from egov_kpi.errors import EgovError
from egov_kpi.settings import Settings
from egov_kpi.trace.figure import Figure, Publish, find_publish, one_state
from egov_kpi.trace.period import Period

Connection = psycopg.Connection[tuple[Any, ...]]

CAUSES = {
    "correction": ("nguồn sửa dòng đã gửi", "the source corrected rows that it had sent"),
    "progress": ("hồ sơ đã gửi có bước tiếp theo", "things known before went on: settled, returned"),
    "late_rows": ("dòng đến muộn", "rows that arrived late"),
    "new_rows": ("dòng mới trong kỳ chưa kết thúc", "new rows of days that were not over"),
    "new_load": ("lô mới được tính", "a further load counts"),
    "quarantine_resolved": ("dòng cách ly đã được xử lý", "refused rows were resolved"),
    "waiver": ("dòng được nhận nhờ miễn trừ", "rows let in by a waiver"),
    "revoked_load": ("lô bị thu hồi", "a load was revoked"),
    "purged": ("dữ liệu gốc của lô đã hủy vì hết hạn lưu", "a load's source data was purged past its retention"),
    "rollback": ("quay lại bản công bố trước", "a publish was rolled back"),
    "kpi_version": ("phiên bản chỉ tiêu thay đổi", "another version of the KPI"),
    "unit_merger": (
        "danh mục đơn vị thay đổi (sáp nhập, chia tách, đổi mã)",
        "the list of units was changed: merged, split or renamed",
    ),
    "code_change": ("mô hình tính thay đổi", "the models were changed"),
    "day_moved": ("ngày chốt thay đổi", "the business date moved: something expired or came due"),
    "unexplained": ("chưa rõ nguyên nhân", "no cause found in the ledger"),
}


@dataclass(frozen=True)
class Content:
    """Rows of one load that share their units and days, those of earlier versions included; `first_day` is when they
    happened, `is_known` whether an earlier load had brought a version of them."""

    agency_codes: frozenset[str]
    days: tuple[date, ...]
    first_day: date
    is_known: bool
    row_count: int


@dataclass(frozen=True)
class LoadChange:
    """A load that one of two publishes counts and the other doesn't, and what is known of it.

    `accepted` rows without `contents`: a dataset whose rows `ledger.load_content` can't tell by unit and day, or rows
    that were purged since.
    """

    load_seq: int
    dataset: str
    is_added: bool
    reason: str
    replay_of: int | None
    waived_rows: int
    accepted: int
    resolved_units: frozenset[str]
    contents: tuple[Content, ...]
    purge_event: int | None = None


@dataclass(frozen=True)
class Step:
    """What lies between a publish and the one before it."""

    publish: Publish
    before: Publish
    loads: tuple[LoadChange, ...]
    models_changed: bool
    rollbacks: list[dict[str, Any]]
    units_changed: bool = False


def restatements(settings: Settings, publish_no: int | None = None) -> dict[str, Any]:
    """All figures that a publish (default: the one shown) changed against the publish before, each with its causes."""
    with one_state(settings) as conn:
        return compare(conn, publish_no)


def compare(conn: Connection, publish_no: int | None = None, closed_only: bool = False) -> dict[str, Any]:
    """The same within a transaction of the caller's; `closed_only` explains figures of periods that were over alone."""
    publish = find_publish(conn, publish_no)
    if publish.publish_no == 1:
        raise EgovError("EGOV-TRACE-006", publish_no=1)
    step = _step(conn, publish)
    changed = _changed(conn, "publish_no = %(publish_no)s", {"publish_no": publish.publish_no})
    closed = [entry for entry in changed if entry["is_period_over"]]
    explained = _explain(conn, step, closed if closed_only else changed)
    counts: dict[str, int] = {}
    for entry in explained:
        for cause in entry["causes"]:
            counts[cause["cause"]] = counts.get(cause["cause"], 0) + 1
    return {
        "publish_no": publish.publish_no,
        "previous_publish_no": step.before.publish_no,
        "published_at": publish.published_at,
        "business_date": publish.business_date,
        "values": len(changed),
        "closed_periods": len(closed),
        "causes": counts,
        "loads": [_load_as_dict(load, step.before.business_date) for load in step.loads],
        "rollbacks": step.rollbacks,
        "restatements": explained,
    }


def restatements_since(conn: Connection, figure: Figure, publish: Publish) -> list[dict[str, Any]]:
    """What later publishes changed in one figure, oldest first, each with its causes."""
    changed = _changed(
        conn,
        "publish_no > %(publish_no)s and kpi_code = %(kpi_code)s and method = %(method)s and due_basis = %(due_basis)s"
        " and agency_code = %(agency_code)s and scope = %(scope)s and unit_basis = %(unit_basis)s"
        " and period_grain = %(period_grain)s and period_start = %(period_start)s",
        {**figure.values, "publish_no": publish.publish_no},
    )
    return [
        entry
        for change in changed
        for entry in _explain(conn, _step(conn, find_publish(conn, change["publish_no"])), [change])
    ]


def _changed(conn: Connection, condition: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    query = (
        f"select * from marts.restatement where {condition}"  # noqa: S608  (conditions of this module)
        " order by publish_no, period_start, period_grain, kpi_code, agency_code, scope"
    )
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


# ------------------------------------------------------------------------------------------ between two publishes


def changed_parts(publish: Publish, before: Publish) -> dict[str, bool]:
    """Whether the lists of units, or anything else of the models, differ; of builds that told no parts the whole."""
    now, then = publish.parts, before.parts
    if now is None or then is None:
        return {"models_changed": publish.models.split(":")[0] != before.models.split(":")[0], "units_changed": False}
    return {"models_changed": now["rest"] != then["rest"], "units_changed": now["units"] != then["units"]}


def _step(conn: Connection, publish: Publish) -> Step:
    before = find_publish(conn, publish.publish_no - 1)
    return Step(
        publish=publish,
        before=before,
        loads=tuple(_load_changes(conn, publish, before)),
        **changed_parts(publish, before),
        rollbacks=_rollbacks(conn, before.event_no, publish.event_no),
    )


def _load_changes(conn: Connection, publish: Publish, before: Publish) -> Iterable[LoadChange]:
    rows = conn.execute(
        """
        with now_counted as (select l.load_seq from ledger.loads_of_publish(%(now)s) as l (load_seq)),
        counted_before as (select l.load_seq from ledger.loads_of_publish(%(before)s) as l (load_seq)),
        changed as (
            select coalesce(n.load_seq, b.load_seq) as load_seq, b.load_seq is null as is_added
            from now_counted as n full join counted_before as b on b.load_seq = n.load_seq
            where n.load_seq is null or b.load_seq is null
        )
        select c.load_seq, l.dataset, c.is_added, p.event_no, coalesce(r.reason, ''), l.replay_of,
            coalesce((
                select max(coalesce((rule.item ->> 'waived_rows')::bigint, 0))
                from ledger.event as e
                cross join lateral jsonb_array_elements(e.body_json -> 'rules') as rule (item)
                where e.kind = 'gate_checked' and (e.body_json ->> 'load_seq')::bigint = c.load_seq
                    and rule.item ? 'waivers'
            ), 0), coalesce(a.accepted, 0)
        from changed as c
        inner join ledger.load as l using (load_seq)
        left join ledger.account as a using (load_seq)
        left join ledger.revoked_load as r using (load_seq)
        left join ledger.purged_load as p using (load_seq)
        order by c.load_seq
        """,
        {"now": publish.publish_no, "before": before.publish_no},
    ).fetchall()
    for load_seq, dataset, is_added, purge_event, reason, replay_of, waived_rows, accepted in rows:
        yield LoadChange(
            load_seq=load_seq,
            dataset=dataset,
            is_added=is_added,
            purge_event=purge_event,
            reason=reason,
            replay_of=replay_of,
            waived_rows=waived_rows,
            accepted=accepted,
            resolved_units=_resolved_units(conn, load_seq),
            contents=tuple(_contents(conn, load_seq)),
        )


def _contents(conn: Connection, load_seq: int) -> Iterable[Content]:
    rows = conn.execute(
        "select array(select distinct a.agency_code from ref.agency_alias as a"
        " where a.source_code = any(c.source_codes)"
        " and c.first_day between a.valid_from and coalesce(a.valid_to, 'infinity')),"
        " c.days, c.first_day, c.is_known, c.row_count from ledger.load_content(%s) as c",
        (load_seq,),
    )
    return (Content(frozenset(codes), tuple(days), *rest) for codes, days, *rest in rows.fetchall())


def _resolved_units(conn: Connection, load_seq: int) -> frozenset[str]:
    """Units whose refused rows this load brought right; empty text for rows whose unit can't be told."""
    rows = conn.execute(
        "select distinct coalesce(a.agency_code, '') from ledger.quarantine_closing as c"
        " inner join quarantine.row as q on q.dataset = c.dataset and q.load_seq = c.load_seq"
        " and q.quarantine_id <@ c.quarantine_ids"
        " left join ref.agency_alias as a on a.source_code = q.agency_code"
        " where c.by_load = %s",
        (load_seq,),
    )
    return frozenset(str(row[0]) for row in rows.fetchall())


def _rollbacks(conn: Connection, after: int, until: int) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select e.event_no, e.occurred_at, e.actor, (e.body_json ->> 'from_publish_no')::bigint as from_publish_no,"
            " (e.body_json ->> 'to_publish_no')::bigint as to_publish_no, e.body_json ->> 'reason' as reason"
            " from ledger.event as e where e.kind = 'rolled_back' and e.event_no between %s and %s order by e.event_no",
            (after, until),
        ).fetchall()


# ---------------------------------------------------------------------------------------------- causes of one figure


def _explain(conn: Connection, step: Step, changed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    datasets = _datasets(conn)
    members = _members(conn)
    pending = _pending(conn)
    return [{**entry, "causes": causes_of(step, entry, datasets, members, pending)} for entry in changed]


def causes_of(
    step: Step,
    entry: dict[str, Any],
    datasets: dict[tuple[str, int], frozenset[str]],
    members: dict[str, list[tuple[str, date, date]]],
    pending: frozenset[tuple[str, str]] = frozenset(),
) -> list[dict[str, Any]]:
    """Why one figure of `marts.restatement` changed: never empty, `unexplained` when the ledger has no reason.

    `pending` are KPIs, by code and method, that count what was open on the last day of their period.
    """
    period = Period(entry["period_grain"], entry["period_start"])
    versions = {entry["kpi_version"], entry["kpi_version_before"]} - {None}
    needed = frozenset().union(*(datasets.get((entry["kpi_code"], version), frozenset()) for version in versions))
    units = _units_of(entry, members)
    since = date.min if (entry["kpi_code"], entry.get("method")) in pending else period.start
    found = [
        cause
        for load in step.loads
        if load.dataset in needed
        for cause in _load_causes(load, (since, period.end), entry["agency_code"], units, step.before.business_date)
    ]
    if len(versions) > 1:
        found.append(_cause("kpi_version", f"{entry['kpi_version_before']} → {entry['kpi_version']}"))
    found += [_cause("rollback", item["reason"]) for item in step.rollbacks]
    if step.units_changed:
        found.append(_cause("unit_merger", f"{step.before.code_version} → {step.publish.code_version}"))
    if step.models_changed:
        found.append(_cause("code_change", f"{step.before.code_version} → {step.publish.code_version}"))
    if not found and step.publish.business_date != step.before.business_date:
        found.append(_cause("day_moved", f"{step.before.business_date} → {step.publish.business_date}"))
    return found or [_cause("unexplained")]


def _units_of(entry: dict[str, Any], members: dict[str, list[tuple[str, date, date]]]) -> list[tuple[str, date, date]]:
    """The units beside its own of which a figure is made."""
    if entry.get("unit_basis") == "restated":
        return members.get(f"restated:{entry['agency_code']}", [])
    return members.get(entry["agency_code"], []) if entry["scope"] == "tree" else []


def _load_causes(
    load: LoadChange,
    span: tuple[date, date],
    agency_code: str,
    units: list[tuple[str, date, date]],
    known_until: date,
) -> list[dict[str, Any]]:
    """Why this load changed a figure of that unit and of these days; nothing when it has no row of them."""

    def touches(content: Content) -> bool:
        return any(
            span[0] <= day <= span[1]
            and (
                agency_code in content.agency_codes
                or any(code in content.agency_codes and start <= day <= end for code, start, end in units)
            )
            for day in content.days
        )

    if load.accepted and not load.contents:
        kind = "new_load" if load.is_added else "purged" if load.purge_event and not load.reason else "revoked_load"
        told = load.reason or (f"sự kiện · event {load.purge_event}" if load.purge_event else "")
        return [_cause(kind, told, load_seq=load.load_seq, dataset=load.dataset, rows=load.accepted)]
    rows: dict[str, int] = {}
    for content in filter(touches, load.contents):
        kind = _kind(load, content, known_until)
        rows[kind] = rows.get(kind, 0) + content.row_count
    if rows and load.is_added and not load.resolved_units.isdisjoint({agency_code, "", *(unit[0] for unit in units)}):
        rows.setdefault("quarantine_resolved", 0)
    if rows and load.is_added and load.waived_rows:
        rows["waiver"] = load.waived_rows
    return [
        _cause(kind, load.reason, load_seq=load.load_seq, dataset=load.dataset, rows=count or None)
        for kind, count in rows.items()
    ]


def _kind(load: LoadChange, content: Content, known_until: date) -> str:
    if not load.is_added:
        return "revoked_load"
    if load.replay_of is not None:
        return "quarantine_resolved"
    if content.is_known:
        # A dossier that is returned tonight is no mistake of last week.
        return "progress" if max(content.days) > known_until else "correction"
    return "late_rows" if content.first_day <= known_until else "new_rows"


def _cause(code: str, detail: str = "", **where: Any) -> dict[str, Any]:
    vi, en = CAUSES[code]
    return {"cause": code, "vi": vi, "en": en, **where, **({"detail": detail} if detail else {})}


def _datasets(conn: Connection) -> dict[tuple[str, int], frozenset[str]]:
    """Datasets of each version of each KPI, numerator and denominator together."""
    rows = conn.execute(
        "select d.kpi_code, d.kpi_version, array_agg(distinct needed.dataset)"
        " from ref.kpi_definition as d"
        " inner join ref.kpi_measure as m on m.measure_code in (d.numerator_measure, d.denominator_measure)"
        " cross join lateral unnest(string_to_array(m.datasets, ';')) as needed (dataset)"
        " group by d.kpi_code, d.kpi_version"
    ).fetchall()
    return {(str(code), int(version)): frozenset(names) for code, version, names in rows}


def _pending(conn: Connection) -> frozenset[tuple[str, str]]:
    rows = conn.execute(
        "select d.kpi_code, d.method from ref.kpi_definition as d"
        " where 'pending' in (d.numerator_time_rollup, d.denominator_time_rollup)"
    ).fetchall()
    return frozenset((str(code), str(method)) for code, method in rows)


def _members(conn: Connection) -> dict[str, list[tuple[str, date, date]]]:
    """Units below each unit, with the first and last day of their belonging.

    Under `restated:` and the code of a unit of today stands all of which its restated figures are made.
    """
    rows = conn.execute(
        """
        with recursive agency as (
            select agency_code, parent_code, valid_from, coalesce(valid_to, date '9999-12-31') as valid_to
            from ref.agency
        ),
        line as (
            select agency_code, agency_code as member_code, parent_code, valid_from, valid_to from agency
            union all
            select above.agency_code, line.member_code, above.parent_code, greatest(line.valid_from, above.valid_from),
                least(line.valid_to, above.valid_to)
            from line inner join agency as above on above.agency_code = line.parent_code
                and line.valid_from <= above.valid_to and above.valid_from <= line.valid_to
        ),
        heir as (
            select s.new_code as agency_code, s.old_code, s.old_valid_from from ref.agency_successor as s
            union
            select heir.agency_code, s.old_code, s.old_valid_from
            from heir inner join ref.agency_successor as s
                on s.new_code = heir.old_code and s.new_valid_from = heir.old_valid_from
        )
        select agency_code, member_code, valid_from, valid_to from line where agency_code <> member_code
        union all
        select distinct 'restated:' || heir.agency_code, line.member_code, line.valid_from, line.valid_to
        from heir inner join line on line.agency_code in (heir.old_code, heir.agency_code)
        """
    ).fetchall()
    found: dict[str, list[tuple[str, date, date]]] = {}
    for agency_code, member_code, valid_from, valid_to in rows:
        found.setdefault(agency_code, []).append((member_code, valid_from, valid_to))
    return found


def _load_as_dict(load: LoadChange, known_until: date) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for content in load.contents:
        kind = _kind(load, content, known_until)
        kinds[kind] = kinds.get(kind, 0) + content.row_count
    return {
        "load_seq": load.load_seq,
        "dataset": load.dataset,
        "change": "applied" if load.is_added else "taken_out",
        "reason": load.reason or None,
        "replay_of": load.replay_of,
        "rows": kinds,
    }
