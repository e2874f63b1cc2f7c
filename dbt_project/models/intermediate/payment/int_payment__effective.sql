{{ newest_counted(
    ref('stg_one_stop__payment'), ref('int_payment__touched'),
    ['dossier_hash', 'fee_no']
) }}

select * from newest
