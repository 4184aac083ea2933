"""`make formulas`: extract thousands of cells on a running local cloud and open every format in LibreOffice.

Fails unless LibreOffice finds no formula in any file of an extract, every number is a number of the same value, every
escaped text leads back to what it was, and the same cells in a file without escapes do run.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from landfall.aws import s3
from landfall.contracts.extract_product import load_products
from landfall.extract.door.options import DELIMITERS
from landfall.extract.engines.unload import unload
from landfall.extract.files.cells import ESCAPED_STARTS, FORMULA_ESCAPE
from landfall.extract.files.conversion import finished_prefix
from landfall.extract.files.inspection import inspect_file
from landfall.extract.proof.manifest import shape_of
from landfall.settings import Settings

from tests.formulas import calc
from tests.formulas.cells import Line, lines
from tests.integration.extract.conftest import CUSTOMER, admission_of, published_rows

COLUMNS: Final = ["sku", "shopper_id", "note", "quantity", "unit_price_cents", "line_total_cents"]
WRITTEN: Final[Sequence[dict[str, Any]]] = (
    {"format": "csv"},
    {"format": "csv", "delimiter": "semicolon", "decimal_sign": "comma"},
    {"format": "csv", "delimiter": "tab"},
    {"format": "csv", "delimiter": "pipe", "header": False},
    {"format": "xlsx"},
)
_ROWS_A_STATEMENT: Final = 200


@dataclass
class Found:
    """What one file came to."""

    cells: int = 0
    formulas: int = 0
    wrong_numbers: int = 0
    lost_texts: int = 0


def main() -> int:
    """Open all files, print what was found, and return 1 if anything was not as it must be."""
    parser = argparse.ArgumentParser(prog="make formulas", description=__doc__)
    parser.add_argument("--rows", type=int, default=700, help="rows of three texts and three numbers")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if calc.program() is None:
        sys.stderr.write("LibreOffice is not installed: on Debian, apt-get install libreoffice-calc-nogui\n")
        return 2
    made = lines(asked.rows, seed=asked.seed)
    totals, is_good = Found(), True
    with tempfile.TemporaryDirectory(prefix="landfall-formulas-") as folder, _published(made) as table:
        naive = _naive(made, Path(folder))
        sys.stdout.write(f"{'without any escape':<60} {naive} formulas\n")
        for number, options in enumerate(WRITTEN):
            found = _checked(made, table, options, Path(folder) / str(number))
            shown = " ".join(f"{name}={value}" for name, value in options.items())
            sys.stdout.write(
                f"{shown:<60} {found.cells} cells: {found.formulas} formulas, {found.wrong_numbers} numbers that are "
                f"none or others, {found.lost_texts} texts that do not lead back\n"
            )
            totals.cells += found.cells
            is_good &= not (found.formulas or found.wrong_numbers or found.lost_texts)
    sys.stdout.write(f"{totals.cells} cells: {'nothing runs' if is_good and naive else 'NOT GOOD'}\n")
    return 0 if is_good and naive else 1


@contextmanager
def _published(made: Sequence[Line]) -> Iterator[str]:
    """Publish a version of ext_orders with the cells, and take it away in the end."""
    rows = [_row(number, line) for number, line in enumerate(made)]
    published = published_rows(Settings.from_environment(), rows, rows_a_statement=_ROWS_A_STATEMENT)
    try:
        yield next(published)
    finally:
        next(published, None)


def _row(number: int, line: Line) -> str:
    sku, shopper, note = ("'" + text.replace("'", "''") + "'" for text in line.texts)
    quantity, price, total = line.numbers
    at = "TIMESTAMP '2026-11-20 10:00:00'"
    key = f"'ord_{number:012x}', 1, '{CUSTOMER}', {shopper}, 'paid', {sku}, {quantity}, {price}, {total}"
    return f"({key}, 'EUR', {note}, {at}, {at})"


def _checked(made: Sequence[Line], table: str, options: dict[str, Any], folder: Path) -> Found:
    """Extract the cells as `options` say and return what LibreOffice, and a reader of CSV, find in the file."""
    path, read = _extracted(table, options, folder), options.get("delimiter", "comma")
    rows = calc.opened(
        path, separator=DELIMITERS[read], decimal_sign=options.get("decimal_sign", "point"), folder=folder
    )
    if options.get("header", True):
        rows = rows[1:]
    if len(rows) != len(made):
        raise SystemExit(f"{path.name}: LibreOffice finds {len(rows)} rows, not {len(made)}")
    names = _columns()
    found = Found()
    for line, cells in zip(made, rows, strict=True):
        by_name = dict(zip(names, cells, strict=False))
        found.cells += len(COLUMNS)
        found.formulas += sum(cell.formula is not None for cell in cells)
        numbers = [by_name[name] for name in COLUMNS[3:]]
        found.wrong_numbers += sum(
            cell.kind != "float" or cell.number != number for cell, number in zip(numbers, line.numbers, strict=True)
        )
        if path.suffix == ".xlsx":
            texts = [by_name[name].text for name in COLUMNS[:3]]
            found.lost_texts += sum(_shown(text) != _shown(was) for text, was in zip(texts, line.texts, strict=True))
    if path.suffix == ".csv":
        found.lost_texts = _lost(made, path, DELIMITERS[read], has_header=options.get("header", True))
    return found


def _shown(text: str) -> str:
    """Return a text as ODF keeps it: without carriage returns, and the lines without blanks at their ends."""
    shown = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.strip() for line in shown).strip("\n")


def _lost(made: Sequence[Line], path: Path, separator: str, *, has_header: bool) -> int:
    """Count the texts of a CSV file that do not lead back to what they were."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=separator))[1 if has_header else 0 :]
    names = _columns()
    places = [names.index(name) for name in COLUMNS[:3]]
    return sum(
        _unescaped(row[place]) != was
        for row, line in zip(rows, made, strict=True)
        for place, was in zip(places, line.texts, strict=True)
    )


