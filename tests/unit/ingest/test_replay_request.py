"""The door of replay_quarantine: what is asked for is checked, pinned, and the same in every later task."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from landfall.errors import RequestError
from landfall.ingest.replay_request import ReplayRequest, admit, admitted
from landfall.settings import REPOSITORY

CONTRACTS = REPOSITORY / "contracts" / "streams"
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
FORM = {
    "stream": "orders",
    "from_date": "2026-11-19",
    "to_date": "2026-11-20",
    "reasons": ["missing_field"],
    "correction": "mend",
    "contract_version": None,
    "dry_run": True,
}


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    write_correction(tmp_path, "EUR")
    text = (tmp_path / "mend.yaml").read_text()
    (tmp_path / "of_payments.yaml").write_text(text.replace("stream: orders", "stream: payments"))
    return tmp_path


def write_correction(folder: Path, value: str) -> None:
    step = f"  - default: {{field: currency, value: {value}}}\n"
    (folder / "mend.yaml").write_text(f"stream: orders\ndescription: for a test\nsteps:\n{step}")


def request(corrections: Path, **changes: Any) -> ReplayRequest:
    return admit({**FORM, **changes}, now=NOW, contracts=CONTRACTS, corrections=corrections)


def test_a_request_is_pinned_with_its_correction_and_comes_out_of_xcom_the_same(corrections: Path) -> None:
    asked = request(corrections)
    values = json.loads(json.dumps(asked.to_json()))
    write_correction(corrections, "USD")
    again = admitted(values, contracts=CONTRACTS)
    assert again == asked
    assert again.fingerprint == asked.fingerprint
    assert request(corrections).fingerprint != asked.fingerprint
    selection = again.selection(excluded=("s3://landing/open.gz",))
    assert (selection.first, selection.last, selection.before) == (date(2026, 11, 19), date(2026, 11, 20), NOW)
    assert (selection.reasons, selection.excluded) == (("missing_field",), ("s3://landing/open.gz",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stream": "nothing"}, "stream 'nothing': .* choose of customers, orders"),
        ({"stream": "../orders"}, "stream '../orders'"),
        ({"stream": None}, "stream None"),
        ({"from_date": "yesterday"}, "from_date 'yesterday': write a day"),
        ({"to_date": None}, "to_date None"),
        ({"to_date": "2026-11-18"}, "to_date 2026-11-18 is before from_date 2026-11-19"),
        ({"reasons": ["bad", "conflict"]}, r"reasons \['bad'\]"),
        ({"correction": "other"}, "there are: mend, of_payments"),
        ({"correction": "of_payments"}, "is one of payments, not of orders"),
        ({"contract_version": "0.0.1"}, "contract_version '0.0.1': .* is in force"),
    ],
)
def test_what_cannot_be_right_is_refused_with_the_field_and_the_remedy(
    corrections: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestError, match=words):
        request(corrections, **changes)


def test_a_contract_that_changed_since_the_request_was_admitted_is_noticed(corrections: Path) -> None:
    values = request(corrections).to_json() | {"contract_version": "0.9.9"}
    with pytest.raises(RequestError, match="is in force"):
        admitted(values, contracts=CONTRACTS)


def test_reasons_and_correction_may_be_left_out(corrections: Path) -> None:
    asked = request(corrections, reasons=None, correction=None)
    assert (asked.reasons, asked.correction) == ((), None)
    assert admitted(asked.to_json(), contracts=CONTRACTS) == asked
