with agency_alias as (
    select * from {{ ref('agency_alias') }}
),

dossier as (
    select * from {{ ref('fct_dossier') }}
),

dim_procedure as (
    select * from {{ ref('dim_procedure') }}
),

-- set aside by the gate, and still missing
refused as (
    select
        rejected.dataset,
        rejected.source_code,
        coalesce(rejected.business_date, load.business_date) as business_date
    from {{ source('build', 'quarantined_row') }} as rejected
    inner join ({{ counted_loads() }}) as counted on rejected.load_seq = counted.load_seq
    inner join {{ source('ledger', 'load') }} as load on rejected.load_seq = load.load_seq
),

without_agency as (
    select
        refused.dataset,
        date_trunc('month', refused.business_date)::date as row_month,
        'agency' as code_of,
        count(*) as row_count
    from refused
    left join agency_alias on {{ agency_on('refused.source_code', 'refused.business_date') }}
    where agency_alias.agency_code is null
    group by 1, 2
),

-- in the figures of their unit, and of no procedure: a list may come later than the dossier that names it
without_procedure as (
    select
        case dossier.source_system
            when 'one_stop' then 'one_stop.dossiers' when 'forms' then 'forms.paper_register'
        end as dataset,
        dossier.business_month as row_month,
        'procedure' as code_of,
        count(*) as row_count
    from dossier
    left join (select distinct procedure_code from dim_procedure) as listed
        on dossier.procedure_code = listed.procedure_code
    where listed.procedure_code is null
    group by 1, 2
),

final as (
    select * from without_agency
    union all
    select * from without_procedure
)

select * from final
