{{ newest_counted(
    ref('stg_feedback__petition'), ref('int_petition__touched'),
    ['petition_hash']
) }}

select * from newest
