-- What was promised, with the time taken off during which a dossier's clock stood still.

do $$
declare
    colour text;
begin
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'alter table %I.fct_dossier add column clock_due_date date, add column clock_due_at timestamptz,'
            ' add column is_clock_standing_date boolean, add column is_clock_standing_hour boolean,'
            ' add column is_in_time_by_clock_date boolean, add column is_in_time_by_clock_hour boolean', colour
        );
        execute format(
            'grant select (clock_due_date, clock_due_at, is_clock_standing_date, is_clock_standing_hour,'
            ' is_in_time_by_clock_date, is_in_time_by_clock_hour) on %I.fct_dossier to egov_auditor', colour
        );
    end loop;
end
$$;
