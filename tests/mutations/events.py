"""Mutations of what a producer sends: one field, or the rows of a stream of a day, as releases and outages do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from landfall.contracts import Field, FieldType, StreamContract, load_stream_contracts
from landfall.settings import REPOSITORY

Body = dict[str, Any]
OneBody = Callable[[Body, Random], Body]


@dataclass(frozen=True)
class Sent:
    """A record of a day: when it arrives, its text, and the good events in it (none: a malformed record)."""

    at: datetime
    text: str
    events: tuple[Body, ...]


Day = Sequence[Sent]
WholeDay = Callable[[Day, Day, Random], list[tuple[datetime, list[Body], str]]]


@dataclass(frozen=True)
class DataMutation:
    """A change of the day of one stream. `of_body` changes an event; `of_day` the day, given the day before.

    `merchant` tells that only the largest merchant's events are changed.
    """

    stream: str
    name: str
    of_body: OneBody | None = None
    of_day: WholeDay | None = None
    merchant: bool = False


def data_mutations() -> Iterator[DataMutation]:
    """Yield every mutation of data, by stream and field of the contracts in force."""
    for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams"):
        for field in contract.fields:
            yield from _of_field(contract, field)
        yield from _of_rows(contract)
        yield from _of_pairs(contract)


def _of_field(contract: StreamContract, field: Field) -> Iterator[DataMutation]:
    changes: dict[str, OneBody] = {
        "renamed": partial(_renamed, name=field.name),
        "retyped": _change(field.name, _retyped),
        "nulled": _change(field.name, lambda value, _: None),
        "doubled": _change(field.name, _doubled),
    }
    # An identifier has one form: changing it more gives the same as doubling it.
    plausible = _plausible(field)
    for name, change in (changes | plausible).items():
        yield DataMutation(stream=contract.stream, name=f"{field.name} {name}", of_body=change)
        if name in plausible and contract.stream in ("orders", "payments") and name not in _FORM:
            yield DataMutation(
                stream=contract.stream, name=f"{field.name} {name}, one merchant", of_body=change, merchant=True
            )


_FORM = ("in lower case", "with an offset", "as a date", "emptied", "padded with spaces")
"""Changes of a value's form, which are the same for one merchant's events."""


def _plausible(field: Field) -> dict[str, OneBody]:
    """Return changes that keep the field's type, by what its name and type say that it is."""
    change = partial(_change, field.name)
    if field.type is FieldType.TIMESTAMP:
        hours = {"an hour ahead": 1, "an hour behind": -1, "five hours behind": -5, "eight hours ahead": 8}
        shifts: dict[str, OneBody] = {name: change(partial(_shifted, hours=by)) for name, by in hours.items()}
        return shifts | {
            "a day behind": change(partial(_shifted, hours=-24)),
            "with an offset": change(lambda value, _: str(value).replace("Z", "+02:00")),
            "as a date": change(lambda value, _: f"{str(value)[:10]}T00:00:00.000Z"),
        }
    if field.name.endswith("_cents"):
        return {
            "in units instead of cents": change(lambda value, _: int(value) // 100),
            "a hundred times as much": change(lambda value, _: int(value) * 100),
            "with the sign flipped": change(lambda value, _: -int(value)),
            "set to nought": change(lambda value, _: 0),
        }
    if field.name == "currency":
        return {
            "all dollars": change(lambda value, _: "USD"),
            "euros and pounds exchanged": change(lambda value, _: {"EUR": "GBP", "GBP": "EUR"}.get(value, value)),
            "in lower case": change(lambda value, _: str(value).lower()),
        }
    if field.allowed:
        values = list(field.allowed)
        return {
            "each the next of its set": change(lambda value, _: values[(values.index(value) + 1) % len(values)]),
            "always the first of its set": change(lambda value, _: values[0]),
        }
    if field.name.endswith("_id"):
        return {
            "its neighbour's": change(_neighbour),
            "one for all": change(lambda value, _: str(value)[:4] + "0" * (len(str(value)) - 5) + "1"),
        }
    if field.type is FieldType.STRING:
        return {"emptied": change(lambda value, _: ""), "padded with spaces": change(lambda value, _: f" {value} ")}
    if field.type is FieldType.BOOLEAN:
        return {"negated": change(lambda value, _: not value)}
    return {"plus one": change(lambda value, _: int(value) + 1), "always one": change(lambda value, _: 1)}


def _change(name: str, how: Callable[[Any, Random], Any]) -> OneBody:
    """Return the change of the field `name` by `how`; an event without the field stays as it is."""

    def of_body(body: Body, chance: Random) -> Body:
        return body | {name: how(body[name], chance)} if body.get(name) is not None else body

    return of_body


def _renamed(body: Body, _: Random, *, name: str) -> Body:
    return {f"{key}_new" if key == name else key: value for key, value in body.items()}


def _retyped(value: Any, _: Random) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, int) else len(str(value))


