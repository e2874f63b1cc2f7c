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
        -- these two compare different things: mailboxes with officials, covered procedures with those in force
        and value.kpi_code not in ('mail_issued', 'mail_used', 'iso_procedures_covered')
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
    where tree.scope = 'tree' and own.scope = 'own' and tree.numerator < own.numerator
),

quarter_of_months as (
    select
        quarter.kpi_code,
        quarter.agency_code,
        quarter.scope,
        quarter.period_grain,
        quarter.period_start,
        'months do not add up to the quarter' as fault
    from value as quarter
    inner join definition
        using (kpi_code, kpi_version, method, due_basis)
    inner join {{ ref('kpi_value') }} as month
        on
            month.period_grain = 'month'
            and month.period_start between quarter.period_start and quarter.period_start + 80
            and month.kpi_code = quarter.kpi_code
            and month.kpi_version = quarter.kpi_version
            and month.method = quarter.method
            and month.due_basis = quarter.due_basis
            and month.agency_code = quarter.agency_code
            and month.scope = quarter.scope
    where
        quarter.period_grain = 'quarter'
        and definition.numerator_time_rollup = 'sum'
        and definition.numerator_unit_rollup = 'sum'
    group by
        quarter.kpi_code, quarter.kpi_version, quarter.method, quarter.due_basis, quarter.agency_code, quarter.scope,
        quarter.period_grain, quarter.period_start, quarter.numerator
    having quarter.numerator <> sum(month.numerator)
),

final as (
    select * from part
    union all
    select * from smaller_tree
    union all
    select * from quarter_of_months
)

select * from final
