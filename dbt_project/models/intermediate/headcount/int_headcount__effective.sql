{{ newest_snapshot(
    ref('stg_directory__headcount'), ref('int_headcount__touched'), 'directory.headcount', ['stg.source_agency_code']
) }}

select * from newest
