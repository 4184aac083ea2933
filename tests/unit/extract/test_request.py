"""What may be asked for, and that everything else stops at the door."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema.validators import validator_for
from landfall.contracts.extract_product import load_products
from landfall.errors import RequestError
from landfall.extract.door.form import form_schema
from landfall.extract.door.options import OPTION_PARAMS, FileOptions, time_zones
from landfall.extract.door.request import ExtractRequest, extract_id_of, parse_request

PRODUCTS = load_products()
REQUIRED = ["customer_id", "product", "format"]
OPTIONS = list(OPTION_PARAMS)
OPTIONAL = [*OPTIONS, "columns", "from_date", "to_date", "status", "currency", "min_amount_cents", "max_amount_cents"]
GOOD: dict[str, Any] = {"customer_id": "cus_000042", "product": "orders", "format": "csv"}

HOSTILE = [
    "cus_000042' OR '1'='1",
    "cus_000042; DROP TABLE x",
    "cus_000042\n",
    "cus_000042\0",
    "../cus_000043",
    "cus_000042/../cus_000043",
    "{{ dag_run.conf }}",
    "${IFS}$(id)",
    "cus_\u0660\u0660\u0660\u0660\u0664\u0662",  # Arabic digits
    "\uff43us_000042",  # full-width c
    "cus_000042\u202e",
    "CUS_000042",
    "",
    None,
    42,
    True,
    1e308,
    ["cus_000042"],
    {"$gt": ""},
    "c" * 100_000,
]


def test_a_request_survives_its_journey_between_tasks() -> None:
    request = parse_request({**GOOD, "from_date": "2026-11-01", "to_date": None}, run_id="run-1", products=PRODUCTS)

    assert request == ExtractRequest(
        extract_id="run-1",
        customer_id="cus_000042",
        product="orders",
        format="csv",
        filters={"from_date": "2026-11-01"},
        columns=tuple(column.name for column in PRODUCTS["orders"].columns),
    )
    assert ExtractRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:40])
@pytest.mark.parametrize("field", [*REQUIRED, *OPTIONAL])
def test_a_hostile_value_is_refused_by_its_field_name(field: str, value: object) -> None:
    good = value is None or (field == "part_size_mb" and type(value) is int) or (field == "header" and value is True)
    if field in OPTIONAL and (good or (field.endswith("_cents") and type(value) is int)):
        return  # no bound, which is the form's own default, or a good one
    with pytest.raises(RequestError, match=f"^{field}: ") as refused:
        parse_request({**GOOD, field: value}, run_id="run-1", products=PRODUCTS)
    assert len(str(refused.value)) < 350
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("day", ["2026-02-30", "1999-12-31", "2101-01-01", "20261101", "2026-11-01T00:00:00"])
def test_a_date_out_of_calendar_or_range_is_refused(day: str) -> None:
    with pytest.raises(RequestError, match=r"^from_date: "):
        parse_request({**GOOD, "from_date": day}, run_id="run-1", products=PRODUCTS)


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ({"from_date": "2026-11-02"}, {"to_date": "2026-11-02"}),
        ({"from_date": "2026-11-02"}, {"to_date": "2026-11-01"}),
        ({"min_amount_cents": 10}, {"max_amount_cents": 9}),
    ],
)
def test_an_empty_range_is_refused(low: dict[str, Any], high: dict[str, Any]) -> None:
    (name,) = high
    with pytest.raises(RequestError, match=rf"^{name}: .*must be after"):
        parse_request({**GOOD, **low, **high}, run_id="r", products=PRODUCTS)


def test_a_range_of_one_amount_is_none_of_these() -> None:
    request = parse_request({**GOOD, "min_amount_cents": 9, "max_amount_cents": 9}, run_id="r", products=PRODUCTS)
    assert request.filters == {"min_amount_cents": 9, "max_amount_cents": 9}


def test_a_filter_of_another_product_may_only_be_left_empty() -> None:
    assert parse_request({**GOOD, "device": None}, run_id="r", products=PRODUCTS).filters == {}
    with pytest.raises(RequestError, match=r"'orders' has no such filter; use only .*status"):
        parse_request({**GOOD, "device": "mobile"}, run_id="r", products=PRODUCTS)


def test_columns_come_in_the_products_order_and_always_tell_whose_a_row_is() -> None:
    request = parse_request({**GOOD, "columns": ["note", "order_id", "note"]}, run_id="r", products=PRODUCTS)
    assert request.columns == ("order_id", "customer_id", "note")


@pytest.mark.parametrize("columns", [[], ["no_such"], "note", [["note"]], [None], {"note": 1}])
def test_columns_that_are_none_of_the_product_are_refused(columns: object) -> None:
    with pytest.raises(RequestError, match=r"^columns: "):
        parse_request({**GOOD, "columns": columns}, run_id="r", products=PRODUCTS)


def test_personal_data_comes_only_to_whom_has_the_scope_and_asks_for_it() -> None:
    def pii(may_have_pii: bool, **asked: object) -> bool:
        return parse_request(GOOD | asked, run_id="r", products=PRODUCTS, may_have_pii=may_have_pii).pii

    assert not any((pii(False), pii(True), pii(True, pii=False), pii(False, pii=False)))
    assert pii(True, pii=True)
    with pytest.raises(RequestError, match=r"^pii: True needs the scope"):
        pii(False, pii=True)
    assert not parse_request({**GOOD, "pii": False}, run_id="r", products=PRODUCTS).pii


@pytest.mark.parametrize("value", ["true", 1, 0, None, [], "yes"])
def test_whether_personal_data_is_meant_is_never_guessed(value: object) -> None:
    with pytest.raises(RequestError, match=r"^pii: .*neither true nor false"):
        parse_request({**GOOD, "pii": value}, run_id="r", products=PRODUCTS, may_have_pii=True)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(RequestError, match=r"^'where': no such field"):
        parse_request({**GOOD, "where": "1=1"}, run_id="run-1", products=PRODUCTS)


def test_an_extract_id_is_safe_and_never_shared() -> None:
    ids = [
        extract_id_of(run_id) for run_id in ("manual__2026-11-21T01:33:00+00:00", "manual__2026-11-21T01-33-00-00-00")
    ]

    assert len(set(ids)) == 2
    assert all(extract_id_of(extract_id) == extract_id for extract_id in ids)


@pytest.mark.parametrize(
    "run_id", ["", "..", "../x", "a/b", "a%2Fb", "a b", "-x", "a" * 300, "a\n", "\u202e", "index/../x"]
)
def test_an_extract_id_is_one_plain_path_part(run_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}", extract_id_of(run_id))


def test_the_form_offers_what_the_products_offer() -> None:
    form = form_schema(PRODUCTS)

    filters = {entry.name for product in PRODUCTS.values() for entry in product.filters}
    assert (
        set(form) == {"customer_id", "product", "format", "columns", "pii", "since", "destination", *OPTIONS} | filters
    )
    assert form["format"]["enum"] == ["csv", "jsonl", "parquet", "xlsx"]
    assert form["product"]["enum"] == ["daily_sales", "orders", "payments", "sessions"]
    assert form["status"]["enum"] == [None, "placed", "paid", "shipped", "cancelled", "refunded"]
    assert "orders: " in form["currency"]["description"] and "payments: " in form["currency"]["description"]
    for name in filters:
        validator_for(form[name]).check_schema({k: v for k, v in form[name].items() if k != "default"})
    assert "default" not in form["customer_id"]


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({"format": "csv"}, FileOptions()),
        ({"format": "jsonl"}, FileOptions()),
        ({"format": "parquet"}, FileOptions(compression="snappy")),
        ({"format": "parquet", "compression": "zstd"}, FileOptions(compression="zstd")),
        ({"format": "jsonl", "time_zone": "Asia/Tokyo"}, FileOptions(time_zone="Asia/Tokyo")),
        ({"format": "jsonl", "part_size_mb": 5}, FileOptions(part_size_mb=5)),
        ({"format": "xlsx", "time_zone": "Asia/Tokyo"}, FileOptions(compression="none", time_zone="Asia/Tokyo")),
        (
            {"delimiter": "semicolon", "decimal_sign": "comma", "header": False, "compression": "none"},
            FileOptions(delimiter="semicolon", decimal_sign="comma", header=False, compression="none"),
        ),
    ],
)
def test_an_option_that_is_left_empty_is_the_formats_own(asked: dict[str, Any], options: FileOptions) -> None:
    request = parse_request(GOOD | dict.fromkeys(OPTIONS) | asked, run_id="r", products=PRODUCTS)
    assert request.options == options
    assert ExtractRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"format": "parquet", "delimiter": "comma"}, "delimiter"),
        ({"format": "jsonl", "header": True}, "header"),
        ({"format": "parquet", "header": False}, "header"),
        ({"format": "jsonl", "decimal_sign": "point"}, "decimal_sign"),
        ({"format": "parquet", "time_zone": "UTC"}, "time_zone"),
        ({"format": "parquet", "part_size_mb": 100}, "part_size_mb"),
        ({"format": "parquet", "compression": "none"}, "compression"),
        ({"format": "csv", "compression": "snappy"}, "compression"),
        ({"format": "csv", "decimal_sign": "comma"}, "decimal_sign"),
        ({"part_size_mb": 4}, "part_size_mb"),
        ({"part_size_mb": 6_201}, "part_size_mb"),
        ({"part_size_mb": True}, "part_size_mb"),
        ({"part_size_mb": 5.0}, "part_size_mb"),
        ({"time_zone": "CET"}, "time_zone"),
        ({"time_zone": "europe/berlin"}, "time_zone"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"delimiter": ";"}, "delimiter"),
        ({"format": "xls"}, "format"),
        ({"format": "xlsx", "compression": "gzip"}, "compression"),
        ({"format": "xlsx", "delimiter": "comma"}, "delimiter"),
        ({"format": "xlsx", "header": True}, "header"),
        ({"format": "xlsx", "part_size_mb": 100}, "part_size_mb"),
    ],
)
def test_an_option_that_a_format_does_not_have_is_refused_not_ignored(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError, match=rf"^{field}: "):
        parse_request(GOOD | asked, run_id="r", products=PRODUCTS)


def test_every_zone_on_offer_is_the_name_of_a_place() -> None:
    assert len(time_zones()) > 400
    assert all(re.fullmatch(r"UTC|[A-Z][A-Za-z]+(/[A-Za-z][A-Za-z_-]+){1,2}", zone) for zone in time_zones())
