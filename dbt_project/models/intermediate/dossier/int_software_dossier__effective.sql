{{ newest_counted(ref('stg_one_stop__dossier'), ref('int_software_dossier__touched'), ['dossier_hash']) }}

select * from newest
