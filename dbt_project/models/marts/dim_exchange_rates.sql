{{ config(
    unique_key=['currency', 'valid_from'],
    delete_condition='src.eur_per_unit is null',
    update_condition=any_differs(['valid_to', 'eur_per_unit']),
) }}

-- Computed whole: a seed has few rows and no time of arrival.
with

exchange_rates as (
    select * from {{ ref('int_exchange_rates__ranged') }}
),

final as (
    {{ with_rows_gone(
        'exchange_rates',
        columns=[
            'currency',
            'valid_from',
            'valid_to',
            'eur_per_unit',
        ],
        key=['currency', 'valid_from'],
    ) }}
)

select * from final
