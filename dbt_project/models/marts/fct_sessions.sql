{{ config(
    unique_key=['session_id', 'session_date'],
    partitioned_by=['month(session_date)'],
    delete_condition='src.page_views is null',
    update_condition=any_differs([
        'customer_id',
        'shopper_id',
        'started_at',
        'ended_at',
        'page_views',
        'entry_url',
        'exit_url',
        'device',
        '_loaded_at',
    ]),
) }}

{#- Whole days are computed again: a late page view can join, split from or open sessions of its own day only. -#}
{% set touched_days %}
    select distinct cast(occurred_at as date)
    from {{ ref('int_page_views__sessionized') }}
    where _loaded_at > {{ loaded_watermark() }}
{% endset %}
{% set days = date_literals(touched_days) if is_incremental() else '' %}

with

page_views as (
    select * from {{ ref('int_page_views__sessionized') }}
    {% if is_incremental() %}
    where session_date in ({{ days }})
    {% endif %}
),

placed as (
    select
        *,
        view_number = 1 as is_first_view,
        view_number = count(*) over (partition by session_id, session_date) as is_last_view
    from page_views
),

summed as (
    select
        session_id,
        customer_id,
        shopper_id,
        session_date,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as page_views,
        max(case when is_first_view then url end) as entry_url,
        max(case when is_last_view then url end) as exit_url,
        max(case when is_first_view then device end) as device,
        max(_loaded_at) as _loaded_at
    from placed
    group by session_id, customer_id, shopper_id, session_date
),

{% if is_incremental() %}
-- A session that merged into another is sent with empty measures, by which the merge deletes it.
vanished as (
    select
        known.session_id,
        known.session_date
    from {{ this }} as known
    left join summed
        on
            known.session_id = summed.session_id
            and known.session_date = summed.session_date
    where
        known.session_date in ({{ days }})
        and summed.session_id is null
),
{% endif %}

sessions as (
    select
        session_id,
        customer_id,
        shopper_id,
        session_date,
        started_at,
        ended_at,
        date_diff('second', started_at, ended_at) as duration_seconds,
        page_views,
        entry_url,
        exit_url,
        device,
        _loaded_at
    from summed
    {% if is_incremental() %}
    union all
    select
        session_id,
        cast(null as varchar) as customer_id,
        cast(null as varchar) as shopper_id,
        session_date,
        cast(null as timestamp(6)) as started_at,
        cast(null as timestamp(6)) as ended_at,
        cast(null as bigint) as duration_seconds,
        cast(null as bigint) as page_views,
        cast(null as varchar) as entry_url,
        cast(null as varchar) as exit_url,
        cast(null as varchar) as device,
        cast(null as timestamp(6)) as _loaded_at
    from vanished
    {% endif %}
)

select * from sessions
