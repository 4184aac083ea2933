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

{#- Whole days are copied again: a session that vanished was merged into a changed one of its own day. -#}
{% set touched %}
    select distinct session_date
    from {{ ref('fct_sessions') }}
    where _loaded_at > {{ loaded_watermark() }}
{% endset %}
{% set days = touched_days(touched) %}

with

sessions as (
    select
        session_id,
        customer_id,
        shopper_id,
        session_date,
        started_at,
        ended_at,
        duration_seconds,
        page_views,
        entry_url,
        exit_url,
        device,
        _loaded_at
    from {{ ref('fct_sessions') }}
    {% if is_incremental() %}
    where {{ on_days('session_date', days) }}
    {% endif %}
),

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
