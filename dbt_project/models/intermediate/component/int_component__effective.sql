{{ newest_counted(
    ref('stg_one_stop__component'), ref('int_component__touched'),
    ['dossier_hash', 'component_no']
) }}

select * from newest
