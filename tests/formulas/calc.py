"""What LibreOffice Calc makes of a file: each cell's kind, value and text, and whether it is a formula."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_LANGUAGES: Final = {"point": 1033, "comma": 1031}
_SECONDS: Final = 300


@dataclass(frozen=True)
class Cell:
    """One cell: its kind as ODF has it (`float`, `string`, ...), its number, its text, its formula."""

    kind: str
    number: float | None
    text: str
    formula: str | None


def program() -> str | None:
    """Return LibreOffice's program, None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def opened(path: Path, *, separator: str, decimal_sign: str, folder: Path) -> list[list[Cell]]:
    """Open a CSV file or workbook as somebody would who lets formulas run, and return its rows.

    Text is UTF-8 and "evaluate formulas" is on (token 15 of the CSV filter's options; it is off without).
    """
    # https://help.libreoffice.org/latest/en-US/text/shared/guide/csv_params.html
    options = f"{ord(separator)},34,76,1,,{_LANGUAGES[decimal_sign]},false,false,false,false,false,,true,,true"
    filtered = [f"--infilter=CSV:{options}"] if path.suffix == ".csv" else []
    words = [str(program()), "--headless", "--norestore", f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command = [*words, *filtered, "--convert-to", "fods", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    rows = (list(_cells(row)) for row in _rows(folder / f"{path.stem}.fods"))
    return [row for row in rows if any(cell.kind for cell in row)]


def _rows(path: Path) -> Iterator[ElementTree.Element]:
    for _, element in ElementTree.iterparse(path):  # noqa: S314 - LibreOffice wrote it
        if element.tag == f"{_TABLE}table-row" and element.get(f"{_TABLE}number-rows-repeated", "1") == "1":
            yield element


def _cells(row: ElementTree.Element) -> Iterator[Cell]:
    for element in row.iter(f"{_TABLE}table-cell"):
        number = element.get(f"{_OFFICE}value")
        cell = Cell(
            kind=element.get(f"{_OFFICE}value-type", ""),
            number=float(number) if number else None,
            text="\n".join(_text(paragraph) for paragraph in element.iter(f"{_TEXT}p")),
            formula=element.get(f"{_TABLE}formula"),
        )
        repeated = int(element.get(f"{_TABLE}number-columns-repeated", "1"))
        yield from [cell] * min(repeated, 100)


def _text(paragraph: ElementTree.Element) -> str:
    """Return the text of a paragraph, in which runs of blanks and tabs are elements."""
    parts = [paragraph.text or ""]
    for element in paragraph:
        if element.tag == f"{_TEXT}s":
            parts.append(" " * int(element.get(f"{_TEXT}c", "1")))
        elif element.tag == f"{_TEXT}tab":
            parts.append("\t")
        else:
            parts.append(_text(element))
        parts.append(element.tail or "")
    return "".join(parts)
