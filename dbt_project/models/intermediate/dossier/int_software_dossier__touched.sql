with version as (
    select * from {{ ref('stg_one_stop__dossier') }}
),

payment as (
    select * from {{ ref('int_payment__touched') }}
),

component as (
    select * from {{ ref('int_component__touched') }}
),

result as (
    select * from {{ ref('int_result__touched') }}
),

apology as (
    select * from {{ ref('int_apology__touched') }}
),

pause as (
    select * from {{ ref('int_pause__touched') }}
),

data_use as (
    select * from {{ ref('int_data_use__touched') }}
),

synchronisation as (
    select * from {{ ref('int_synchronisation__touched') }}
),

-- what is kept of a dossier elsewhere tells something of it
told as (
    select payment.dossier_hash from payment
    union
    select component.dossier_hash from component
    union
    select result.dossier_hash from result
    union
    select apology.dossier_hash from apology
    union
    select synchronisation.dossier_hash from synchronisation
    union
    select pause.dossier_hash from pause
    union
    select data_use.dossier_hash from data_use
),

touched as (
    select version.dossier_hash
    from version
    where version.load_seq = any({{ touched_loads() }})
    union
    -- judged anew, unless its versions were purged: then it stays as it is
    select version.dossier_hash
    from told
    inner join version on told.dossier_hash = version.dossier_hash
)

select * from touched
