"""Every hostile input at every parameter: refused in a word that harms nobody, or a literal in an unchanged tree."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlglot
from jsonschema import FormatChecker
from jsonschema.validators import validator_for
from landfall.api.asking import read_body
from landfall.api.callers import Caller
from landfall.api.problems import Refusal
from landfall.contracts.extract_product import load_products
from landfall.errors import RequestError
from landfall.extract.door.form import form_schema
from landfall.extract.door.options import FileOptions
from landfall.extract.door.request import ExtractRequest, extract_id_of, parse_request
from landfall.extract.engines.statements import count_rows, unload_statement
from landfall.extract.engines.walls import binding, create_lake_view
from landfall.extract.files.layout import attempt_prefix, manifest_key
from sqlglot import exp

from tests.hostile.corpus import corpus
from tests.hostile.naive import count_hits, hits, rendered

PRODUCTS = load_products()
INPUTS = corpus()
TEXTS = [each.value for each in INPUTS if isinstance(each.value, str)]
FORM = form_schema(PRODUCTS)
GOOD: dict[str, Any] = {"customer_id": "cus_000042", "product": "orders", "format": "csv"}
VIEW = "extract_walls.ext_orders__v7"
REQUEST = ExtractRequest(
    extract_id="run-1",
    customer_id="cus_000042",
    product="orders",
    format="csv",
    filters={"currency": "EUR"},
    columns=("customer_id",),
)
CUSTOMER = Caller(who="key:1", idempotency_scope="key:1", address=None, customer_id="cus_000042")
STAFF = Caller(who="staff:ada", idempotency_scope="staff:ada", address=None, pii=True)


def _asked() -> Iterator[tuple[str, Any]]:
    """Yield every parameter with every input, and every text as the name of a parameter."""
    for entry in INPUTS:
        yield from ((name, entry.value) for name in FORM)
        if isinstance(entry.value, str):
            yield entry.value, "x"


def test_there_are_two_thousand_inputs_of_every_kind() -> None:
    kinds = Counter(each.kind for each in INPUTS)
    assert len(INPUTS) >= 2_000
    assert set(kinds) == {"sql", "jinja", "shell", "path", "unicode", "type", "size"} and min(kinds.values()) >= 40


def _statements(request: ExtractRequest) -> Iterator[tuple[str, str]]:
    """Yield each statement of an extract with its dialect; the texts are what is sent to the engines."""
    product = PRODUCTS[request.product]
    yield count_rows(product, request, "published.ext_orders__v7").sql(dialect="athena"), "athena"
    if request.format == "parquet":
        view = create_lake_view("scratch.v", product=product, customer_id=request.customer_id, table="published.t")
        yield view.sql(dialect="athena"), "athena"
    else:
        yield binding(request.customer_id).sql(dialect="redshift"), "redshift"


def _unloaded(request: ExtractRequest) -> tuple[str, str]:
    """Return the query that the UNLOAD of a request holds, as its engine reads it, and the dialect."""
    unload = unload_statement(
        PRODUCTS[request.product], request, VIEW, destination="s3://b/p_", salt="", role_arn="arn"
    )
    inner = unload[len("UNLOAD (") : unload.rindex(") TO 's3://b/p_'")]
    return (inner, "athena") if request.format == "parquet" else (inner[1:-1].replace("''", "'"), "redshift")


def _shape(text: str, dialect: str, values: set[str]) -> str:
    """Return a statement as an engine reads it, with the literals that are one of `values` replaced."""
    (tree,) = sqlglot.parse(text, dialect=dialect)
    assert tree is not None
    for literal in tree.find_all(exp.Literal):
        if literal.is_string and literal.this in values:
            literal.set("this", "value")
    return repr(tree)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_even_a_value_that_no_door_had_looked_at_would_be_a_literal_in_the_same_tree(file_format: Any) -> None:
    options = FileOptions(compression="snappy" if file_format == "parquet" else "gzip")
    benign = replace(REQUEST, format=file_format, options=options)
    own = {"cus_000042", "EUR"}
    harmless = [_shape(*each, own) for each in _statements(benign)]
    harmless_unload = _shape(*_unloaded(benign), own)
    for number, value in enumerate(TEXTS if file_format == "csv" else TEXTS[::5]):
        asked = replace(benign, customer_id=value, filters={"currency": value})
        assert [_shape(*each, {value}) for each in _statements(asked)] == harmless, ascii(value)[:80]
        if number % 20 == 0:
            assert _unload_or_refusal(asked, {value}) in (harmless_unload, None), ascii(value)[:80]


def _unload_or_refusal(request: ExtractRequest, values: set[str]) -> str | None:
    """Return the shape of a request's UNLOAD, None if it cannot be written.

    sqlglot writes a quote, a backslash or a line break for Redshift with a backslash, which an UNLOAD does not take.
    """
    try:
        return _shape(*_unloaded(request), values)
    except ValueError as error:
        assert "backslash" in str(error)
        return None


def test_what_is_refused_is_refused_in_one_printable_line_and_what_is_not_is_harmless() -> None:
    outcomes: Counter[str] = Counter()
    for name, value in _asked():
        try:
            request = parse_request({**GOOD, name: value}, run_id="run-1", products=PRODUCTS, may_have_pii=True)
        except RequestError as error:
            assert _is_harmless_line(str(error)), ascii(str(error))[:200]
            outcomes["refused"] += 1
        else:
            _harmless(request)
            outcomes["taken"] += 1
    assert outcomes["refused"] > 30_000 and outcomes["taken"] < outcomes["refused"] / 50, outcomes


def test_what_the_form_takes_the_run_looks_at_again() -> None:
    """The UI form and Airflow's REST API are the same JSON schemas; the DAG's first task is what stands behind them."""
    checks = {name: validator_for(schema)(schema, format_checker=FormatChecker()) for name, schema in FORM.items()}
    taken: Counter[str] = Counter()
    for name, check in checks.items():
        for entry in INPUTS:
            if not check.is_valid(entry.value):
                continue
            taken[name] += 1
            try:
                _harmless(
                    parse_request({**GOOD, name: entry.value}, run_id="run-1", products=PRODUCTS, may_have_pii=True)
                )
            except RequestError as error:
                assert _is_harmless_line(str(error))
    # A pattern of JSON schema lets a line break pass at the end; the run does not.
    assert taken["customer_id"] == 1 and taken["time_zone"] > 2_000


@pytest.mark.parametrize("caller", [CUSTOMER, STAFF], ids=["customer", "staff"])
def test_what_the_api_takes_is_harmless_and_never_another_customers(caller: Caller) -> None:
    refused = 0
    for number, (name, value) in enumerate(_asked()):
        if number % 2 != (caller is STAFF):
            continue
        body = json.dumps({**GOOD, name: value}).encode()
        try:
            asked = read_body(body, caller)
        except Refusal as refusal:
            assert refusal.status_code in (400, 403, 413)
            shown = refusal.members["value"] or ""
            assert shown.isascii() and shown.isprintable() and len(shown) <= 60
            refused += 1
        else:
            assert asked.request.customer_id == "cus_000042"
            _harmless(asked.request)
    assert refused > 15_000


def test_no_run_id_leads_out_of_its_folder_or_to_anothers() -> None:
    ids = {extract_id_of(value) for value in TEXTS if value}
    assert len(ids) == len({value for value in TEXTS if value})
    for extract_id in ids:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}", extract_id)
        request = replace(REQUEST, extract_id=extract_id)
        assert attempt_prefix(request, 1) == f"cus_000042/{extract_id}/attempt-1/"
        assert manifest_key(customer_id="cus_000042", extract_id=extract_id).count("/") == 2


def test_the_same_inputs_break_a_dag_of_templates(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cus_000042" in rendered("sql", "cus_000042") and not hits("cus_000042")
    with capsys.disabled():
        found = count_hits(TEXTS[::5])
    assert all(count > 40 for count in found.values()), found


def _harmless(request: ExtractRequest) -> None:
    """Assert that an accepted request's statements are those of a harmless one with the same fields."""
    values = {value for value in request.filters.values() if isinstance(value, str)}
    for text, dialect in (*_statements(request), _unloaded(request)):
        (tree,) = sqlglot.parse(text, dialect=dialect)
        assert isinstance(tree, exp.Query | exp.Create)
    assert request.customer_id == "cus_000042" and request.product in PRODUCTS
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,20}", value) for value in values)
    assert set(request.columns) <= {column.name for column in PRODUCTS[request.product].columns}


def _is_harmless_line(text: str) -> bool:
    return text.isprintable() and len(text) < 1_000
