"""Product files: a good one is read whole, a bad one is refused by file and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from landfall.contracts.extract_product import PRODUCTS, load_product, load_products
from landfall.errors import ContractError

FILTER = {"name": "since", "column": "placed_at", "operator": ">=", "type": "date", "description": "First day."}


def _write(folder: Path, **changes: Any) -> Path:
    document = yaml.safe_load((PRODUCTS / "orders.yaml").read_text()) | changes
    path = folder / "orders.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_orders_product_is_read(tmp_path: Path) -> None:
    assert load_product(_write(tmp_path)) == load_products()["orders"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("formats", ["xls"]),
        ("max_rows", 0),
        ("max_rows_xlsx", 1_048_576),
        ("max_rows_xlsx", None),
        ("dataset", "ext_orders; drop"),
        ("customer_column", "tenant"),
        ("order_by", ["nothing"]),
        ("expires_after_days", "30"),
        ("surprise", 1),
        ("filters", [FILTER | {"type": "integer"}]),
        ("filters", [FILTER | {"values": ["a", "b"]}]),
        ("filters", [FILTER | {"type": "choice"}]),
        ("filters", [FILTER | {"operator": "like"}]),
    ],
)
def test_a_bad_product_is_refused_by_file_and_field(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(ContractError, match=rf"orders\.yaml: .*{field}|orders\.yaml: the document: .*{field}"):
        load_product(_write(tmp_path, **{field: value}))


@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        ("shopper_id", {"mask": None}, "of the class pseudonym needs a mask"),
        ("sku", {"mask": "hash"}, "of the class none needs no mask"),
        ("quantity", {"pii": "direct", "mask": "partial"}, "of type integer cannot have the mask partial"),
        ("order_id", {"pii": "direct", "mask": "hash"}, "no filter, order or customer column can be on it"),
        ("status", {"pii": "direct", "mask": "hash"}, "no filter, order or customer column can be on it"),
        ("sku", {"pii": "direct", "mask": "rot13"}, "rot13"),
    ],
)
def test_a_mask_that_does_not_hide_is_refused(
    tmp_path: Path, column: str, change: dict[str, str | None], words: str
) -> None:
    columns = yaml.safe_load((PRODUCTS / "orders.yaml").read_text())["columns"]
    for each in columns:
        if each["name"] == column:
            each.update(change)
            if each["mask"] is None:
                del each["mask"]
    with pytest.raises(ContractError, match=words):
        load_product(_write(tmp_path, columns=columns))


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    columns = yaml.safe_load((PRODUCTS / "orders.yaml").read_text())["columns"]
    with pytest.raises(ContractError, match="used twice"):
        load_product(_write(tmp_path, columns=[*columns, columns[0]]))


def test_products_that_mean_two_things_by_one_filter_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, filters=[FILTER])
    other = yaml.safe_load((PRODUCTS / "payments.yaml").read_text())
    other["filters"] = [FILTER | {"column": "amount_cents", "type": "integer"}]
    (tmp_path / "payments.yaml").write_text(yaml.safe_dump(other))
    with pytest.raises(ContractError, match="since is of type integer, but of date in product orders"):
        load_products(tmp_path)
