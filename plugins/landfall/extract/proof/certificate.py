"""Sign a manifest and write it: the signature first, then the manifest, once, which makes the files exist."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from landfall.aws import kms, s3
from landfall.errors import VerificationError
from landfall.extract.door.request import ExtractRequest
from landfall.extract.files.layout import MANIFEST, extract_prefix, manifest_key
from landfall.extract.proof.signature import (
    SIGNATURE_PREFIX,
    SIGNING_KEYS,
    fingerprint,
    is_signed,
    to_pem,
    with_signature_named,
)
from landfall.settings import Settings

logger = logging.getLogger(__name__)


def read_manifest(request: ExtractRequest, settings: Settings) -> dict[str, Any] | None:
    """Return the manifest of `request`'s extract, None while it has none.

    Raises VerificationError if it certifies another request.
    """
    key = manifest_key(customer_id=request.customer_id, extract_id=request.extract_id)
    try:
        document: dict[str, Any] = json.loads(s3.read_object(bucket=settings.extracts_bucket, key=key))
    except KeyError:
        return None
    if document["request"] != request.to_json():
        raise VerificationError(f"extract {request.extract_id}: its manifest certifies another request")
    return document


def read_certified(base: str, settings: Settings) -> dict[str, Any] | None:
    """Return the manifest of the extract at the prefix `base`, None unless it is there, signed by our present key."""
    bucket, key = settings.extracts_bucket, _public_key(settings.signing_key_id)
    content = s3.read_object_if_there(bucket=bucket, key=base + MANIFEST)
    document: dict[str, Any] = json.loads(content or b"{}")
    named = document.get("signature")
    if content is None or named is None or named["public_key_sha256"] != fingerprint(key):
        return None
    signature = s3.read_object_if_there(bucket=bucket, key=base + named["path"])
    return document if signature is not None and is_signed(content, signature, public_key_der=key) else None


def make_ready_to_sign(settings: Settings) -> None:
    """Ask for what a signature needs beside what is signed, once a process."""
    _public_key(settings.signing_key_id)


def write_manifest(
    document: Mapping[str, Any], request: ExtractRequest, settings: Settings, *, key_arn: str | None = None
) -> dict[str, Any]:
    """Sign `document`, write signature and manifest, under the customer's key if there is one, and return what stands.

    A manifest that another run has written meanwhile stays, and is returned.
    """
    signed = with_signature_named(document, public_key_der=_public_key(settings.signing_key_id))
    body = json.dumps(signed, indent=2).encode()
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    s3.write_object(
        bucket=settings.extracts_bucket,
        key=base + signed["signature"]["path"],
        body=kms.sign(body, key_id=settings.signing_key_id),
        encrypted_with=key_arn,
    )
    key = manifest_key(customer_id=request.customer_id, extract_id=request.extract_id)
    bucket, kind = settings.extracts_bucket, "application/json"
    if s3.write_new_object(bucket=bucket, key=key, body=body, content_type=kind, encrypted_with=key_arn):
        return signed
    standing = read_manifest(request, settings)
    if standing is None:
        raise VerificationError(f"extract {request.extract_id}: its manifest came and went; clear the run")
    return standing


def remove_what_is_not_certified(request: ExtractRequest, document: Mapping[str, Any], settings: Settings) -> int:
    """Delete the files of attempts, and the signatures, that the manifest `document` does not name; return how many."""
    removed = 0
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    kept = {base + file["path"].partition("/")[0] + "/" for file in document["files"]}
    for folder in list(s3.list_folders(bucket=settings.extracts_bucket, prefix=f"{base}attempt-")):
        if folder not in kept:
            count = s3.delete_prefix(bucket=settings.extracts_bucket, prefix=folder)
            logger.info("extract %s: removed %d files of %s", request.extract_id, count, folder)
            removed += count
    named = base + document["signature"]["path"]
    for found in list(s3.list_objects(bucket=settings.extracts_bucket, prefix=base + SIGNATURE_PREFIX)):
        if found.key != named:
            removed += s3.delete_prefix(bucket=settings.extracts_bucket, prefix=found.key)
    return removed


def publish_public_key(*, signing_key_id: str, extracts_bucket: str) -> str:
    """Write the public key as PEM into the extracts bucket, named by its fingerprint, and return its key there."""
    der = kms.public_key(signing_key_id)
    key = f"{SIGNING_KEYS}{fingerprint(der)}.pem"
    s3.write_object(bucket=extracts_bucket, key=key, body=to_pem(der), content_type="application/x-pem-file")
    return key


@cache
def _public_key(key_id: str) -> bytes:
    """Return the public key, which never changes, once a process."""
    return kms.public_key(key_id)
