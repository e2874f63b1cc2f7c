-- run-as: superuser
-- Roles and schemas. Roles belong to the whole server, so each is created only where it is absent; passwords are not
-- here but set by `egov-kpi db migrate` from the files under .local/secrets. docs/reference/roles.md has the matrix.

do $$
declare
    login text;
begin
    -- A role is visible to every database of the server: two migrations of two databases may race for it.
    foreach login in array array[
        'egov_owner', 'egov_loader', 'egov_builder', 'egov_publisher', 'egov_custodian', 'egov_bi', 'egov_auditor'
    ] loop
        begin
            execute format('create role %I login nosuperuser nocreatedb nocreaterole noreplication', login);
        exception when duplicate_object or unique_violation then
            raise notice 'role % is there already', login;
        end;
        execute format('alter role %I set timezone = %L', login, 'Asia/Ho_Chi_Minh');
    end loop;
    begin
        create role egov_mart_owner nologin nosuperuser nocreatedb nocreaterole noreplication;
    exception when duplicate_object or unique_violation then
        raise notice 'role egov_mart_owner is there already';
    end;
end
$$;

-- Migrations run as the owner and hand the views of marts over to their own role, which reads the colours and no more.
grant egov_mart_owner to egov_owner;

-- A BI tool may hold a report open for an hour; what it may not do is starve the night of connections or run for ever.
alter role egov_bi connection limit 40;
alter role egov_bi set statement_timeout = '60min';
alter role egov_bi set idle_in_transaction_session_timeout = '120min';
alter role egov_bi set temp_file_limit = '4GB';
alter role egov_bi set default_transaction_read_only = on;
alter role egov_bi set search_path = marts;

create schema inbound authorization egov_owner;
create schema raw authorization egov_owner;
create schema quarantine authorization egov_owner;
create schema ledger authorization egov_owner;
create schema ref authorization egov_owner;
create schema staging authorization egov_owner;
create schema intermediate authorization egov_owner;
create schema build authorization egov_owner;
create schema blue authorization egov_owner;
create schema green authorization egov_owner;
create schema publish authorization egov_owner;
create schema marts authorization egov_owner;

revoke all on schema public from public;
-- It holds the list of migrations and nothing else.
grant usage on schema public to egov_owner, egov_builder, egov_publisher, egov_auditor;

-- Loader: one inbound table per load is its own to create and drop; raw and quarantine take its rows.
grant usage, create on schema inbound to egov_loader;
grant usage on schema raw, quarantine, ledger, ref to egov_loader;

-- Builder: dbt seeds and views are its own; the published tables belong to the owner and give it rows, not structure.
grant usage, create on schema ref, staging, intermediate to egov_builder;
grant usage on schema raw, ledger, build, blue, green, publish to egov_builder;

grant usage on schema ledger, build, blue, green, publish to egov_publisher;
grant usage on schema ref, marts to egov_publisher;

grant usage on schema quarantine, ledger to egov_custodian;

grant usage on schema marts to egov_bi;

grant usage on schema raw, quarantine, ledger, ref, build, blue, green, marts to egov_auditor;

grant usage on schema ledger, ref, blue, green to egov_mart_owner;
grant create on schema marts to egov_mart_owner;

-- What later migrations create as the owner, and what dbt seeds create as the builder.
alter default privileges for role egov_owner revoke execute on functions from public;
alter default privileges for role egov_owner in schema blue grant select, insert, delete on tables to egov_builder;
alter default privileges for role egov_owner in schema green grant select, insert, delete on tables to egov_builder;
alter default privileges for role egov_owner in schema blue
grant select on tables to egov_publisher, egov_mart_owner;
alter default privileges for role egov_owner in schema green
grant select on tables to egov_publisher, egov_mart_owner;
alter default privileges for role egov_owner in schema marts grant select on tables to egov_bi, egov_auditor;
alter default privileges for role egov_builder in schema ref
grant select on tables to egov_loader, egov_publisher, egov_auditor, egov_mart_owner;
