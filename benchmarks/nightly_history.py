"""The history that `benchmarks.nightly_flat` puts into raw in bulk, and the day that then lands: one SQL says both.

An order is placed, paid and shipped a day later; one in forty is refunded twenty days later. Views come before an
order, an authorisation and a capture with it. Twenty merchants change their plan in turn, one every ten days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from landfall.contracts import load_stream_contract
from landfall.settings import REPOSITORY
from sqlglot import exp, parse_one

STREAMS = ("customers", "orders", "payments", "page_views")
DAYS_A_STATEMENT = 90
"""Athena writes at most 100 partitions a statement, and raw has one a day."""

LONGEST_LIFE_DAYS = 21
"""An order's last event comes on the 21st day after it."""

_PARTS = {
    "order_key": "md5(to_utf8(concat(cast(day as varchar), '/', cast(number as varchar))))",
    "placed_at": "date_add('second', number * 80000 / :orders + 1200, cast(day as timestamp(6)))",
    "customer": "concat('cus_', lpad(cast(number % 20 as varchar), 6, '0'))",
    "shopper": "concat('shp_', lpad(cast(number * 7 % 500 as varchar), 8, '0'))",
    "currency": "case when number % 3 = 0 then 'USD' else 'EUR' end",
}
"""What the streams have in common."""

_ORDERS = """
select 'ord_' || lower(substr(to_hex(:order_key), 1, 12)) as order_id, 1 as line_number, version,
    :customer as customer_id, :shopper as shopper_id, status, 'sku-' || cast(number % 30 as varchar) as sku,
    1 + number % 3 as quantity, 500 + number * 7919 % 9000 as unit_price_cents, :currency as currency,
    cast(null as varchar) as note, date_add('minute', minutes, :placed_at) as occurred_at
from numbered
cross join (values (1, 'placed', 0), (2, 'paid', 10), (3, 'shipped', 1440), (4, 'refunded', 28800))
    as step (version, status, minutes)
where version < 4 or number % 40 = 0
"""
_PAYMENTS = """
select 'pev_' || lower(substr(to_hex(md5(concat(:order_key, to_utf8(kind)))), 1, 12)) as payment_event_id,
    'pay_' || lower(substr(to_hex(:order_key), 13, 12)) as payment_id,
    'ord_' || lower(substr(to_hex(:order_key), 1, 12)) as order_id, :customer as customer_id,
    :shopper as shopper_id, kind, (1 + number % 3) * (500 + number * 7919 % 9000) as amount_cents,
    :currency as currency, 'card' as method, date_add('minute', minutes, :placed_at) as occurred_at
from numbered
cross join (values ('authorisation', 9), ('capture', 11), ('refund', 28801)) as step (kind, minutes)
where kind <> 'refund' or number % 40 = 0
"""
_PAGE_VIEWS = """
select 'pgv_' || lower(substr(to_hex(md5(concat(:order_key, to_utf8(cast(minutes as varchar))))), 1, 12))
    as page_view_id, :shopper as shopper_id, :customer as customer_id,
    'https://shop.example/' || cast(number % 30 as varchar) as url, cast(null as varchar) as referrer,
    'mobile' as device, date_add('minute', minutes, :placed_at) as occurred_at
from numbered
cross join (values (-12), (-2)) as step (minutes)
"""
_CUSTOMERS = """
select customer_id, row_number() over (partition by customer_id order by occurred_at) as version,
    concat('Merchant ', customer_id) as name,
    case when change % 2 = 0 then 'growth' else 'free' end as plan, 'DE' as country,
    concat(customer_id, '@shop.example') as email, true as is_active, occurred_at
from (
    select concat('cus_', lpad(cast(number as varchar), 6, '0')) as customer_id, 0 as change,
        cast(cast(:start as date) as timestamp(6)) as occurred_at
    from unnest(sequence(0, 19)) as merchants (number)
    union all
    select concat('cus_', lpad(cast(change % 20 as varchar), 6, '0')) as customer_id, change / 20 + 1 as change,
        date_add('hour', 9, date_add('day', -10 * change, cast(cast(:today as date) as timestamp(6)))) as occurred_at
    from unnest(sequence(0, :changes)) as changes (change)
)
"""
_SELECTS = {"orders": _ORDERS, "payments": _PAYMENTS, "page_views": _PAGE_VIEWS, "customers": _CUSTOMERS}
_NUMBERED = """
with numbered as (
    select date_add('day', -back, cast(:last as date)) as day, number
    from unnest(sequence(0, :days)) as d (back) cross join unnest(sequence(0, :orders - 1)) as n (number)
)
"""


