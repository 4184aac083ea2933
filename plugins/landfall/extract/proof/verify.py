"""Check downloaded extract files against their manifest, without network or credentials."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from landfall.errors import VerificationError
from landfall.extract.files.inspection import inspect_file, sha256_of
from landfall.extract.files.layout import MANIFEST
from landfall.extract.proof.manifest import Manifest, ManifestFile, parse_manifest
from landfall.extract.proof.signature import signature_problem


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
    signature_problem: str | None
    is_signature_checked: bool

    @property
    def problems(self) -> tuple[str, ...]:
        """Every difference from the manifest, and what is wrong with its signature, in words."""
        found = [f"{check.path}: {check.problem}" for check in self.files if check.problem]
        if self.signature_problem:
            found.insert(0, self.signature_problem)
        certified = sum(file.rows for file in self.manifest.files)
        if certified != self.manifest.rows:
            found.append(f"the manifest says {self.manifest.rows} rows, its files {certified}")
        return tuple(found)


def verify(location: Path, *, key: Path | None = None) -> Verification:
    """Check each file of the manifest at `location` (the file, or the folder it is in), and its signature by `key`.

    A file is looked for at its path beside the manifest, or flat beside it. `key` is the PEM file of the public key;
    without it the signature is not checked. Raises VerificationError when there is no readable manifest or key.
    """
    path = location / MANIFEST if location.is_dir() else location
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VerificationError(f"{path}: no manifest can be read there; download manifest.json first") from error
    manifest = parse_manifest(content)
    problem = key and signature_problem(content, named=manifest.signature, folder=path.parent, key=key)
    return Verification(
        manifest=manifest,
        signature_problem=problem or None,
        is_signature_checked=key is not None,
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
        facts = inspect_file(path, manifest.shape)
    except VerificationError as error:
        return str(error)
    if facts.foreign_rows:
        return f"{facts.foreign_rows} rows are not of customer {manifest.shape.customer_id}"
    if facts.rows != file.rows:
        return f"has {facts.rows} rows, certified are {file.rows}"
    if (facts.first_key, facts.last_key) != (file.first_key, file.last_key):
        return "its first or last row is not the one that is certified"
    if facts.unmasked_cells:
        return f"{facts.unmasked_cells} cells of masked columns are not masked"
    return f"{facts.formula_cells} cells would run as formulas" if facts.formula_cells else None


def _find(path: str, folder: Path) -> Path | None:
    """Return the downloaded file of a manifest path, which must not lead out of `folder`."""
    for candidate in (folder / path, folder / Path(path).name):
        if candidate.is_file() and candidate.resolve().is_relative_to(folder.resolve()):
            return candidate
    return None
