with

page_views as (
    select * from {{ ref('stg_landfall__page_views') }}
),

dated as (
    select
        page_view_id,
        shopper_id,
        customer_id,
        url,
        referrer,
        device,
        occurred_at,
        cast(occurred_at as date) as session_date,
        _loaded_at
    from page_views
)

select * from dated
