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
{% set touched %}
    select distinct session_date
    from {{ ref('int_page_views__dated') }}
    where _loaded_at > {{ loaded_watermark() }}
{% endset %}
{% set days = touched_days(touched) %}

with

page_views as (
    select * from {{ ref('int_page_views__sessionized') }}
    {% if is_incremental() %}
    where {{ on_days('session_date', days) }}
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
),

-- A session that merged into another is sent with empty measures, by which the merge deletes it.
final as (
    {{ with_rows_gone(
        'sessions',
        columns=[
            'session_id',
            'customer_id',
            'shopper_id',
            'session_date',
            'started_at',
            'ended_at',
            'duration_seconds',
            'page_views',
            'entry_url',
            'exit_url',
            'device',
            '_loaded_at',
        ],
        key=['session_id', 'session_date'],
        scope=on_days('session_date', days),
    ) }}
)

select * from final
