"""What an incremental extract may go on from: the customer's own extract of the same, or a version that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.contracts.extract_product import load_products
from landfall.errors import PublicationError, RequestError
from landfall.extract.door import since
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.records.record import ExtractRecord, request_text
from landfall.extract.records.store import ExtractStore
from landfall.publish.record import Publication, PublishedDataset
from landfall.settings import Settings

from .memory import MemoryItems

PRODUCTS = load_products()
SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "x"))
GOOD = {"customer_id": "cus_000042", "product": "orders", "format": "csv", "status": "paid"}
GLUE_TYPES = {"integer": "bigint"}


def _request(**asked: Any) -> ExtractRequest:
    return parse_request({**GOOD, **asked}, run_id="later", products=PRODUCTS)


def _record(**changed: Any) -> ExtractRecord:
    now = datetime.now(UTC).isoformat()
    values: dict[str, Any] = {
        "extract_id": "earlier",
        "customer_id": "cus_000042",
        "product": "orders",
        "request": request_text(_request().to_json()),
        "requested_by": "key:k",
        "requested_at": now,
        "changed_at": now,
        "state": "done",
        "run_id": "earlier",
        "pii": False,
        "version": 3,
    }
    return ExtractRecord(**{**values, **changed})


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The columns of version 3's table, which is the only one there is; without any there is no table."""
    found = {each.name: GLUE_TYPES.get(each.type, each.type) for each in PRODUCTS["orders"].columns}

    def table(**_: str) -> Mapping[str, Any] | None:
        listed = [{"Name": name, "Type": kind} for name, kind in found.items()]
        return {"StorageDescriptor": {"Columns": listed}} if found else None

    def version(group: str, number: int) -> Publication:
        if number != 3:
            raise PublicationError("no such version")
        return Publication(
            group=group,
            version=3,
            datasets={"ext_orders": PublishedDataset(table="published.ext_orders__v3", snapshot_id=7)},
            gate="passed",
            contract_versions={},
            cause_run_id="r",
            published_at=datetime(2026, 11, 20, tzinfo=UTC),
        )

    monkeypatch.setattr(since.glue, "get_table", table)
    monkeypatch.setattr(since, "PublicationStore", lambda _: SimpleNamespace(version=version))
    return found


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ExtractStore:
    """The table of extracts."""
    found = ExtractStore(MemoryItems())
    monkeypatch.setattr(ExtractStore, "of", classmethod(lambda *_: found))
    return found


def _base(**asked: Any) -> Publication | None:
    return since.base_of(_request(**asked), group="lake", settings=SETTINGS)


@pytest.mark.parametrize("state", ["done", "expired", "deleted"])
def test_an_extract_whose_files_the_customer_could_fetch_stands_for_its_version(
    state: Any, columns: object, store: ExtractStore
) -> None:
    store.create(_record(state=state))
    base = _base(since="earlier")
    assert base is not None and base.version == 3
    # The next one goes on from this one, which went on from another itself.
    store.create(_record(extract_id="next", request=request_text(_request(since="earlier").to_json())))
    assert _base(since="next") == base


def test_a_version_stands_for_itself_and_nothing_for_all_rows(columns: object, store: ExtractStore) -> None:
    base = _base(since="3")
    assert base is not None and base.version == 3
    assert _base() is None


@pytest.mark.parametrize(
    "changed",
    [
        {"customer_id": "cus_000043"},
        {"extract_id": "another"},
        {"state": "failed"},
        {"state": "cancelled"},
        {"state": "held"},
        {"state": "running"},
    ],
    ids=str,
)
def test_what_the_customer_never_had_is_refused_in_the_same_words(
    changed: dict[str, Any], columns: object, store: ExtractStore
) -> None:
    store.create(_record(**changed))
    with pytest.raises(
        RequestError, match=r"^since: 'earlier' is no finished extract of this customer; leave it empty"
    ):
        _base(since="earlier")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"status": "placed"}, "another filters;"),
        ({"columns": ["order_id", "line_number"]}, "another columns;"),
        ({"format": "jsonl"}, "another format;"),
        ({"compression": "none", "status": None}, "another filters and options;"),
        ({"product": "payments", "status": None}, "another columns and filters and product;"),
    ],
    ids=str,
)
def test_an_extract_of_something_else_is_refused_and_what_differs_named(
    asked: dict[str, Any], words: str, columns: object, store: ExtractStore
) -> None:
    store.create(_record())
    with pytest.raises(RequestError, match=rf"^since: 'earlier' was asked for with {words} ask for the same"):
        _base(since="earlier", **asked)


def test_a_version_that_never_was_is_refused(columns: object, store: ExtractStore) -> None:
    with pytest.raises(RequestError, match=r"^since: version 4 was never published"):
        _base(since="4")


def test_a_version_that_is_not_kept_any_more_is_refused(columns: dict[str, str], store: ExtractStore) -> None:
    columns.clear()
    with pytest.raises(RequestError, match=r"^since: version 3 is not kept any more; leave it empty for all rows"):
        _base(since="3")


@pytest.mark.parametrize("kind", [None, "string"])
def test_a_version_with_other_columns_is_refused(
    kind: str | None, columns: dict[str, str], store: ExtractStore
) -> None:
    columns.pop("quantity")
    if kind:
        columns["quantity"] = kind
    with pytest.raises(RequestError, match=r"^since: version 3 has no quantity of this type"):
        _base(since="3")
    columns_asked = ["order_id", "line_number"]
    assert _base(since="3", columns=columns_asked) is not None
