"""Extracts on both engines: exact, of one customer, certified last, repeatable, held back when anything is wrong."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from landfall.api.app import Doors, create_app
from landfall.api.keys import ApiKeyStore
from landfall.aws import s3
from landfall.aws.secrets import read_secret
from landfall.contracts.extract_product import load_products
from landfall.errors import GateFailed, RequestError, VerificationError
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import unload as unload_module
from landfall.extract.engines.masking import salt_of
from landfall.extract.engines.unload import Unloaded, unload
from landfall.extract.files.layout import extract_prefix
from landfall.extract.proof.signature import SIGNING_KEYS
from landfall.extract.proof.verify import verify
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import course
from landfall.extract.run.admission import _entered
from landfall.extract.run.publish import Published, published_before
from landfall.settings import Settings

from tests.certifying import certify
from tests.unit.api.world import MemoryRuns

from .conftest import CUSTOMER, DAYS, NOTES, OTHER, SHOPPER, admission_of

FORMATS = ["csv", "parquet"]
AT = datetime(2026, 11, 20, 10, 0, 0, 123000)
ARRIVES = {
    "integer": ("-7", -7),
    "date": ("2026-11-20", AT.date()),
    "timestamp": ("2026-11-20 10:00:00.123", AT),
    "decimal(18,8)": ("1.25000000", Decimal("1.25")),
}
"""Type of a column -> what conftest's value of it is in a CSV and in Parquet."""
Admit = Callable[..., Admission]


def _publish(unloaded: Unloaded, settings: Settings) -> Published:
    return certify(unloaded, settings=settings)


def _keys(admission: Admission, settings: Settings) -> list[str]:
    request = admission.request
    prefix = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    found = s3.list_objects(bucket=settings.extracts_bucket, prefix=prefix)
    return [item.key.removeprefix(prefix) for item in found]


def _kept(admission: Admission, settings: Settings, manifest: bytes) -> set[str]:
    """Return the folders and files of an extract but the signature that `manifest` names, which must be there."""
    kept = {name.partition("/")[0] for name in _keys(admission, settings)}
    return kept ^ {json.loads(manifest)["signature"]["path"]}


@pytest.fixture
def api(settings: Settings) -> TestClient:
    """The API as the customer's system sees it, with a key of its own."""
    _, token = ApiKeyStore.of(settings).create(
        customer_id=CUSTOMER, name="test", products=(), pii=True, days=1, created_by="cli:test"
    )
    app = create_app(Doors(runs=MemoryRuns()))
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)


def _register(request: ExtractRequest, settings: Settings) -> None:
    store = ExtractStore.of(settings)
    _entered(request, run_id=request.extract_id, requested_by="staff:test", store=store, settings=settings)
    store.move(request.extract_id, "running", version=1)


def _download(admission: Admission, api: TestClient, folder: Path) -> Path:
    """Fetch the manifest and files by their links, as a customer would, and return the folder."""
    answer = api.get(f"/v1/extracts/{admission.request.extract_id}").json()
    manifest = api.get(answer["manifest"]["url"])
    (folder / "manifest.json").write_bytes(manifest.content)
    addresses = {file["name"]: file["url"] for file in answer["files"]}
    addresses[manifest.json()["signature"]["path"]] = answer["manifest"]["signature_url"]
    for name, address in addresses.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        link = api.get(address).headers["location"]
        urllib.request.urlretrieve(link, folder / name)  # noqa: S310 - a presigned HTTP address
    return folder


