{{ config(
    unique_key='date_day',
    dist='all',
    sort=['date_day'],
) }}

-- The days of the fixed range in `calendar_first_day` and `calendar_days`: a model never reads the clock.
with

digits as (
    {% for digit in range(10) -%}
    select {{ digit }} as digit{{ ' union all' if not loop.last }}
    {% endfor %}
),

numbers as (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as day_number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
),

days as (
    select cast(dateadd(day, day_number, date '{{ var('calendar_first_day') }}') as date) as date_day
    from numbers
    where day_number < {{ var('calendar_days') }}
),

calendar as (
    select
        date_day,
        cast(date_trunc('month', date_day) as date) as month_start_date,
        cast(extract(year from date_day) as integer) as year_number,
        cast(extract(quarter from date_day) as integer) as quarter_number,
        cast(extract(month from date_day) as integer) as month_number,
        cast(extract(week from date_day) as integer) as iso_week_number,
        extract(dow from date_day) in (0, 6) as is_weekend
    from days
)

select * from calendar
{% if is_incremental() %}
where date_day not in (select known.date_day from {{ this }} as known)
{% endif %}
