{{ config(
    unique_key=['customer_id', 'version'],
    delete_condition='src._loaded_at is null',
    update_condition=any_differs(['valid_from', 'valid_to', 'is_current', '_loaded_at']),
) }}

with

customer_versions as (
    select * from {{ ref('int_customers__versions_ranged') }}
),

-- A customer's every version is written again when one arrives, since a late one changes its neighbours' ranges.
changed as (
    select
        customer_id,
        version,
        customer_name,
        plan,
        country,
        email,
        is_active,
        valid_from,
        valid_to,
        is_current,
        _loaded_at
    from customer_versions
    where _loaded_at > {{ loaded_watermark() }}
),

final as (
    {{ with_backfilled_rows_gone('changed', key=['customer_id', 'version'], day='valid_from') }}
)

select * from final
