{{ config(
    unique_key=['customer_id', 'funnel_date', 'payment_method', 'currency'],
    partitioned_by=['month(funnel_date)'],
    delete_condition='src.authorisations is null',
    update_condition=any_differs([
        'authorisations',
        'authorised_cents',
        'captures',
        'captured_cents',
        'refunds',
        'refunded_cents',
        'chargebacks',
        'charged_back_cents',
        '_loaded_at',
    ]),
) }}

{#-
    Each event counts on its own day, which never changes: whole days are computed again, only those that got an event,
    and no row ever has to go.
-#}
{% set touched %}
    select distinct cast(occurred_at as date)
    from {{ ref('int_payments__events_signed') }}
    where _loaded_at > {{ loaded_watermark() }}
{% endset %}
{% set days = touched_days(touched) %}

with

payment_events as (
    select
        *,
        cast(occurred_at as date) as funnel_date
    from {{ ref('int_payments__events_signed') }}
    {% if is_incremental() %}
    where {{ on_days('occurred_at', days) }}
    {% endif %}
),

funnel as (
    select
        customer_id,
        funnel_date,
        payment_method,
        currency,
        sum(case when payment_kind = 'authorisation' then 1 else 0 end) as authorisations,
        sum(case when payment_kind = 'authorisation' then amount_cents else 0 end) as authorised_cents,
        sum(case when payment_kind = 'capture' then 1 else 0 end) as captures,
        sum(case when payment_kind = 'capture' then amount_cents else 0 end) as captured_cents,
        sum(case when payment_kind = 'refund' then 1 else 0 end) as refunds,
        sum(case when payment_kind = 'refund' then amount_cents else 0 end) as refunded_cents,
        sum(case when payment_kind = 'chargeback' then 1 else 0 end) as chargebacks,
        sum(case when payment_kind = 'chargeback' then amount_cents else 0 end) as charged_back_cents,
        max(_loaded_at) as _loaded_at
    from payment_events
    group by customer_id, funnel_date, payment_method, currency
),

typed as (
    select
        customer_id,
        funnel_date,
        payment_method,
        currency,
        cast(authorisations as bigint) as authorisations,
        cast(authorised_cents as bigint) as authorised_cents,
        cast(captures as bigint) as captures,
        cast(captured_cents as bigint) as captured_cents,
        cast(refunds as bigint) as refunds,
        cast(refunded_cents as bigint) as refunded_cents,
        cast(chargebacks as bigint) as chargebacks,
        cast(charged_back_cents as bigint) as charged_back_cents,
        _loaded_at
    from funnel
),

final as (
    {{ with_backfilled_rows_gone(
        'typed',
        key=['customer_id', 'funnel_date', 'payment_method', 'currency'],
        day='funnel_date',
    ) }}
)

select * from final
