with offer as (
    select * from {{ ref('fct_procedure_offer') }}
),

latest as (
    select distinct on (offer.procedure_code, offer.competent_level)
        offer.procedure_code,
        offer.competent_level,
        offer.procedure_name,
        offer.field_name,
        offer.snapshot_date
    from offer
    order by offer.procedure_code, offer.competent_level, offer.snapshot_date desc, offer.source_agency_code
),

seen as (
    select
        offer.procedure_code,
        offer.competent_level,
        min(offer.snapshot_date) as first_seen_date,
        max(offer.snapshot_date) as last_seen_date,
        max(offer.snapshot_date) filter (where offer.is_in_force) as last_in_force_date
    from offer
    group by offer.procedure_code, offer.competent_level
),

final as (
    select
        latest.procedure_code,
        latest.competent_level,
        latest.procedure_name,
        latest.field_name,
        seen.first_seen_date,
        seen.last_seen_date,
        coalesce(seen.last_in_force_date = seen.last_seen_date, false) as is_in_force
    from latest
    inner join seen using (procedure_code, competent_level)
)

select * from final
