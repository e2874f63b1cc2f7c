-- run-as: superuser
-- The night's queries are many and short: a server that compiles each of them (as Postgres with LLVM does by default)
-- spends two fifths of a build on that. Queries of BI are left as the server has them.
-- The roles belong to the whole server, so each is changed only where it differs.
do $$
declare
    login text;
begin
    for login in
        select r.rolname
        from pg_roles as r
        where
            r.rolname in (
                'egov_owner', 'egov_loader', 'egov_builder', 'egov_publisher', 'egov_custodian', 'egov_approver',
                'egov_auditor'
            )
            and not coalesce('jit=off' = any(r.rolconfig), false)
    loop
        execute format('alter role %I set jit = off', login);
    end loop;
end
$$;