def _unescaped(cell: str) -> str:
    """Return the text of a cell as the manifest tells a reader to."""
    is_escaped = cell[:1] == FORMULA_ESCAPE and cell[1:2] != "" and cell[1] in ESCAPED_STARTS
    return cell[1:] if is_escaped else cell


def _columns() -> list[str]:
    return [column.name for column in load_products()["orders"].columns if column.name in {*COLUMNS, *_KEY}]


_KEY: Final = ("order_id", "line_number", "customer_id")


def _extracted(table: str, options: dict[str, Any], folder: Path) -> Path:
    """Play an extract up to its finished file, read it back as the product does, and return it, unpacked."""
    settings = Settings.from_environment()
    asked = {name: value for name, value in options.items() if name != "format"}
    admission = admission_of(table, options["format"], columns=[*_KEY, *COLUMNS], **asked)
    product = load_products()["orders"]
    prefix = finished_prefix(unload(admission, attempt=1, settings=settings), product, settings)
    (found,) = s3.list_objects(bucket=settings.extracts_bucket, prefix=prefix)
    content = s3.read_object(bucket=settings.extracts_bucket, key=found.key)
    folder.mkdir()
    packed = folder / Path(found.key).name
    packed.write_bytes(content)
    facts = inspect_file(packed, shape_of(product, admission.request))
    if facts.foreign_rows or facts.formula_cells:
        raise SystemExit(f"{packed.name}: the product itself finds {facts.formula_cells} formulas")
    if packed.suffix != ".gz":
        return packed
    path = folder / "orders.csv"
    path.write_bytes(gzip.decompress(content))
    return path


def _naive(made: Sequence[Line], folder: Path) -> int:
    """Return how many formulas LibreOffice finds where nobody took care."""
    path = folder / "naive.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*line.texts, *line.numbers] for line in made)
    rows = calc.opened(path, separator=",", decimal_sign="point", folder=folder)
    return sum(cell.formula is not None for row in rows for cell in row)


if __name__ == "__main__":
    sys.exit(main())
