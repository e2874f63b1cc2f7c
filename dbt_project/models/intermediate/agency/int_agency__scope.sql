with recursive agency as (
    select
        agency_code,
        parent_code,
        valid_from,
        coalesce(valid_to, 'infinity'::date) as valid_to
    from {{ ref('agency') }}
),

successor as (
    select * from {{ ref('agency_successor') }}
),

-- a unit that went over whole, alone and under its own code is still that unit: it was renamed
renamed as (
    select
        successor.new_code as agency_code,
        successor.new_valid_from as valid_from
    from successor
    group by successor.new_code, successor.new_valid_from
    having count(*) = 1 and min(successor.old_code) = successor.new_code and min(successor.share) = 1
),

-- the first day of the unit that bears a code: codes were given to other territory
since as (
    select
        agency.agency_code,
        agency.valid_from,
        max(begun.valid_from) as unit_from
    from agency
    inner join agency as begun on agency.agency_code = begun.agency_code and agency.valid_from >= begun.valid_from
    where not exists (
        select from renamed where renamed.agency_code = begun.agency_code and renamed.valid_from = begun.valid_from
    )
    group by agency.agency_code, agency.valid_from
),

-- each unit, then the units above it for as long as both were valid
line as (
    select
        agency.agency_code,
        agency.agency_code as member_code,
        agency.parent_code,
        agency.valid_from,
        agency.valid_to,
        agency.valid_from as version_from
    from agency
    union all
    select
        parent.agency_code,
        line.member_code,
        parent.parent_code,
        greatest(line.valid_from, parent.valid_from) as valid_from,
        least(line.valid_to, parent.valid_to) as valid_to,
        parent.valid_from as version_from
    from line
    inner join agency as parent
        on
            line.parent_code = parent.agency_code
            and line.valid_from <= parent.valid_to
            and parent.valid_from <= line.valid_to
),

as_was as (
    select line.*, scope.scope
    from line
    cross join (values ('own'), ('tree')) as scope (scope)
    where scope.scope = 'tree' or line.agency_code = line.member_code
),

-- today's units and what each of them was before, all the way back, with the share that it took over
heir as (
    select
        agency.agency_code,
        agency.agency_code as old_code,
        agency.valid_from as old_from,
        1::numeric as share,
        0 as steps
    from agency
    where agency.valid_to = 'infinity'
    union all
    select
        heir.agency_code,
        successor.old_code,
        successor.old_valid_from as old_from,
        heir.share * successor.share as share,
        heir.steps + 1 as steps
    from heir
    inner join successor on heir.old_code = successor.new_code and heir.old_from = successor.new_valid_from
),

-- only units that took over another one
taken_over as (
    select heir.*
    from heir
    where exists (select from heir as older where older.agency_code = heir.agency_code and older.steps > 0)
),

restated as (
    select
        taken_over.agency_code,
        as_was.scope,
        as_was.member_code,
        as_was.valid_from,
        as_was.valid_to,
        taken_over.share
    from taken_over
    inner join as_was on taken_over.old_code = as_was.agency_code and taken_over.old_from = as_was.version_from
    union all
    -- a predecessor of which no source tells is expected all the same
    select
        taken_over.agency_code,
        scope.scope,
        taken_over.old_code,
        taken_over.old_from,
        next.valid_from - 1,
        taken_over.share
    from taken_over
    cross join (values ('own'), ('tree')) as scope (scope)
    inner join agency as next on taken_over.agency_code = next.agency_code and next.valid_to = 'infinity'
    where not exists (
        select from agency where agency.agency_code = taken_over.old_code and agency.valid_from = taken_over.old_from
    )
),

final as (
    select
        as_was.agency_code,
        as_was.scope,
        'as_was' as unit_basis,
        as_was.member_code,
        as_was.valid_from,
        as_was.valid_to,
        since.unit_from,
        1::numeric as share
    from as_was
    inner join since on as_was.agency_code = since.agency_code and as_was.version_from = since.valid_from
    union all
    select
        restated.agency_code,
        restated.scope,
        'restated' as unit_basis,
        restated.member_code,
        restated.valid_from,
        restated.valid_to,
        null::date as unit_from,
        restated.share::numeric as share
    from restated
)

select * from final
