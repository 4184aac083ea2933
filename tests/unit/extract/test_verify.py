"""`landfall verify`: what was downloaded is exactly what was certified, or the difference is named."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landfall.cli import main
from landfall.contracts.extract_product import load_products
from landfall.errors import VerificationError
from landfall.extract.door.options import Compression, Delimiter, FileOptions
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.files.cells import FORMULA_STARTS
from landfall.extract.files.inspection import inspect_file, sha256_of
from landfall.extract.proof.manifest import ManifestFile, build_manifest, cost_of, shape_of
from landfall.extract.proof.verify import verify
from landfall.prices import Prices

from tests.pinned import PINNED

PRODUCT = load_products()["orders"]
ROW = dict.fromkeys((column.name for column in PRODUCT.columns), "1") | {
    "customer_id": "cus_000042",
    "note": 'comma, "quote"\nline -5',
}


def _admission(file_format: Any, *, pii: bool = True) -> Admission:
    request = ExtractRequest(
        extract_id="run-1",
        customer_id="cus_000042",
        product="orders",
        format=file_format,
        filters={},
        columns=tuple(column.name for column in load_products()["orders"].columns),
        pii=pii,
        options=FileOptions(compression="snappy" if file_format == "parquet" else "gzip"),
    )
    return Admission(request=request, pinned=PINNED)


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROW))
        writer.writeheader()
        writer.writerows(rows)


def _certify(folder: Path, path: Path, *, rows: int, file_format: str = "csv", pii: bool = True) -> Path:
    key = {"order_id": "1", "line_number": "1"}
    entry = ManifestFile(
        path=str(path.relative_to(folder)),
        rows=rows,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        first_key=key,
        last_key=key,
    )
    manifest = build_manifest(
        admission=_admission(file_format, pii=pii),
        product=PRODUCT,
        files=[entry],
        engine={"name": "test"},
        cost={},
        gate={"passed": True},
        run_id="run-1",
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    target = folder / "manifest.json"
    target.write_text(json.dumps(manifest))
    return target


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A good CSV extract of three rows, downloaded with its folders."""
    _write_csv(tmp_path / "attempt-1" / "orders_000.csv.gz", [ROW] * 3)
    _certify(tmp_path, tmp_path / "attempt-1" / "orders_000.csv.gz", rows=3)
    return tmp_path


def test_a_good_extract_is_verified(extract: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(extract / "manifest.json")]) == 0
    assert "verified: extract run-1 of customer cus_000042: 3 rows in 1 files" in capsys.readouterr().out


def test_files_may_lie_flat_beside_the_manifest(extract: Path) -> None:
    (extract / "attempt-1" / "orders_000.csv.gz").rename(extract / "orders_000.csv.gz")
    assert verify(extract).problems == ()


def _flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (_flip_a_byte, "SHA-256"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, certified are"),
        (lambda path: path.unlink(), "missing"),
    ],
)
def test_a_tampered_file_fails(
    extract: Path, capsys: pytest.CaptureFixture[str], tamper: Callable[[Path], object], words: str
) -> None:
    tamper(extract / "attempt-1" / "orders_000.csv.gz")
    assert main(["verify", str(extract)]) == 1
    output = capsys.readouterr().out
    assert "NOT VERIFIED" in output and words in output


@pytest.mark.parametrize(
    ("row", "rows", "words"),
    [
        ({**ROW, "customer_id": "cus_000043"}, 1, "1 rows are not of customer cus_000042"),
        ({**ROW, "customer_id": ""}, 1, "1 rows are not of customer"),
        ({**ROW, "note": "=1+1"}, 1, "1 cells would run as formulas"),
        ({**ROW, "order_id": "2"}, 1, "its first or last row is not the one"),
        ({**ROW, "sku": "\tx"}, 1, "1 cells would run as formulas"),
        (ROW, 2, "has 1 rows, certified are 2"),
    ],
)
def test_a_certified_file_with_wrong_content_fails(tmp_path: Path, row: dict[str, str], rows: int, words: str) -> None:
    _write_csv(tmp_path / "a.csv.gz", [row])
    found = verify(_certify(tmp_path, tmp_path / "a.csv.gz", rows=rows))
    assert words in "; ".join(found.problems)


