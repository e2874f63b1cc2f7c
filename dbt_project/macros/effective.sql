{# Which version of a row counts. Never by the order of loading: any order of delivery gives the same answer. #}

{# Delta datasets: of each touched key the newest counted version by the source's time, then by digest. #}
{% macro newest_counted(staging, touched, keys) %}
with counted as (
    {{ counted_loads() }}
),

version as (
    select stg.*
    from {{ staging }} as stg
    inner join {{ touched }} as touched using ({{ keys | join(', ') }})
    inner join counted on stg.load_seq = counted.load_seq
),

newest as (
    select distinct on ({{ keys | join(', ') }}) version.*
    from version
    order by
        {{ keys | join(', ') }},
        version.source_version_at desc, version.row_digest desc, version.load_seq, version.row_no
)
{% endmacro %}

{# Snapshot datasets: of each touched date the newest counted export as a whole, all its rows and only its rows. `parts` are
   columns within which that holds, where every unit sends its own export; they stand in `snapshotParts` of the contract. #}
{% macro newest_snapshot(staging, touched, dataset, keys, parts=[]) %}
with counted as (
    {{ counted_loads() }}
),

candidate as (
    select
        load.load_seq,
        load.content_digest
    from {{ source('ledger', 'load') }} as load
    inner join counted on load.load_seq = counted.load_seq
    where
        load.dataset = '{{ dataset }}'
        and (load.snapshot_date is null or load.snapshot_date in (select touched.snapshot_date from {{ touched }} as touched))
),

export as (
    select
        stg.snapshot_date,
        {% for part in parts %}stg.{{ part }},
        {% endfor -%}
        candidate.load_seq,
        candidate.content_digest,
        max(stg.source_version_at) as exported_at
    from candidate
    inner join {{ staging }} as stg on candidate.load_seq = stg.load_seq
    inner join {{ touched }} as touched on stg.snapshot_date = touched.snapshot_date
    group by stg.snapshot_date, {% for part in parts %}stg.{{ part }}, {% endfor %}candidate.load_seq, candidate.content_digest
),

winner as (
    select distinct on (export.snapshot_date{% for part in parts %}, export.{{ part }}{% endfor %}) export.*
    from export
    -- one content that was heard twice differs only in what was refused: the last hearing counts
    order by
        export.snapshot_date, {% for part in parts %}export.{{ part }}, {% endfor %}
        export.exported_at desc, export.content_digest desc, export.load_seq desc
),

newest as (
    select distinct on (stg.snapshot_date, {{ keys | join(', ') }}) stg.*
    from winner
    inner join {{ staging }} as stg
        on winner.load_seq = stg.load_seq and winner.snapshot_date = stg.snapshot_date
        {%- for part in parts %} and winner.{{ part }} = stg.{{ part }}{% endfor %}
    order by stg.snapshot_date, {{ keys | join(', ') }}, stg.row_digest desc, stg.row_no
)
{% endmacro %}
