with

customer_changes as (
    select * from {{ ref('stg_landfall__customers') }}
),

-- Versions rule, not clocks: a higher version that claims an earlier time begins when its forerunner did.
started as (
    select
        *,
        max(occurred_at) over (
            partition by customer_id
            order by version
            rows between unbounded preceding and current row
        ) as valid_from
    from customer_changes
),

ranged as (
    select
        customer_id,
        version,
        customer_name,
        plan,
        country,
        email,
        is_active,
        valid_from,
        lead(valid_from) over (partition by customer_id order by version) as valid_to,
        lead(version) over (partition by customer_id order by version) is null as is_current,
        max(_loaded_at) over (partition by customer_id) as _loaded_at
    from started
)

select * from ranged