def _rows(folder: Path) -> list[dict[str, object]]:
    files = sorted(path for path in folder.rglob("attempt-*/*") if path.is_file())
    rows: list[dict[str, object]] = []
    for file in files:
        if file.name.endswith("csv.gz"):
            with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
                rows += list(csv.DictReader(text))
        else:
            rows += pq.ParquetFile(file).read().to_pylist()
    return rows


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_extract_holds_exactly_one_customers_rows(
    file_format: str, admitted: Admit, api: TestClient, settings: Settings, tmp_path: Path
) -> None:
    admission = admitted(file_format)
    _register(admission.request, settings)
    published = _publish(unload(admission, attempt=1, settings=settings), settings)
    course.finish(admission, published, settings=settings)
    folder = _download(admission, api, tmp_path)
    fingerprint = json.loads((folder / "manifest.json").read_bytes())["signature"]["public_key_sha256"]
    key = folder / "public.pem"
    key.write_bytes(s3.read_object(bucket=settings.extracts_bucket, key=f"{SIGNING_KEYS}{fingerprint}.pem"))

    found = verify(folder, key=key)
    assert found.problems == () and found.is_signature_checked
    assert published.rows == found.manifest.rows == len(NOTES) * DAYS
    rows = _rows(folder)
    assert {row["customer_id"] for row in rows} == {CUSTOMER}
    notes = sorted(str(row["note"] or "") for row in rows)
    escaped = [
        n if file_format == "parquet" or not n or n[0] not in "=+-@" else "'" + n for n in (x or "" for x in NOTES)
    ]
    assert notes == sorted(escaped * DAYS)
    assert OTHER.encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_date_range_takes_its_first_day_and_not_its_last(
    file_format: str, admitted: Admit, settings: Settings
) -> None:
    admission = admitted(file_format, from_date="2026-11-21", to_date="2026-11-22")
    assert _publish(unload(admission, attempt=1, settings=settings), settings).rows == len(NOTES)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_customer_without_rows_gets_an_extract_without_rows(
    file_format: str, pinned_table: str, settings: Settings
) -> None:
    admission = admission_of(pinned_table, file_format, customer_id="cus_999999")
    assert _publish(unload(admission, attempt=1, settings=settings), settings).rows == 0


def test_before_the_manifest_nothing_can_be_reached(admitted: Admit, api: TestClient, settings: Settings) -> None:
    admission = admitted()
    _register(admission.request, settings)
    unload(admission, attempt=1, settings=settings)  # and the run dies here

    address = f"/v1/extracts/{admission.request.extract_id}"
    answer = api.get(address).json()

    assert _keys(admission, settings) != []
    assert answer["state"] == "running"
    assert answer["files"] == [] and "manifest" not in answer
    assert [api.get(f"{address}/{part}").status_code for part in ("manifest", "files/0")] == [409, 409]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("product", ["daily_sales", "payments", "sessions"])
def test_every_type_of_column_arrives_as_it_was_published(
    product: str,
    file_format: str,
    published_product: Callable[[str], str],
    api: TestClient,
    settings: Settings,
    tmp_path: Path,
) -> None:
    types = {column.name: column.type for column in load_products()[product].columns}
    asked = [name for name, kind in types.items() if kind != "string"]
    filters = {"from_date": "2026-11-20", "to_date": "2026-11-21"}
    admission = admission_of(published_product(product), file_format, product=product, columns=asked, **filters)
    _register(admission.request, settings)
    published = _publish(unload(admission, attempt=1, settings=settings), settings)
    course.finish(admission, published, settings=settings)

    folder = _download(admission, api, tmp_path)

    expected = {name: ARRIVES[types[name]][FORMATS.index(file_format)] for name in asked}
    assert _rows(folder) == [{name: expected.get(name, CUSTOMER) for name in types if name in {*asked, "customer_id"}}]
    assert verify(folder).problems == ()


