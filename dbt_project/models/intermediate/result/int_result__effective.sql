{{ newest_counted(
    ref('stg_one_stop__result'), ref('int_result__touched'),
    ['dossier_hash', 'result_no']
) }}

select * from newest
