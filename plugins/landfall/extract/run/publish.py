"""Check an attempt's files and write the manifest that makes them exist."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from landfall.aws import s3
from landfall.aws.clients import acting_as
from landfall.aws.sts import narrowed
from landfall.contracts.extract_product import ExtractProduct, load_products
from landfall.errors import VerificationError
from landfall.extract.delivery.encryption import require_encrypted
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.isolation import certificate_policy
from landfall.extract.engines.unload import Unloaded
from landfall.extract.files.conversion import finished_prefix
from landfall.extract.files.inspection import FileFacts, inspect_file, sha256_of
from landfall.extract.files.layout import extract_prefix, manifest_key
from landfall.extract.files.outgoing import OutgoingGate
from landfall.extract.files.reuse import remember
from landfall.extract.proof.certificate import (
    make_ready_to_sign,
    read_manifest,
    remove_what_is_not_certified,
    write_manifest,
)
from landfall.extract.proof.manifest import ManifestFile, build_manifest, cost_of, shape_of
from landfall.lineage import hooks as lineage
from landfall.prices import Prices
from landfall.settings import Settings


@dataclass(frozen=True)
class Published:
    """An extract that exists: where its manifest is, and what that says."""

    manifest_uri: str
    manifest: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """The rows of all files."""
        return int(self.manifest["rows"])

    @property
    def files(self) -> int:
        """How many files there are."""
        return len(self.manifest["files"])

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(file["bytes"] for file in self.manifest["files"])


class Certifier:
    """What certifies one extract beside its files; each part is made when it is first asked for."""

    def __init__(self, admission: Admission, *, settings: Settings, dag_id: str, run_id: str) -> None:
        """Certify the extract of `admission` as the run `run_id` of the DAG `dag_id`."""
        self._admission, self._settings = admission, settings
        self._dag_id = dag_id
        self.run_id = run_id

    @cached_property
    def credentials(self) -> acting_as:
        """The context of credentials that can read this one extract, and write its manifest."""
        found = _as_certifier(self._admission.request, self._settings, key_arn=self._admission.key_arn)
        with found:
            make_ready_to_sign(self._settings)
        return found

    @cached_property
    def gate(self) -> OutgoingGate:
        """The gate of the finished files."""
        request = self._admission.request
        return OutgoingGate(load_products()[request.product], request, dag_id=self._dag_id, run_id=self.run_id)


def publish_extract(
    unloaded: Unloaded, certifier: Certifier, *, settings: Settings, afterwards: ExitStack | None = None
) -> Published:
    """Check every file of the attempt, run the outgoing gate and write the manifest.

    An extract that has its manifest already is left as it is. Raises VerificationError or GateFailed when the
    files are not what was asked for: then no manifest exists and nobody can reach them.

    What nobody waits for is done when `afterwards` is closed, or at once: the files are remembered for another extract
    that is the same, lineage is told, what the manifest does not name is removed, and the gate's Data Docs are written.

    The extracts bucket is only touched with credentials that can read this one extract, and write its manifest.
    """
    request, key_arn = unloaded.admission.request, unloaded.admission.key_arn
    with ExitStack() as at_once:
        last = afterwards or at_once
        certified = _certify(unloaded, certifier, settings=settings, afterwards=last)
        with certifier.credentials:
            document = write_manifest(certified, request, settings, key_arn=key_arn)
        last.callback(_remove_the_rest, request, document, settings, credentials=certifier.credentials)
        product = load_products()[request.product]
        last.callback(lineage.extracted, document, product, bucket=settings.extracts_bucket)
        last.callback(remember, unloaded.admission, unloaded.files_id, document, settings)
    return _as_published(document, request, settings)


def published_before(admission: Admission, *, settings: Settings) -> Published | None:
    """Return what an earlier try has certified already, None if none has: nothing is to be written again."""
    request = admission.request
    with _as_certifier(request, settings, key_arn=admission.key_arn):
        document = read_manifest(request, settings)
        if document is None:
            return None
        remove_what_is_not_certified(request, document, settings)
    return _as_published(document, request, settings)


def _remove_the_rest(
    request: ExtractRequest, document: Mapping[str, Any], settings: Settings, *, credentials: acting_as
) -> None:
    with credentials:
        remove_what_is_not_certified(request, document, settings)


def _as_published(document: Mapping[str, Any], request: ExtractRequest, settings: Settings) -> Published:
    key = manifest_key(customer_id=request.customer_id, extract_id=request.extract_id)
    return Published(manifest_uri=f"s3://{settings.extracts_bucket}/{key}", manifest=document)


def _as_certifier(request: ExtractRequest, settings: Settings, *, key_arn: str | None) -> acting_as:
    """Return the context of credentials that can certify the extract of `request`, and no other."""
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    policy = certificate_policy(base, settings=settings, key_arn=key_arn)
    return narrowed(settings.extract_role_arn, policy=policy, name=request.extract_id)


def _certify(unloaded: Unloaded, certifier: Certifier, *, settings: Settings, afterwards: ExitStack) -> dict[str, Any]:
    """Return the manifest of the attempt's files, or raise VerificationError or GateFailed."""
    request = unloaded.admission.request
    product = load_products()[request.product]
    with tempfile.TemporaryDirectory(prefix="landfall-extract-") as folder:
        with certifier.credentials:
            paths = _download(unloaded, product, Path(folder), settings)
        is_gated = unloaded.reused is None and bool(paths)
        shape = shape_of(product, request)
        facts = (
            certifier.gate.read(list(paths.values()))
            if is_gated
            else [inspect_file(path, shape) for path in paths.values()]
        )
        files = [
            _check_file(counted, path, key, request=request)
            for counted, (key, path) in zip(facts, paths.items(), strict=True)
        ]
        rows = sum(file.rows for file in files)
        if rows != unloaded.expected_rows:
            raise VerificationError(
                f"extract {request.extract_id}: the files hold {rows} rows, the published version has "
                f"{unloaded.expected_rows}; clear the run to write them again"
            )
        gate: Mapping[str, Any]
        if unloaded.reused is not None:
            unloaded.reused.check(files)
            gate = unloaded.reused.gate
        elif is_gated:
            gate = certifier.gate.run(afterwards)
        else:
            gate = {"name": f"outgoing_{product.product}", "passed": None, "reason": "there is no file to ask about"}
    return build_manifest(
        admission=unloaded.admission,
        product=product,
        files=files,
        engine=unloaded.engine,
        cost=cost_of(unloaded.scanned_bytes, Prices.from_environment()),
        gate=gate,
        run_id=certifier.run_id,
        created_at=datetime.now(UTC),
        reused=unloaded.reused.certified() if unloaded.reused else None,
    )


