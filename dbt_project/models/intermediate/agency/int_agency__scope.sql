with recursive agency as (
    select
        agency_code,
        parent_code,
        valid_from,
        coalesce(valid_to, 'infinity'::date) as valid_to
    from {{ ref('agency') }}
),

-- each unit, then the units above it for as long as both were valid
line as (
    select
        agency.agency_code,
        agency.agency_code as member_code,
        agency.parent_code,
        agency.valid_from,
        agency.valid_to
    from agency
    union all
    select
        parent.agency_code,
        line.member_code,
        parent.parent_code,
        greatest(line.valid_from, parent.valid_from) as valid_from,
        least(line.valid_to, parent.valid_to) as valid_to
    from line
    inner join agency as parent
        on
            line.parent_code = parent.agency_code
            and line.valid_from <= parent.valid_to
            and parent.valid_from <= line.valid_to
),

final as (
    select line.agency_code, 'tree' as scope, line.member_code, line.valid_from, line.valid_to
    from line
    union all
    select line.agency_code, 'own' as scope, line.member_code, line.valid_from, line.valid_to
    from line
    where line.agency_code = line.member_code
)

select * from final
