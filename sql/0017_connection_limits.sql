-- run-as: superuser
-- Who only reads or decides may not take the connections that a night needs: a publish has to find one while each of
-- these holds all that it may. Together they stay under the hundred of a server that was set up with Postgres' default.
-- The roles belong to the whole server, so each is changed only where it differs.
do $$
declare
    cap record;
begin
    for cap in
        select c.login, c.most
        from (values ('egov_bi', 40), ('egov_auditor', 30), ('egov_custodian', 20), ('egov_approver', 5)) as c (login, most)
        inner join pg_roles as r on r.rolname = c.login and r.rolconnlimit <> c.most
    loop
        execute format('alter role %I connection limit %s', cap.login, cap.most);
    end loop;
end
$$;
