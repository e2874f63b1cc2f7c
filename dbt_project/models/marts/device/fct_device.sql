-- depends_on: {{ ref('int_device__touched') }}
{{ config(affected='int_device__touched', unique_key=['snapshot_date'], months_of='device') }}

{{ newest_snapshot(
    ref('stg_network__device'), ref('int_device__touched'), 'network.devices', ['stg.device_code']
) }},

agency_alias as (
    select * from {{ ref('agency_alias') }}
),

located as (
    select
        newest.*,
        agency_alias.agency_code,
        newest.retired_date is null or newest.retired_date > newest.snapshot_date as is_in_use
    from newest
    left join agency_alias on {{ agency_on('newest.source_agency_code', 'newest.snapshot_date') }}
),

final as (
    select
        located.snapshot_date,
        located.device_code,
        date_trunc('month', located.snapshot_date)::date as business_month,
        located.agency_code,
        located.device_kind,
        located.is_networked,
        located.is_secured,
        located.secured_date,
        located.retired_date,
        located.is_networked and located.is_in_use as is_counted,
        located.load_seq,
        located.file_digest,
        located.row_no
    from located
)

select * from final
