{{ newest_counted(
    ref('stg_one_stop__satisfaction_vote'), ref('int_satisfaction_vote__touched'),
    ['vote_code']
) }}

select * from newest
