with definition as (
    select * from {{ ref('kpi_definition') }}
),

final as (
    select
        definition.kpi_code,
        definition.kpi_version,
        definition.method,
        definition.due_basis,
        definition.theme,
        definition.name_vi,
        definition.name_en,
        definition.formula_vi,
        definition.formula_en,
        definition.numerator_measure,
        definition.numerator_time_rollup,
        definition.numerator_unit_rollup,
        definition.denominator_measure,
        definition.denominator_time_rollup,
        definition.denominator_unit_rollup,
        definition.unit,
        definition.target,
        definition.direction,
        definition.legal_basis,
        definition.valid_from,
        definition.valid_to,
        definition.is_confirmed,
        definition.owner
    from definition
)

select * from final
