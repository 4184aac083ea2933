with

page_views as (
    select * from {{ ref('int_page_views__dated') }}
),

-- A session also ends at midnight UTC: it then lies in one day, and a late view changes sessions of that day only.
gapped as (
    select
        *,
        lag(occurred_at) over (
            partition by customer_id, shopper_id, session_date
            order by occurred_at, page_view_id
        ) as previous_view_at
    from page_views
),

opened as (
    select
        *,
        case
            when previous_view_at is null then 1
            when occurred_at > previous_view_at + interval '30' minute then 1
            else 0
        end as opens_session
    from gapped
),

numbered as (
    select
        *,
        sum(opens_session) over (
            partition by customer_id, shopper_id, session_date
            order by occurred_at, page_view_id
            rows between unbounded preceding and current row
        ) as session_number
    from opened
),

sessionized as (
    select
        page_view_id,
        first_value(page_view_id) over (
            partition by customer_id, shopper_id, session_date, session_number
            order by occurred_at, page_view_id
        ) as session_id,
        row_number() over (
            partition by customer_id, shopper_id, session_date, session_number
            order by occurred_at, page_view_id
        ) as view_number,
        customer_id,
        shopper_id,
        session_date,
        url,
        referrer,
        device,
        occurred_at,
        _loaded_at
    from numbered
)

select * from sessionized
