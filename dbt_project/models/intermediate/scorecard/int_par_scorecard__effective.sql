{{ newest_snapshot(
    ref('stg_forms__par_scorecard'), ref('int_par_scorecard__touched'), 'forms.par_scorecards',
    ['stg.index_code', 'stg.source_agency_code', 'stg.criterion_code'],
    parts=['index_code', 'source_agency_code']
) }}

select * from newest
