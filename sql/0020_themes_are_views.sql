-- A theme's mart holds the rows of kpi_value that are its own. As tables they were copies: written, hashed and audited
-- twice each night, and able to differ. A view over kpi_value can't.

-- kpi_<theme> in both colours and in marts; called again by a migration that adds a theme. `told` is its comment.
create function publish.add_theme(theme text, told text) returns void
language plpgsql volatile set search_path = pg_catalog as $$
declare
    colour text;
    mart text := 'kpi_' || theme;
    column_list text;
begin
    select string_agg('t.' || quote_ident(a.attname), ', ' order by a.attnum) into column_list
    from pg_attribute as a
    where a.attrelid = 'blue.kpi_value'::regclass and a.attnum > 0 and not a.attisdropped;
    foreach colour in array array['blue', 'green'] loop
        execute format(
            'create view %1$I.%2$I as select %3$s from %1$I.kpi_value as t where exists ('
            'select from %1$I.dim_kpi as k where k.theme = %4$L and k.kpi_code = t.kpi_code '
            'and k.kpi_version = t.kpi_version and k.method = t.method and k.due_basis = t.due_basis)',
            colour, mart, column_list, theme
        );
        execute format('revoke insert, delete on %I.%I from egov_builder', colour, mart);
    end loop;
    perform publish.add_to_marts(mart, mart, column_list, told);
end
$$;

revoke execute on function publish.add_theme(text, text) from public;

do $$
declare
    theme record;
    colour text;
begin
    for theme in
        select t.name, t.told from (
            values
            ('digital_signature', 'Chỉ tiêu ký số / Digital signatures'),
            ('official_mail', 'Chỉ tiêu thư công vụ / Official mail'),
            ('online_service', 'Chỉ tiêu dịch vụ công / Online services and dossiers'),
            ('settlement', 'Chỉ tiêu giải quyết hồ sơ / Settlement of dossiers'),
            ('iso_compliance', 'Chỉ tiêu TCVN ISO 9001:2015 / ISO compliance')
        ) as t (name, told)
    loop
        execute format('drop view marts.kpi_%s', theme.name);
        foreach colour in array array['blue', 'green'] loop
            execute format('drop table %I.kpi_%s', colour, theme.name);
        end loop;
        perform publish.add_theme(theme.name, theme.told);
    end loop;
end
$$;
