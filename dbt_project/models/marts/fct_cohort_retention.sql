{{ config(
    unique_key=['cohort_month', 'months_since_first'],
    delete_condition='src.active_customers is null',
    update_condition=any_differs(['cohort_customers', 'active_customers', 'net_sales_eur_cents']),
) }}

-- Computed whole: a late order may move a customer to an earlier cohort, and a customer has one row a month at most.
with

monthly_sales as (
    select
        customer_id,
        sales_month,
        net_sales_eur_cents,
        min(sales_month) over (partition by customer_id) as cohort_month
    from {{ ref('fct_monthly_sales') }}
),

cohorts as (
    select
        cohort_month,
        count(distinct customer_id) as cohort_customers
    from monthly_sales
    group by cohort_month
),

activity as (
    select
        cohort_month,
        date_diff('month', cohort_month, sales_month) as months_since_first,
        count(*) as active_customers,
        -- A sum that left out months without a rate would be too low and look right.
        case
            when count(*) = count(net_sales_eur_cents) then cast(sum(net_sales_eur_cents) as bigint)
        end as net_sales_eur_cents
    from monthly_sales
    group by cohort_month, date_diff('month', cohort_month, sales_month)
),

retention as (
    select
        activity.cohort_month,
        activity.months_since_first,
        cohorts.cohort_customers,
        activity.active_customers,
        activity.net_sales_eur_cents
    from activity
    inner join cohorts on activity.cohort_month = cohorts.cohort_month
),

final as (
    {{ with_rows_gone(
        'retention',
        columns=[
            'cohort_month',
            'months_since_first',
            'cohort_customers',
            'active_customers',
            'net_sales_eur_cents',
        ],
        key=['cohort_month', 'months_since_first'],
    ) }}
)

select * from final