def _doubled(value: Any, _: Random) -> Any:
    if isinstance(value, bool):
        return [value, value]
    if isinstance(value, int):
        return value * 2
    return str(value) * 2


def _shifted(value: Any, _: Random, *, hours: int) -> str:
    moment = datetime.fromisoformat(str(value)) + timedelta(hours=hours)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _neighbour(value: Any, _: Random) -> str:
    """Return an identifier with its last digit another one."""
    text = str(value)
    return f"{text[:-1]}{(int(text[-1], 16) + 1) % 10}"


def _of_pairs(contract: StreamContract) -> Iterator[DataMutation]:
    """Yield exchanges of two fields of one type, as a mapping gone wrong makes them."""
    pairs = {
        "orders": (("quantity", "line_number"), ("quantity", "unit_price_cents"), ("sku", "note")),
        "payments": (("kind", "method"), ("payment_id", "order_id")),
        "page_views": (("url", "referrer"), ("customer_id", "shopper_id")),
        "customers": (("name", "email"), ("plan", "country")),
    }
    for one, other in pairs.get(contract.stream, ()):
        yield DataMutation(
            stream=contract.stream,
            name=f"{one} and {other} exchanged",
            of_body=lambda body, _, one=one, other=other: body | {one: body.get(other), other: body.get(one)},
        )


def _of_rows(contract: StreamContract) -> Iterator[DataMutation]:
    """Yield changes of which events come, how often and when."""
    key = contract.key[0]
    days: dict[str, WholeDay] = {
        "half of the rows dropped": lambda day, _, chance: _kept(day, lambda sent: chance.random() < 0.5),
        "the last six hours dropped": lambda day, _, chance: _kept(
            day, lambda sent: sent.at < day[-1].at - timedelta(hours=6)
        ),
        _ONE_MERCHANT: lambda day, _, chance: _kept(
            day, lambda sent: not any(body["customer_id"] == largest_merchant(day) for body in sent.events)
        ),
        "all rows dropped": lambda day, _, chance: [],
        "every row twice": lambda day, _, chance: [*_kept(day), *_kept(day)],
        "every row twice under new keys": lambda day, _, chance: [*_kept(day), *_rekeyed(day, key, chance)],
        "the day before again": lambda day, before, chance: [*_kept(day), *_again(before, day)],
        "the day before again under new keys": lambda day, before, chance: [
            *_kept(day),
            *_rekeyed([Sent(day[-1].at, sent.text, sent.events) for sent in before], key, chance),
        ],
        "in reverse order": lambda day, _, chance: [
            (sent.at, *rest) for sent, (_, *rest) in zip(day, reversed(_kept(day)), strict=True)
        ],
        "again with other content": lambda day, _, chance: [*_kept(day), *_contradicting(day, contract)],
    }
    if contract.stream == "customers":
        # A change feed: most merchants change nothing on a day, so one without changes is what every day has.
        del days[_ONE_MERCHANT]
    for name, change in days.items():
        yield DataMutation(stream=contract.stream, name=f"{name}", of_day=change)


_ONE_MERCHANT = "the largest merchant dropped"


def _kept(day: Day, keep: Callable[[Sent], bool] = lambda sent: True) -> list[tuple[datetime, list[Body], str]]:
    return [(sent.at, list(sent.events), sent.text) for sent in day if keep(sent)]


def _again(before: Day, day: Day) -> list[tuple[datetime, list[Body], str]]:
    return [(day[-1].at, list(sent.events), sent.text) for sent in before if sent.events]


def _rekeyed(day: Day, key: str, chance: Random) -> list[tuple[datetime, list[Body], str]]:
    """Return the events once more under keys that nobody has seen."""
    return [
        (sent.at, [body | {key: _new_key(str(body[key]), chance)} for body in sent.events], "")
        for sent in day
        if sent.events
    ]


def _new_key(known: str, chance: Random) -> str:
    if known.startswith("cus_"):
        return f"cus_{chance.randrange(900_000, 1_000_000)}"
    return f"{known[:4]}{chance.getrandbits(48):012x}"


def _contradicting(day: Day, contract: StreamContract) -> list[tuple[datetime, list[Body], str]]:
    changed = {"orders": "sku", "payments": "method", "page_views": "url", "customers": "name"}[contract.stream]
    value = {"method": "bank_transfer", "url": "https://elsewhere.example/"}.get(changed, "another")
    return [(day[-1].at, [body | {changed: value} for body in sent.events], "") for sent in day if sent.events]


def largest_merchant(day: Day) -> str:
    """Return the merchant with most events of a day."""
    ids = [str(body["customer_id"]) for sent in day for body in sent.events]
    return max(sorted(set(ids)), key=ids.count)
