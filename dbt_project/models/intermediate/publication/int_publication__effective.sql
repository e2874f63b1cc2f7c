{{ newest_counted(
    ref('stg_portal__publication'), ref('int_publication__touched'),
    ['source_agency_code', 'procedure_code', 'decision_number']
) }}

select * from newest
