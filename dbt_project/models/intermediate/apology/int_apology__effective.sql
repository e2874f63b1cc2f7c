{{ newest_counted(
    ref('stg_one_stop__apology'), ref('int_apology__touched'),
    ['dossier_hash', 'letter_no']
) }}

select * from newest
