{{ config(
    unique_key=['customer_id', 'version'],
    dist='all',
    sort=['customer_id', 'valid_from'],
    pre_hook="{{ forget_backfilled('valid_from') }}",
) }}

with

customer_versions as (
    select
        customer_id,
        version,
        customer_name,
        plan,
        country,
        is_active,
        valid_from,
        valid_to,
        is_current,
        _loaded_at
    from {{ source('published', 'dim_customers') }}
    where {{ new_rows('valid_from') }}
)

select * from customer_versions
