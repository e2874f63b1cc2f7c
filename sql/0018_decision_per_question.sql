-- Record the decision on a blocked load; "reject" closes those of its rows that are still open. The same decision again
-- is the decision that there is, until the load is asked about anew: then it is an answer to the new question.
create or replace function quarantine.decide_load(
    load_seq bigint, choice text, by_name text, reason text, waiver_no bigint
) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog as $$
declare
    name constant text := quarantine.blocked_dataset(decide_load.load_seq);
    last record;
    ids int8multirange;
    closed bigint := 0;
begin
    if decide_load.choice not in ('reject', 'wait', 'propose-waiver')
        or (decide_load.choice = 'propose-waiver') <> (decide_load.waiver_no is not null)
        or coalesce(trim(decide_load.by_name), '') = '' then
        raise exception 'a decision is reject, wait or propose-waiver, the last one with its waiver, by somebody'
            using errcode = 'check_violation';
    end if;
    perform quarantine.lock(name);
    select d.* into last from quarantine.load_decision as d
    where d.load_seq = decide_load.load_seq order by d.event_no desc limit 1;
    if found and (last.choice, last.by_name) = (decide_load.choice, decide_load.by_name)
        and last.waiver_no is not distinct from decide_load.waiver_no
        and not exists (
            select from ledger.event as e
            where e.kind = 'load_decision_asked' and (e.body_json ->> 'load_seq')::bigint = decide_load.load_seq
                and e.event_no > last.event_no
        ) then
        return last.event_no;
    end if;
    if decide_load.choice = 'reject' then
        execute format(
            'select range_agg(int8range(q.quarantine_id, q.quarantine_id + 1)) from %s as q
            where q.load_seq = $1 and q.state = ''open''', quarantine.table_of(name)
        ) into ids using decide_load.load_seq;
        if ids is not null then
            closed := quarantine.close_rows(
                name, decide_load.load_seq, 'rejected', ids, null, decide_load.by_name,
                coalesce(nullif(trim(decide_load.reason), ''), 'load_decision')
            );
        end if;
    end if;
    return ledger.append('load_decision', ledger.canonical(jsonb_strip_nulls(jsonb_build_object(
        'load_seq', decide_load.load_seq, 'dataset', name, 'choice', decide_load.choice, 'by', decide_load.by_name,
        'reason', nullif(trim(decide_load.reason), ''), 'waiver_no', decide_load.waiver_no, 'row_count', closed
    ))));
end
$$;