def test_a_file_of_other_columns_fails(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write("id,secret\n1,2\n")
    assert "its header is" in verify(_certify(tmp_path, tmp_path / "a.csv.gz", rows=1)).problems[0]


def test_a_manifest_cannot_point_out_of_its_folder(tmp_path: Path) -> None:
    inside = tmp_path / "download"
    inside.mkdir()
    _write_csv(tmp_path / "other.csv.gz", [ROW])
    manifest = _certify(tmp_path, tmp_path / "other.csv.gz", rows=1)
    document = json.loads(manifest.read_text())
    document["files"][0]["path"] = "../other.csv.gz"
    (inside / "manifest.json").write_text(json.dumps(document))
    assert "missing" in verify(inside).problems[0]


def test_a_parquet_extract_is_verified(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([ROW, ROW]), tmp_path / "part-0")
    assert verify(_certify(tmp_path, tmp_path / "part-0", rows=2, file_format="parquet")).problems == ()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"manifest_version": 1}', "\xff"])
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(VerificationError):
        verify(tmp_path)


def test_a_missing_manifest_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "nothing")]) == 1
    assert "no manifest can be read there" in capsys.readouterr().err


def test_each_first_character_of_a_formula_is_counted_and_its_neighbours_are_not(tmp_path: Path) -> None:
    harmless = ["A1", "'=1", "0", "1-1", ",", "?", "\uff00", "\uff0e", "\uff1e", "\uff21", "ä", "\U0001f600", "", "a=1"]
    notes = [*(f"{start}1" for start in FORMULA_STARTS), *FORMULA_STARTS, *harmless]
    letters = {**dict.fromkeys(ROW, "x"), "customer_id": "cus_000042"}
    _write_csv(tmp_path / "x.csv.gz", [{**letters, "note": note} for note in notes])
    facts = inspect_file(tmp_path / "x.csv.gz", shape_of(PRODUCT, _admission("csv").request))
    assert (facts.rows, facts.formula_cells) == (len(notes), 2 * len(FORMULA_STARTS))


def test_counting_formulas_is_not_hidden_by_an_empty_neighbour(tmp_path: Path) -> None:
    _write_csv(tmp_path / "a.csv.gz", [{**ROW, "sku": "", "note": "@SUM(1)"}, ROW])
    facts = inspect_file(tmp_path / "a.csv.gz", shape_of(PRODUCT, _admission("csv").request))
    assert (facts.rows, facts.foreign_rows, facts.formula_cells) == (2, 0, 1)


def test_the_first_and_the_last_row_of_a_file_are_found_in_the_order_of_the_file(tmp_path: Path) -> None:
    rows = [{**ROW, "order_id": f"ord_{number}", "line_number": str(number)} for number in (7, 3, 9, 5)]
    _write_csv(tmp_path / "a.csv.gz", rows)
    facts = inspect_file(tmp_path / "a.csv.gz", shape_of(PRODUCT, _admission("csv").request))
    assert facts.first_key == {"order_id": "ord_7", "line_number": "7"}
    assert facts.last_key == {"order_id": "ord_5", "line_number": "5"}


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
@pytest.mark.parametrize("end", [b"", bytes(8)])
def test_a_file_of_whole_rows_whose_end_is_missing_is_refused(tmp_path: Path, file_format: str, end: bytes) -> None:
    """Who reads the rows finds nothing wrong: the checksum behind them is what there is to tell."""
    path, shape = tmp_path / f"a.{file_format}.gz", shape_of(PRODUCT, _admission(file_format).request)
    if file_format == "csv":
        _write_csv(path, [ROW])
    else:
        path.write_bytes(gzip.compress(f"{json.dumps(ROW)}\n".encode()))
    assert inspect_file(path, shape).rows == 1
    path.write_bytes(path.read_bytes()[:-8] + end)
    with pytest.raises(VerificationError, match=f"cannot be read as {file_format}"):
        inspect_file(path, shape)


def test_a_statement_costs_what_athena_charges_for_it() -> None:
    cost = cost_of((1, 2_000_000_000_000), Prices(athena_usd_per_terabyte=5.0))
    assert (cost["athena_scanned_bytes"], cost["usd"]) == (2_000_000_000_001, 10.00005)


HASH = "0123456789abcdef" * 4
MASKED = ROW | {"shopper_id": HASH, "note": ""}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (MASKED, None),
        (MASKED | {"shopper_id": ""}, None),
        (MASKED | {"shopper_id": "shp_00000001"}, "1 cells of masked columns are not masked"),
        (MASKED | {"shopper_id": HASH.upper()}, "1 cells of masked columns"),
        (MASKED | {"shopper_id": HASH + "\n"}, "1 cells of masked columns"),
        (MASKED | {"shopper_id": "x", "note": "call me"}, "2 cells of masked columns"),
    ],
)
@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_cell_that_should_be_masked_and_is_not_is_found(
    tmp_path: Path, row: dict[str, str], words: str | None, file_format: str
) -> None:
    path = tmp_path / "a"
    if file_format == "csv":
        _write_csv(path, [row, MASKED])
    else:
        pq.write_table(pa.Table.from_pylist([row, MASKED]), path)
    problems = verify(_certify(tmp_path, path, rows=2, file_format=file_format, pii=False)).problems
    assert (problems == ()) if words is None else words in problems[0]


