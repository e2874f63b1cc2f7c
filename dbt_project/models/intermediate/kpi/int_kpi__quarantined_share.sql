with period as (
    select * from {{ ref('int_kpi__period') }}
),

component as (
    select * from {{ ref('fct_kpi_component') }}
),

measure as (
    select * from {{ ref('kpi_measure') }}
),

scope as (
    select * from {{ ref('int_agency__scope') }}
),

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

domain_of as (
    select distinct
        dataset.dataset,
        measure.domain
    from measure
    cross join lateral unnest(string_to_array(measure.datasets, ';')) as dataset (dataset)
),

refused as (
    select
        domain_of.domain,
        agency_alias.agency_code,
        date_trunc('month', coalesce(rejected.business_date, load.business_date))::date as business_month,
        count(*) as refused_rows
    from {{ source('build', 'quarantined_row') }} as rejected
    inner join ({{ counted_loads() }}) as counted on rejected.load_seq = counted.load_seq
    inner join {{ source('ledger', 'load') }} as load on rejected.load_seq = load.load_seq
    inner join domain_of on rejected.dataset = domain_of.dataset
    -- a row whose unit nobody knows is in no unit's share
    inner join agency_alias
        on {{ agency_on('rejected.source_code', 'coalesce(rejected.business_date, load.business_date)') }}
    group by 1, 2, 3
),

accepted as (
    select
        domain_of.domain,
        component.agency_code,
        component.business_month,
        component.amount as accepted_rows
    from component
    inner join (select distinct domain from domain_of) as domain_of
        on component.measure_code = domain_of.domain || '_rows'
),

-- nothing refused is by far the usual case: only units and periods with a refused row are worked out
refused_in_scope as (
    select
        period.period_grain,
        period.period_start,
        period.period_end,
        scope.agency_code,
        scope.scope,
        scope.unit_basis,
        refused.domain,
        sum(refused.refused_rows) as refused_rows
    from refused
    inner join period on refused.business_month between period.period_start and period.period_end
    inner join scope
        on
            refused.agency_code = scope.member_code
            and refused.business_month between scope.valid_from and scope.valid_to
    group by 1, 2, 3, 4, 5, 6, 7
),

accepted_in_scope as (
    select
        refused_in_scope.period_grain,
        refused_in_scope.period_start,
        refused_in_scope.agency_code,
        refused_in_scope.scope,
        refused_in_scope.unit_basis,
        refused_in_scope.domain,
        sum(accepted.accepted_rows) as accepted_rows
    from refused_in_scope
    inner join scope using (agency_code, scope, unit_basis)
    inner join accepted
        on
            accepted.domain = refused_in_scope.domain
            and accepted.agency_code = scope.member_code
            and accepted.business_month between refused_in_scope.period_start and refused_in_scope.period_end
            and accepted.business_month between scope.valid_from and scope.valid_to
    group by 1, 2, 3, 4, 5, 6
),

final as (
    select
        refused_in_scope.period_grain,
        refused_in_scope.period_start,
        refused_in_scope.agency_code,
        refused_in_scope.scope,
        refused_in_scope.unit_basis,
        refused_in_scope.domain,
        refused_in_scope.refused_rows
        / (refused_in_scope.refused_rows + coalesce(accepted_in_scope.accepted_rows, 0)) as quarantined_share
    from refused_in_scope
    left join accepted_in_scope using (period_grain, period_start, agency_code, scope, unit_basis, domain)
)

select * from final
