with version as (
    select * from {{ ref('stg_ioffice__incoming_document') }}
),

touched as (
    select distinct version.document_id
    from version
    where version.load_seq = any({{ touched_loads() }})
)

select * from touched
