"""Check downloaded extract files against their manifest, without network or credentials."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from landfall.errors import VerificationError
from landfall.extract.inspection import inspect_file, sha256_of
from landfall.extract.layout import MANIFEST
from landfall.extract.manifest import Manifest, ManifestFile, parse_manifest


@dataclass(frozen=True)
class FileCheck:
    """One file of a manifest: its path there, its certified rows and bytes, and what is wrong (None: nothing)."""

    path: str
    rows: int
    bytes: int
    problem: str | None


@dataclass(frozen=True)
class Verification:
    """What a check of an extract found."""

    manifest: Manifest
    files: tuple[FileCheck, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Every difference from the manifest, in words."""
        found = [f"{check.path}: {check.problem}" for check in self.files if check.problem]
        certified = sum(file.rows for file in self.manifest.files)
        if certified != self.manifest.rows:
            found.append(f"the manifest says {self.manifest.rows} rows, its files {certified}")
        return tuple(found)


def verify(location: Path) -> Verification:
    """Check each file of the manifest at `location` (the file, or the folder it is in).

    A file is looked for at its path beside the manifest, or flat beside it. Raises VerificationError when there is
    no readable manifest.
    """
    path = location / MANIFEST if location.is_dir() else location
    try:
        manifest = parse_manifest(path.read_bytes())
    except OSError as error:
        raise VerificationError(f"{path}: no manifest can be read there; download manifest.json first") from error
    return Verification(
        manifest=manifest,
        files=tuple(
            FileCheck(file.path, file.rows, file.bytes, _problem(file, path.parent, manifest))
            for file in manifest.files
        ),
    )


def _problem(file: ManifestFile, folder: Path, manifest: Manifest) -> str | None:
    """Return what is wrong with one downloaded file, None if it is what the manifest certifies."""
    path = _find(file.path, folder)
    if path is None:
        return "missing; download it beside the manifest"
    size = path.stat().st_size
    if size != file.bytes:
        return f"has {size} bytes, certified are {file.bytes}"
    digest = sha256_of(path)
    if digest != file.sha256:
        return f"has SHA-256 {digest}, certified is {file.sha256}"
    return _content_problem(file, path, manifest)


def _content_problem(file: ManifestFile, path: Path, manifest: Manifest) -> str | None:
    try:
        facts = inspect_file(
            path,
            file_format=manifest.format,
            column_types=manifest.column_types,
            customer_column=manifest.customer_column,
            customer_id=manifest.customer_id,
        )
    except VerificationError as error:
        return str(error)
    if facts.foreign_rows:
        return f"{facts.foreign_rows} rows are not of customer {manifest.customer_id}"
    if facts.rows != file.rows:
        return f"has {facts.rows} rows, certified are {file.rows}"
    return f"{facts.formula_cells} cells would run as formulas" if facts.formula_cells else None


def _find(path: str, folder: Path) -> Path | None:
    """Return the downloaded file of a manifest path, which must not lead out of `folder`."""
    for candidate in (folder / path, folder / Path(path).name):
        if candidate.is_file() and candidate.resolve().is_relative_to(folder.resolve()):
            return candidate
    return None
