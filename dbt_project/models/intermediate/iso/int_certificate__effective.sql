{{ newest_snapshot(
    ref('stg_iso__certificate'), ref('int_certificate__touched'), 'iso.certificates',
    ['stg.source_agency_code', 'stg.certificate_number']
) }}

select * from newest
