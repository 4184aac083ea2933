"""Where an extract lies in the extracts bucket.

<customer_id>/<extract_id>/attempt-<n>/...   files of one attempt; nobody is told of them
<customer_id>/<extract_id>/manifest.json     written last: it makes the files of one attempt exist
"""

from __future__ import annotations

from landfall.extract.door.request import ExtractRequest

MANIFEST = "manifest.json"


def extract_prefix(*, customer_id: str, extract_id: str) -> str:
    """Return the prefix, with a closing slash, of everything that belongs to one extract."""
    return f"{customer_id}/{extract_id}/"


def attempt_prefix(request: ExtractRequest, attempt: int) -> str:
    """Return the prefix, with a closing slash, of one attempt's files."""
    return f"{extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)}attempt-{attempt}/"


def manifest_key(*, customer_id: str, extract_id: str) -> str:
    """Return the key of an extract's manifest."""
    return extract_prefix(customer_id=customer_id, extract_id=extract_id) + MANIFEST
