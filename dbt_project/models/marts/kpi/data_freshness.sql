with answer as (
    select * from {{ source('build', 'dataset_window') }}
),

-- an answer counts when all of its loads do: the word that there was nothing new has none
counting as (
    select
        answer.dataset,
        answer.window_to
    from answer
    where answer.load_seqs <@ array({{ counted_loads() }})
),

final as (
    select
        counting.dataset,
        least(max(counting.window_to), {{ as_of() }}) as data_as_of
    from counting
    group by counting.dataset
)

select * from final
