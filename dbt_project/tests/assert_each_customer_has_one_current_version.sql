{{ config(enabled=(target.name == 'lake')) }}

-- History has one end: a customer without, or with two, current versions breaks every join to the dimension.
select
    customer_id,
    sum(case when is_current then 1 else 0 end) as current_versions
from {{ ref('dim_customers') }}
group by customer_id
having sum(case when is_current then 1 else 0 end) <> 1
