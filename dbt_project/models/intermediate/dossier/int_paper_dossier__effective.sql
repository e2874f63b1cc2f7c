{{ newest_counted(
    ref('stg_forms__paper_dossier'), ref('int_paper_dossier__touched'),
    ['source_agency_code', 'register_year', 'register_number']
) }}

select * from newest
