-- A number of a load is given once, for ever: a sequence that fell back (a crash without fsync, a restored cluster)
-- must not give one to a second load.
create unique index event_load_seq_uq on ledger.event (((body_json ->> 'load_seq')::bigint))
where kind = 'load_registered';
