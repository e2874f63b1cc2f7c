with software as (
    select * from {{ ref('int_software_dossier__touched') }}
),

paper as (
    select * from {{ ref('int_paper_dossier__touched') }}
),

united as (
    select
        'one_stop' as source_system,
        software.dossier_hash
    from software
    union all
    select
        'forms' as source_system,
        {{ paper_key('paper') }} as dossier_hash
    from paper
)

select * from united