@dataclass(frozen=True, kw_only=True)
class History:
    """`days` days before `today`, each with `orders` orders."""

    today: date
    days: int
    orders: int

    def chunks(self) -> list[tuple[date, date]]:
        """Return the history's days as ranges that one statement may write, the end exclusive."""
        steps = range(self.days, 0, -DAYS_A_STATEMENT)
        return [
            (self.today - timedelta(days=back), self.today - timedelta(days=max(back - DAYS_A_STATEMENT, 0)))
            for back in steps
        ]

    def events(self, stream: str, first: date, after: date) -> exp.Select:
        """Return the query of the events of `stream` that happen from the day `first` to the day before `after`."""
        start = self.today - timedelta(days=self.days)
        origin = max(start, first - timedelta(days=LONGEST_LIFE_DAYS))
        text = _SELECTS[stream] if stream == "customers" else _NUMBERED + _SELECTS[stream]
        values = {
            "last": exp.Literal.string((after - timedelta(days=1)).isoformat()),
            "days": exp.Literal.number((after - origin).days - 1),
            "orders": exp.Literal.number(self.orders),
            "start": exp.Literal.string(start.isoformat()),
            "today": exp.Literal.string(self.today.isoformat()),
            "changes": exp.Literal.number((self.days - 1) // 10),
        }
        parts = {name: parse_one(part, dialect="athena") for name, part in _PARTS.items()}
        query = exp.replace_placeholders(parse_one(text, dialect="athena"), **parts)
        query = exp.replace_placeholders(query, **values)
        happened = exp.column("occurred_at")
        bounds = [exp.cast(exp.Literal.string(f"{day} 00:00:00"), "timestamp") for day in (first, after)]
        return exp.subquery(query, "events").select("*").where(happened >= bounds[0], happened.copy() < bounds[1])

    def insert(self, stream: str, first: date, after: date) -> exp.Insert:
        """Return the statement that puts the events of those days into raw, each day loaded an hour after its end."""
        contract = load_stream_contract(REPOSITORY / "contracts" / "streams" / f"{stream}.yaml")
        loaded = parse_one(
            """
            select *, to_hex(md5(to_utf8(cast(occurred_at as varchar)))) as _content_hash,
                concat('s3://landing/', :stream, '/dt=', substr(cast(occurred_at as varchar), 1, 10), '/hr=',
                    substr(cast(occurred_at as varchar), 12, 2), '/history.gz') as _source_object,
                1 as _line_number, 1 as _record_number, 'history' as _batch_id, :version as _contract_version,
                cast(date_add('hour', 25, date_trunc('day', occurred_at)) as timestamp(6)) as _loaded_at
            """,
            dialect="athena",
            into=exp.Select,
        )
        events = self.events(stream, first, after)
        query = exp.replace_placeholders(
            loaded.from_(events.subquery("happened")),
            stream=exp.Literal.string(stream),
            version=exp.Literal.string(contract.version),
        )
        inner = events.args["from_"].this.this
        names = [*inner.named_selects, *loaded.named_selects[1:]]
        table = exp.table_(stream, db="raw", quoted=True)
        columns = [exp.to_identifier(name, quoted=True) for name in names]
        return exp.Insert(this=exp.Schema(this=table, expressions=columns), expression=query)
