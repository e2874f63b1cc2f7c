-- The planner knows of a table what was sampled last. A publish adds up to all figures at once to their history, and
-- readers compare publishes at once, long before autovacuum comes by: without a sample such a query may take hours.
-- Only the owner of a table may analyse it, and the publisher is not the owner.
create function publish.refresh_history_statistics() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    analyze ledger.kpi_value_log;
end
$$;

revoke execute on function publish.refresh_history_statistics() from public;
grant execute on function publish.refresh_history_statistics() to egov_publisher;
