-- Identities that hold whatever the data: a part is not larger than its whole, a unit not larger than its tree, and
-- the months of a flow add up to their quarter. Only periods of this build. A row is a fault in the roll-up, never in
-- an export.
with period as (
    select * from {{ ref('int_kpi__period') }}
),

value as (
    select kpi_value.*
    from {{ ref('kpi_value') }} as kpi_value
    inner join period
        on kpi_value.period_grain = period.period_grain and kpi_value.period_start = period.period_start
),

definition as (
    select * from {{ ref('kpi_definition') }}
),

part as (
    select
        value.kpi_code,
        value.agency_code,
        value.scope,
        value.period_grain,
        value.period_start,
        'part exceeds whole' as fault
    from value
    where
        value.unit = 'percent'
        and value.numerator > value.denominator
        -- these compare different things: mailboxes and accounts with officials, covered procedures with those in force
        and value.kpi_code not in ('mail_issued', 'mail_used', 'staff_using_dms', 'iso_procedures_covered')
),

smaller_tree as (
    select
        tree.kpi_code,
        tree.agency_code,
        tree.scope,
        tree.period_grain,
        tree.period_start,
        'tree is smaller than the unit alone' as fault
    from value as tree
    inner join value as own
        using (kpi_code, kpi_version, method, due_basis, agency_code, unit_basis, period_grain, period_start)
    where tree.scope = 'tree' and own.scope = 'own' and own.numerator <> 0 and tree.numerator < own.numerator
),

-- a quarter, and against it its months: together nothing. Most figures are zero, and add nothing here.
quarter_and_months as (
    select
        value.kpi_code,
        value.kpi_version,
        value.method,
        value.due_basis,
        value.agency_code,
        value.scope,
        value.unit_basis,
        value.period_start,
        coalesce(value.numerator, 0) as numerator,
        coalesce(value.value_reason in ('split_unit', 'code_reused'), false) as is_untold
    from value
    where
        value.period_grain = 'quarter'
        and (value.numerator <> 0 or value.value_reason in ('split_unit', 'code_reused'))
    union all
    select
        month.kpi_code,
        month.kpi_version,
        month.method,
        month.due_basis,
        month.agency_code,
        month.scope,
        month.unit_basis,
        period.period_start,
        -month.numerator,
        false
    from period
    inner join {{ ref('kpi_value') }} as month
        on month.period_start >= period.period_start and month.period_start < period.period_start + interval '3 months'
    where period.period_grain = 'quarter' and month.period_grain = 'month' and month.numerator <> 0
),

quarter_of_months as (
    select
        cell.kpi_code,
        cell.agency_code,
        cell.scope,
        'quarter' as period_grain,
        cell.period_start,
        'months do not add up to the quarter' as fault
    from quarter_and_months as cell
    inner join definition
        using (kpi_code, kpi_version, method, due_basis)
    where definition.numerator_time_rollup = 'sum' and definition.numerator_unit_rollup = 'sum'
    group by
        cell.kpi_code, cell.kpi_version, cell.method, cell.due_basis, cell.agency_code, cell.scope, cell.unit_basis,
        cell.period_start
    having sum(cell.numerator) <> 0 and not bool_or(cell.is_untold)
),

final as (
    select * from part
    union all
    select * from smaller_tree
    union all
    select * from quarter_of_months
)

select * from final