@pytest.mark.parametrize(
    ("product", "asked", "first_line"),
    [
        ("orders", {"format": "jsonl", "compression": "zstd", "time_zone": "Europe/Berlin"}, None),
        (
            "orders",
            {"format": "csv", "compression": "zstd", "delimiter": "tab", "part_size_mb": 5},
            "order_id\tline_number",
        ),
        (
            "daily_sales",
            {"format": "csv", "delimiter": "semicolon", "decimal_sign": "comma", "header": False},
            "cus_000042;",
        ),
        ("orders", {"format": "parquet", "compression": "zstd"}, None),
    ],
)
def test_files_are_written_as_asked_by_what_engines_can_do(
    product: str,
    asked: dict[str, object],
    first_line: str | None,
    pinned_table: str,
    published_product: Callable[[str], str],
    settings: Settings,
    tmp_path: Path,
) -> None:
    table = pinned_table if product == "orders" else published_product(product)
    admission = admission_of(table, str(asked["format"]), product=product, **asked)
    _publish(unload(admission, attempt=1, settings=settings), settings)
    prefix = extract_prefix(customer_id=CUSTOMER, extract_id=admission.request.extract_id)
    for name in _keys(admission, settings):
        target = tmp_path / Path(name).name
        target.write_bytes(s3.read_object(bucket=settings.extracts_bucket, key=prefix + name))

    assert verify(tmp_path).problems == ()
    (part,) = (path for path in tmp_path.iterdir() if not path.name.startswith("manifest"))
    if asked["format"] == "parquet":
        assert pq.ParquetFile(part).metadata.row_group(0).column(0).compression == "ZSTD"
        return
    text = pa.input_stream(str(part), compression="zstd" if "compression" in asked else "gzip").read().decode()
    if asked["format"] == "jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
        assert (rows[0]["placed_at"], rows[0]["quantity"]) == ("2026-11-20 11:00:00.123", 2)
        assert [row["note"] for row in rows[: len(NOTES)]] == NOTES
    else:
        assert text.startswith(str(first_line))
    if product == "daily_sales":
        assert ";1,25000000" in text and "-7" in text


def test_masked_columns_are_the_same_in_the_files_of_both_engines_and_nothing_shows(
    admitted: Admit, api: TestClient, settings: Settings, tmp_path: Path
) -> None:
    salt = salt_of(CUSTOMER, secret=read_secret(settings.masking_secret_arn))
    expected = hashlib.sha256(f"{salt}{SHOPPER}".encode()).hexdigest()
    for file_format in FORMATS:
        admission = admitted(file_format, pii=False)
        _register(admission.request, settings)
        published = _publish(unload(admission, attempt=1, settings=settings), settings)
        course.finish(admission, published, settings=settings)
        (tmp_path / file_format).mkdir()
        folder = _download(admission, api, tmp_path / file_format)

        assert {(row["shopper_id"], row["note"] or None) for row in _rows(folder)} == {(expected, None)}
        assert verify(folder).problems == ()
        assert json.loads((folder / "manifest.json").read_text())["masked"].keys() == {"shopper_id", "note"}


def test_a_masked_column_that_an_engine_wrote_as_it_is_holds_the_extract_back(
    admitted: Admit, settings: Settings
) -> None:
    admission = admitted(pii=False)
    unmasked = replace(admission, request=replace(admission.request, pii=True))
    unloaded = replace(unload(unmasked, attempt=1, settings=settings), admission=admission)

    with pytest.raises(VerificationError, match="cells of masked columns as they are"):
        _publish(unloaded, settings)
    assert "manifest.json" not in _keys(admission, settings)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"status": "paid", "currency": "EUR", "min_amount_cents": 100, "max_amount_cents": 100}, DAYS * len(NOTES)),
        ({"status": "placed"}, 0),
        ({"currency": "USD"}, 0),
        ({"min_amount_cents": 101}, 0),
        ({"max_amount_cents": 99}, 0),
    ],
)
def test_a_filter_leaves_out_what_does_not_fit(
    asked: dict[str, object], rows: int, admitted: Admit, settings: Settings
) -> None:
    assert unload(admitted("csv", **asked), attempt=1, settings=settings).expected_rows == rows


