with source as (
    select * from {{ source('raw', 'one_stop__payments') }}
),

renamed as (
    select
        -- trace
        source.load_seq,
        source.file_digest,
        source.row_no,
        source.row_digest,
        source.updated_at as source_version_at,
        -- key
        source.dossier_hash,
        source.fee_no,
        -- attributes
        source.agency_code as source_agency_code,
        source.fee_kind,
        source.amount_due,
        source.amount_paid,
        source.payment_method,
        source.charged_at,
        source.paid_at,
        source.is_refunded
    from source
)

select * from renamed
