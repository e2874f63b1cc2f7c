-- The key of a figure, its most telling columns first: keeping the index of a night's figures took longer than
-- counting them, and a second index by unit is not needed beside it. Builds delete whole periods, by an own index.
do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute (
            select string_agg(format('drop index %I.%I', colour, c.relname), '; ')
            from pg_index as i
            inner join pg_class as c on c.oid = i.indexrelid
            where i.indrelid = format('%I.kpi_value', colour)::regclass and not i.indisprimary
        );
        execute (
            select format('alter table %I.kpi_value drop constraint %I', colour, k.conname)
            from pg_constraint as k
            where k.conrelid = format('%I.kpi_value', colour)::regclass and k.contype = 'p'
        );
        execute format(
            'alter table %I.kpi_value add primary key '
            '(agency_code, kpi_code, period_start, period_grain, scope, method, due_basis, unit_basis, kpi_version)',
            colour
        );
        execute format('create index on %I.kpi_value (period_start)', colour);
    end loop;
end
$$;
