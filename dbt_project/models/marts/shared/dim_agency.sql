with agency as (
    select * from {{ ref('agency') }}
),

final as (
    select
        agency.agency_code,
        agency.valid_from,
        agency.valid_to,
        agency.name_vi,
        agency.name_en,
        agency.level,
        agency.parent_code,
        agency.province_code,
        agency.is_iso_mandated
    from agency
)

select * from final
