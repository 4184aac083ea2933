-- sqlfluff:dialect:redshift
{{ config(enabled=(target.name == 'warehouse')) }}

-- The same number on both engines: the warehouse holds exactly the published lake's days.
with

lake as (
    select
        customer_id,
        sales_date,
        currency,
        net_sales_cents
    from {{ source('published', 'fct_daily_sales') }}
    where {{ tested_on('sales_date') }}
),

warehouse as (
    select
        customer_id,
        sales_date,
        currency,
        net_sales_cents
    from {{ ref('dwh_fct_daily_sales') }}
    where {{ tested_on('sales_date') }}
),

only_in_lake as (
    select * from lake
    except
    select * from warehouse
),

only_in_warehouse as (
    select * from warehouse
    except
    select * from lake
)

select * from only_in_lake
union all
select * from only_in_warehouse
