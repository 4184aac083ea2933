"""Fetch a customer's extract as the customer would, and compare it with what was sent for him."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from localcloud.demo.account import FORMULA_STARTS, OrderLine
from localcloud.demo.airflow import Airflow
from localcloud.demo.errors import DemoError

_DOWNLOAD_SECONDS: Final = 60
_VERIFY_SECONDS: Final = 120
_COLUMNS: Final = tuple(column.name for column in fields(OrderLine))


@dataclass(frozen=True, slots=True)
class Downloaded:
    """An extract on this machine: its manifest's path and content, and its files."""

    manifest_path: Path
    manifest: Mapping[str, Any]
    files: tuple[Path, ...]

    @property
    def file_bytes(self) -> int:
        """Size of all files together."""
        return sum(file.stat().st_size for file in self.files)


def download(answer: Mapping[str, Any], folder: Path, *, airflow: Airflow) -> Downloaded:
    """Fetch what the extract API's `answer` links to into `folder`: the files without any credentials of our own."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest_path = folder / "manifest.json"
    manifest_path.write_bytes(airflow.get_bytes(answer["manifest"]["url"]))
    files = tuple(
        _fetch(airflow.redirection_of(file["url"]), folder / Path(file["name"]).name) for file in answer["files"]
    )
    manifest = json.loads(manifest_path.read_text())
    _fetch(
        airflow.redirection_of(answer["manifest"]["signature_url"]), folder / Path(manifest["signature"]["path"]).name
    )
    return Downloaded(manifest_path, manifest, files)


def verify(downloaded: Downloaded, landfall: Path) -> str:
    """Let the product's own verifier check files and signature of the download; return its verdict.

    Raises DemoError when it objects, or did not look at the signature.
    """
    key = downloaded.manifest_path.with_name("signing-key.pem")
    key.write_text(_run([str(landfall), "signing-key"]))
    verdict = _run([str(landfall), "verify", str(downloaded.manifest_path), "--key", str(key)]).strip().splitlines()[-1]
    if not verdict.endswith("signature good"):
        raise DemoError(f"landfall verify did not find the signature good: {verdict}")
    return verdict


def _run(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=_VERIFY_SECONDS, check=False)
    if done.returncode:
        raise DemoError(f"`{' '.join(words)}` failed: {done.stdout}{done.stderr}")
    return done.stdout


def compare(downloaded: Downloaded, expected: Iterable[OrderLine]) -> tuple[int, list[str]]:
    """Return the number of rows in the files and up to five sentences on where they differ from `expected`."""
    is_csv = any(".csv" in file.name for file in downloaded.files)
    found = [row for file in downloaded.files for row in (_csv_rows(file) if is_csv else _parquet_rows(file))]
    wanted = [_as_csv(line) if is_csv else _as_values(line) for line in expected]
    return len(found), _differences(sorted(found, key=_key), sorted(wanted, key=_key))


def _differences(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[str]:
    sentences = []
    if len(found) != len(wanted):
        sentences.append(f"{len(found)} rows instead of {len(wanted)}")
    by_key = {_key(row): row for row in wanted}
    for row in found:
        expected = by_key.get(_key(row))
        if expected is None:
            sentences.append(f"{_key(row)} was never sent for this customer")
        elif row != expected:
            columns = [name for name in expected if row.get(name) != expected[name]]
            sentences.append(f"{_key(row)} differs in {', '.join(columns) or 'its columns'}")
    return sentences[:5]


def _key(row: Mapping[str, Any]) -> tuple[str, int]:
    return str(row["order_id"]), int(row["line_number"])


def _csv_rows(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        rows: list[dict[str, Any]] = list(csv.DictReader(text))
    for row in rows:
        for name in ("placed_at", "updated_at"):
            row[name] = datetime.fromisoformat(row[name])
    return rows


def _parquet_rows(file: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(file).to_pylist())


def _as_values(line: OrderLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in _COLUMNS}


def _as_csv(line: OrderLine) -> dict[str, Any]:
    """Return a row as CSV can carry it: text, nothing for NULL, and no cell that a spreadsheet would run."""
    return {name: value if isinstance(value, datetime) else _cell(value) for name, value in _as_values(line).items()}


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith((*FORMULA_STARTS, "'")) and isinstance(value, str) else text


def _fetch(url: str, path: Path) -> Path:
    try:
        with urllib.request.urlopen(url, timeout=_DOWNLOAD_SECONDS) as response:  # noqa: S310 - a presigned address
            path.write_bytes(response.read())
    except OSError as error:
        # Without its query: that is the credential.
        raise DemoError(f"{path.name} cannot be fetched from {url.partition('?')[0]}: {error}") from None
    return path
