{{ newest_snapshot(
    ref('stg_portal__procedure'), ref('int_procedure__touched'), 'portal.procedures',
    ['stg.source_agency_code', 'stg.procedure_code']
) }}

select * from newest
