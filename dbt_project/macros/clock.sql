{#
    The due dates of dossiers with the time taken off during which their clock stood: supplement awaited (status 5), financial
    duty (6). A dossier that was stopped (8) is over for the methods that count, so its pause moves nothing.

    Moments become amounts of working time since the calendar began: working days by date, seconds of office time by hour. A
    pause that begins before the term is used up postpones its end by its own length; one within an earlier one adds nothing;
    one that hasn't ended leaves the clock standing. The rules are those of docs/reference/deadlines.md, whose walk from day to
    day is independent of this arithmetic.
#}

{# Seconds of office time from the calendar's first day to a moment, by the `slot`s of a row `dossier`; `day` is an alias of
   numbered days on the moment's date. #}
{% macro office_seconds(day, moment) -%}
    (coalesce({{ day }}.working_day_no, 0) - coalesce({{ day }}.is_working, false)::int) * {{ office_day() }}
    + coalesce({{ day }}.is_working, false)::int * (
        select
            coalesce(sum(greatest(
                least(extract(epoch from ({{ moment }} at time zone 'Asia/Ho_Chi_Minh')::time)::bigint, slot.ends)
                - slot.starts, 0
            )), 0)::bigint
        from slot
        where dossier.received_date between slot.valid_from and slot.valid_to
    )
{%- endmacro %}

{# A working day has eight hours, whatever the hours of the office are called. #}
{% macro office_day() -%} 28800::bigint {%- endmacro %}

{# A row per dossier of `dossiers` (with due_at, received_at, received_date) whose clock stood at least once by `pauses`. #}
{% macro clock_of(dossiers, pauses) -%}
numbered_day as (
    {{ numbered_days() }}
),

-- no working time is known to pass outside the calendar
calendar_end as (
    select max(numbered_day.calendar_date) as last_day from numbered_day
),

hours as (
    select
        office_hours.slots,
        -- the first hours known hold for what was received before them
        case
            when lag(office_hours.valid_from) over (order by office_hours.valid_from) is null then '-infinity'::date
            else office_hours.valid_from
        end as valid_from,
        coalesce(
            lead(office_hours.valid_from) over (order by office_hours.valid_from) - 1, 'infinity'::date
        ) as valid_to
    from {{ ref('office_hours') }} as office_hours
),

-- seconds of the day at which a stretch of office time begins and ends, and the office time before it
slot as (
    select
        hours.valid_from,
        hours.valid_to,
        edge.starts,
        edge.ends,
        coalesce(
            sum(edge.ends - edge.starts) over (
                partition by hours.valid_from order by edge.starts rows between unbounded preceding and 1 preceding
            ), 0
        )::bigint as worked_before
    from hours
    cross join lateral regexp_split_to_table(hours.slots, ',') as part (stretch)
    cross join lateral (
        select
            extract(epoch from split_part(part.stretch, '-', 1)::time)::bigint as starts,
            extract(epoch from split_part(part.stretch, '-', 2)::time)::bigint as ends
    ) as edge
),

-- a clock that doesn't run yet can't be stopped: only what comes after the receipt counts
stopped as (
    select
        dossier.dossier_hash,
        dossier.received_date,
        dossier.due_at,
        paused.pause_no,
        greatest(paused.paused_at, dossier.received_at) as paused_at,
        case when paused.resumed_at is not null then greatest(paused.resumed_at, dossier.received_at) end as resumed_at
    from {{ dossiers }} as dossier
    inner join {{ pauses }} as paused on dossier.dossier_hash = paused.dossier_hash
    where
        dossier.source_system = 'one_stop'
        and dossier.due_at is not null
        and paused.pause_kind in ('supplement', 'financial_duty')
),

dated_stop as (
    select
        stopped.*,
        (stopped.due_at at time zone 'Asia/Ho_Chi_Minh')::date as due_day,
        (stopped.paused_at at time zone 'Asia/Ho_Chi_Minh')::date as paused_day,
        (stopped.resumed_at at time zone 'Asia/Ho_Chi_Minh')::date as resumed_day
    from stopped
),

worked as (
    select
        dossier.dossier_hash,
        dossier.received_date,
        dossier.due_at,
        dossier.pause_no,
        dossier.paused_at,
        dossier.resumed_at,
        dossier.resumed_at is null as is_open,
        coalesce(due.working_day_no, 0)::bigint as due_days,
        coalesce(begun.working_day_no, 0)::bigint as begun_days,
        coalesce(gone_on.working_day_no, 0)::bigint as gone_on_days,
        {{ office_seconds('due', 'dossier.due_at') }} as due_seconds,
        {{ office_seconds('begun', 'dossier.paused_at') }} as begun_seconds,
        {{ office_seconds('gone_on', 'dossier.resumed_at') }} as gone_on_seconds
    from dated_stop as dossier
    cross join calendar_end
    left join numbered_day as due
        on due.calendar_date = least(dossier.due_day, calendar_end.last_day)
    left join numbered_day as begun
        on begun.calendar_date = least(dossier.paused_day, calendar_end.last_day)
    left join numbered_day as gone_on
        on gone_on.calendar_date = least(dossier.resumed_day, calendar_end.last_day)
),

-- once by date and once by hour
reckoned as (
    select
        worked.dossier_hash,
        worked.received_date,
        worked.due_at,
        basis.due_basis,
        worked.is_open,
        basis.term,
        basis.begins,
        basis.ends,
        row_number() over (
            partition by worked.dossier_hash, basis.due_basis
            order by worked.paused_at, worked.resumed_at, worked.pause_no
        ) as place
    from worked
    cross join lateral (
        values
        ('date', worked.due_days, worked.begun_days, worked.gone_on_days),
        ('hour', worked.due_seconds, worked.begun_seconds, worked.gone_on_seconds)
    ) as basis (due_basis, term, begins, ends)
),

apart as (
    select
        reckoned.*,
        greatest(
            reckoned.begins,
            max(reckoned.ends) filter (where not reckoned.is_open) over (
                partition by reckoned.dossier_hash, reckoned.due_basis
                order by reckoned.place rows between unbounded preceding and 1 preceding
            )
        ) as begins_anew
    from reckoned
),

lengthened as (
    select
        apart.*,
        case when apart.is_open then 0 else greatest(apart.ends - apart.begins_anew, 0) end as stood
    from apart
),

-- after the first pause that comes too late all others do, so those before it may be added up whatever they are
judged as (
    select
        lengthened.*,
        lengthened.begins_anew < lengthened.term + coalesce(sum(lengthened.stood) over (
            partition by lengthened.dossier_hash, lengthened.due_basis
            order by lengthened.place rows between unbounded preceding and 1 preceding
        ), 0) as is_in_term
    from lengthened
),

moved as (
    select
        judged.dossier_hash,
        judged.received_date,
        judged.due_at,
        judged.due_basis,
        judged.term,
        judged.term + coalesce(sum(judged.stood) filter (where judged.is_in_term), 0) as ends,
        coalesce(bool_or(judged.is_open and judged.is_in_term), false) as is_standing
    from judged
    group by judged.dossier_hash, judged.received_date, judged.due_at, judged.due_basis, judged.term
),

working_day as (
    select * from numbered_day
    where numbered_day.is_working
),

-- the earliest moment by which so much working time has passed; where the calendar ends before, not before its end
timed as (
    select
        moved.dossier_hash,
        moved.due_basis,
        moved.ends > moved.term as is_moved,
        moved.is_standing,
        coalesce(
            working_day.calendar_date,
            greatest((moved.due_at at time zone 'Asia/Ho_Chi_Minh')::date, calendar_end.last_day)
        ) as due_date,
        coalesce(
            (working_day.calendar_date + make_interval(secs => slot.starts + office.rest - slot.worked_before))
            at time zone 'Asia/Ho_Chi_Minh',
            greatest(moved.due_at, (calendar_end.last_day + 1)::timestamp at time zone 'Asia/Ho_Chi_Minh')
        ) as due_at
    from moved
    cross join calendar_end
    cross join lateral (
        select
            case
                when moved.due_basis = 'date' then moved.ends
                else ceil(moved.ends / {{ office_day() }}::numeric)
            end::bigint as day_no
    ) as reached
    cross join lateral (select moved.ends - (reached.day_no - 1) * {{ office_day() }} as rest) as office
    left join working_day on reached.day_no = working_day.working_day_no
    left join slot
        on moved.due_basis = 'hour'
        and moved.received_date between slot.valid_from and slot.valid_to
        and office.rest > slot.worked_before
        and office.rest <= slot.worked_before + slot.ends - slot.starts
),

-- nothing where no pause moved the promise
clock as (
    select
        timed.dossier_hash,
        max(timed.due_date) filter (where timed.due_basis = 'date' and timed.is_moved) as moved_due_date,
        max(timed.due_at) filter (where timed.due_basis = 'hour' and timed.is_moved) as moved_due_at,
        bool_or(timed.is_standing) filter (where timed.due_basis = 'date') as is_standing_date,
        bool_or(timed.is_standing) filter (where timed.due_basis = 'hour') as is_standing_hour
    from timed
    group by timed.dossier_hash
)
{%- endmacro %}