def test_a_run_after_a_crash_leaves_one_attempt_and_a_second_run_changes_nothing(
    admitted: Admit, settings: Settings
) -> None:
    admission = admitted()
    unload(admission, attempt=1, settings=settings)
    assert published_before(admission, settings=settings) is None
    first = _publish(unload(admission, attempt=2, settings=settings), settings)
    bucket, key = s3.split_uri(first.manifest_uri)
    manifest = s3.read_object(bucket=bucket, key=key)
    assert _kept(admission, settings, manifest) == {"attempt-2", "manifest.json"}

    assert published_before(admission, settings=settings) == first
    again = _publish(unload(admission, attempt=3, settings=settings), settings)

    assert again == first
    assert s3.read_object(bucket=bucket, key=key) == manifest
    assert _kept(admission, settings, manifest) == {"attempt-2", "manifest.json"}


def test_two_extracts_of_one_version_have_the_same_content(admitted: Admit, settings: Settings) -> None:
    contents = []
    for _ in range(2):
        published = _publish(unload(admitted(), attempt=1, settings=settings), settings)
        bucket, key = s3.split_uri(published.manifest_uri)
        base = key.removesuffix("manifest.json")
        files = json.loads(s3.read_object(bucket=bucket, key=key))["files"]
        contents.append([gzip.decompress(s3.read_object(bucket=bucket, key=base + file["path"])) for file in files])
    assert contents[0] == contents[1]


def test_a_row_of_another_customer_in_a_file_holds_the_extract_back(admitted: Admit, settings: Settings) -> None:
    admission = admitted()
    unloaded = unload(admission, attempt=1, settings=settings)
    (name,) = _keys(admission, settings)
    request = admission.request
    key = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id) + name
    content = gzip.decompress(s3.read_object(bucket=settings.extracts_bucket, key=key))
    forged = gzip.compress(content.replace(CUSTOMER.encode(), OTHER.encode(), 1))
    s3.write_object(bucket=settings.extracts_bucket, key=key, body=forged)

    with pytest.raises(VerificationError, match="1 rows of another customer"):
        _publish(unloaded, settings)
    assert "manifest.json" not in _keys(admission, settings)


def test_a_lost_row_holds_the_extract_back(admitted: Admit, settings: Settings) -> None:
    admission = admitted()
    unloaded = unload(admission, attempt=1, settings=settings)
    (name,) = _keys(admission, settings)
    request = admission.request
    key = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id) + name
    lines = gzip.decompress(s3.read_object(bucket=settings.extracts_bucket, key=key)).splitlines(keepends=True)
    s3.write_object(bucket=settings.extracts_bucket, key=key, body=gzip.compress(b"".join(lines[:-1])))

    with pytest.raises(VerificationError, match="hold 15 rows, the published version has 16"):
        _publish(unloaded, settings)


@pytest.mark.parametrize("file_format", [*FORMATS, "jsonl"])
def test_the_outgoing_gate_holds_doubled_rows_back(
    file_format: str, pinned_with_doubles: str, settings: Settings
) -> None:
    admission = admission_of(pinned_with_doubles, file_format)
    unloaded = unload(admission, attempt=1, settings=settings)

    with pytest.raises(GateFailed, match="expect_compound_columns_to_be_unique"):
        _publish(unloaded, settings)

    assert "manifest.json" not in _keys(admission, settings)


def test_more_rows_than_the_product_allows_are_refused_before_the_engine_writes(
    admitted: Admit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = {name: replace(p, max_rows=3) for name, p in unload_module.load_products().items()}
    monkeypatch.setattr(unload_module, "load_products", lambda: products)
    admission = admitted()

    with pytest.raises(RequestError, match="16 rows are more than the 3"):
        unload(admission, attempt=1, settings=settings)
    assert _keys(admission, settings) == []


def test_an_id_that_belongs_to_another_customer_is_refused(admitted: Admit, settings: Settings) -> None:
    request = admitted().request
    _register(request, settings)
    _register(request, settings)  # the same again is no conflict
    with pytest.raises(RequestError, match="is taken"):
        _register(replace(request, customer_id=OTHER), settings)