def test_a_mask_that_nobody_here_can_check_is_not_taken_for_checked(tmp_path: Path) -> None:
    _write_csv(tmp_path / "a.csv.gz", [MASKED])
    manifest = _certify(tmp_path, tmp_path / "a.csv.gz", rows=1, pii=False)
    manifest.write_text(manifest.read_text().replace('"mask": "hash"', '"mask": "rot13"'))
    with pytest.raises(VerificationError, match="rot13"):
        verify(manifest)


def _certify_text(folder: Path, content: str, *, options: FileOptions, file_format: str, rows: int) -> Path:
    """Write `content` as the options say, and certify it."""
    path = folder / "part"
    raw = content.encode()
    if options.compression == "none":
        path.write_bytes(raw)
    else:
        with pa.CompressedOutputStream(str(path), options.compression) as stream:
            stream.write(raw)
    manifest = _certify(folder, path, rows=rows, file_format=file_format)
    document = json.loads(manifest.read_text()) | {"options": options.to_json()}
    manifest.write_text(json.dumps(document))
    return manifest


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
@pytest.mark.parametrize(
    ("delimiter", "header"), [("semicolon", True), ("tab", False), ("pipe", True), ("comma", False)]
)
def test_a_csv_is_read_as_its_options_say(
    tmp_path: Path, compression: Compression, delimiter: Delimiter, header: bool
) -> None:
    options = FileOptions(compression=compression, delimiter=delimiter, header=header)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=options.separator, lineterminator="\n")
    if header:
        writer.writerow(ROW)
    writer.writerows([ROW.values(), (ROW | {"note": "a,b;c|d\te"}).values()])

    good = _certify_text(tmp_path, text.getvalue(), options=options, file_format="csv", rows=2)
    assert verify(good).problems == ()
    bad = _certify_text(
        tmp_path, text.getvalue().replace("cus_000042", "cus_000043", 1), options=options, file_format="csv", rows=2
    )
    assert "1 rows are not of customer" in verify(bad).problems[0]
    other = FileOptions(compression=compression, delimiter="comma" if delimiter != "comma" else "pipe", header=header)
    wrong = _certify_text(tmp_path, text.getvalue(), options=other, file_format="csv", rows=2)
    assert verify(wrong).problems != ()


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
@pytest.mark.parametrize(
    ("second", "words"),
    [
        (ROW, None),
        ({name: value for name, value in ROW.items() if name != "note"}, None),
        (ROW | {"note": None}, None),
        (ROW | {"note": '=1+1 {"a": 1}\n'}, None),  # no spreadsheet opens it
        (ROW | {"secret": "x"}, "objects with other names"),
        (ROW | {"customer_id": "cus_000043"}, "1 rows are not of customer"),
        (ROW | {"customer_id": None}, "1 rows are not of customer"),
        (None, "cannot be read as jsonl"),
    ],
)
def test_json_lines_are_read_object_by_object(
    tmp_path: Path, compression: Compression, second: dict[str, Any] | None, words: str | None
) -> None:
    lines = "".join(f"{json.dumps(each)}\n" if each else '{"order_id":' for each in (ROW, second))
    options = FileOptions(compression=compression)
    found = verify(_certify_text(tmp_path, lines, options=options, file_format="jsonl", rows=2)).problems
    assert (found == ()) if words is None else words in found[0]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param("ROW ROW\n", id="two objects in a line"),
        pytest.param("ROW\n[ROW]\n", id="an array"),
        pytest.param("ROW\nROW\x01ROW\n", id="what parts lines"),
        pytest.param("ROW\n\nROW\n", id="an empty line"),
        pytest.param("ROW\nROW\nnull\n", id="null"),
        pytest.param("ROW\nROW,\n", id="a comma"),
        pytest.param("ROW\nROW\nROW\n", id="a row more"),
        pytest.param("ROW\n" + "x" * 3_000_000 + "\n", id="a line that no engine writes"),
    ],
)
def test_lines_that_are_no_objects_are_not_rows(tmp_path: Path, lines: str) -> None:
    text = lines.replace("ROW", json.dumps(ROW))
    certified = _certify_text(tmp_path, text, options=FileOptions(), file_format="jsonl", rows=2)
    assert verify(certified).problems


def test_a_line_with_breaks_and_quotes_in_its_texts_is_one_row(tmp_path: Path) -> None:
    odd = ROW | {"note": "a\"b\n,\x01\t\u2028'"}
    text = f"{json.dumps(odd, ensure_ascii=False)}\r\n{json.dumps(ROW)}"
    assert verify(_certify_text(tmp_path, text, options=FileOptions(), file_format="jsonl", rows=2)).problems == ()