def _download(unloaded: Unloaded, product: ExtractProduct, folder: Path, settings: Settings) -> Mapping[str, Path]:
    """Bring the finished files of the attempt to `folder`; return where each key of the extracts bucket is."""
    paths = {}
    for found in s3.list_objects(bucket=settings.extracts_bucket, prefix=finished_prefix(unloaded, product, settings)):
        require_encrypted(found.key, key_arn=unloaded.admission.key_arn, settings=settings)
        path = paths[found.key] = folder / PurePosixPath(found.key).name
        with path.open("wb") as target:
            shutil.copyfileobj(s3.open_object(bucket=settings.extracts_bucket, key=found.key), target)
    return paths


def _check_file(facts: FileFacts, path: Path, key: str, *, request: ExtractRequest) -> ManifestFile:
    """Return the manifest's entry of a finished file in which is what `facts` say, or raise VerificationError."""
    if facts.foreign_rows or facts.formula_cells or facts.unmasked_cells:
        raise VerificationError(
            f"{key}: {facts.foreign_rows} rows of another customer, {facts.formula_cells} formula cells and "
            f"{facts.unmasked_cells} cells of masked columns as they are; the extract is held back"
        )
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    return ManifestFile(
        path=key.removeprefix(base),
        rows=facts.rows,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        first_key=facts.first_key,
        last_key=facts.last_key,
    )
