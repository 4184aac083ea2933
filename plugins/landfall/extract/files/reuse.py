"""Finished files of an earlier extract, copied for one that asks for the very same of the very same version.

What is the same is told by a digest of everything that the bytes follow from. Under it the table of extracts holds
which extract was last finished with such files; that extract's own record says whether it still stands. The copy is
the new extract's own: neither's end takes anything from the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from landfall.aws import s3
from landfall.aws.dynamodb import Change, ItemTable
from landfall.aws.sts import narrowed
from landfall.contracts.extract_product import load_products
from landfall.errors import VerificationError
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.isolation import copy_policy
from landfall.extract.engines.salt import salt_for
from landfall.extract.files.layout import extract_prefix
from landfall.extract.proof.certificate import read_certified
from landfall.extract.proof.manifest import MANIFEST_VERSION, ManifestFile
from landfall.extract.records.record import digest, request_text
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

FILES_VERSION: Final = 2
"""Goes up when the same request of the same version is to give other bytes than before."""

ABOUT_TO_EXPIRE: Final = timedelta(hours=1)
"""Files that live no longer than this are not copied: a copy of gigabytes must not race their removal."""


@dataclass(frozen=True, kw_only=True)
class Reused:
    """Files that an earlier extract's run wrote: whose and when, how they were checked, and what they must be.

    `sha256` is by the name of a file below its attempt, `files_id` what the function of that name returns.
    """

    extract_id: str
    run_id: str
    made_at: str
    rows: int
    sha256: Mapping[str, str]
    engine: Mapping[str, str]
    gate: Mapping[str, Any]
    files_id: str

    def certified(self) -> dict[str, str]:
        """Return what a manifest tells of it."""
        return {"extract_id": self.extract_id, "run_id": self.run_id, "made_at": self.made_at}

    def check(self, files: Sequence[ManifestFile]) -> None:
        """Raise VerificationError unless `files` are, byte by byte, the ones that were certified."""
        if {_name(file.path): file.sha256 for file in files} != dict(self.sha256):
            raise VerificationError(f"the copied files are not those of extract {self.extract_id}; clear the run")


def files_id(admission: Admission, salt: str) -> str:
    """Return the digest of all that the files of `admission` follow from; `salt` is that of their masks."""
    return digest(_same(admission), salt)


def remember(admission: Admission, found: str, document: Mapping[str, Any], settings: Settings) -> None:
    """Note that the extract of `admission` has its manifest, `document`; `found` is what `files_id` returned."""
    values = {
        "files_id": found,
        "made_by": admission.request.extract_id,
        "delete_after": int(datetime.fromisoformat(document["expires_at"]).timestamp()),
    }
    # A later extract takes the place of an earlier one; none of these items is an extract, which has a customer.
    change = Change(key=_key(admission), values=values, expected={"customer_id": None})
    ItemTable(name=settings.extract_table).change(change)


def take_over(admission: Admission, *, prefix: str, settings: Settings) -> Reused | None:
    """Copy the finished files of an extract that is the same to `prefix`, emptied before; None if there is none.

    Only what stands is taken: no extract that failed, was cancelled, held back or deleted, nor one that has expired
    or is about to. Nothing stays at `prefix` of one that goes while it is copied.
    """
    request = admission.request
    pointer = ItemTable(name=settings.extract_table).read(_key(admission))
    if pointer is None or not _stands(pointer["made_by"], request.customer_id, settings):
        return None
    source = extract_prefix(customer_id=request.customer_id, extract_id=pointer["made_by"])
    document = read_certified(source, settings)
    if document is None or _asked(document["request"]) != _asked(request.to_json()):
        return None
    if not _copied(document, pointer, admission, source=source, prefix=prefix, settings=settings):
        return None
    if not _stands(pointer["made_by"], request.customer_id, settings):  # it went while it was copied
        s3.delete_prefix(bucket=settings.extracts_bucket, prefix=prefix)
        return None
    return _reused(document, pointer["files_id"])


def _stands(extract_id: str, customer_id: str, settings: Settings) -> bool:
    record = ExtractStore.of(settings).read(extract_id)
    if record is None or record.customer_id != customer_id:
        return False
    return record.as_seen_at(datetime.now(UTC) + ABOUT_TO_EXPIRE).state == "done"


def _copied(
    document: Mapping[str, Any],
    pointer: Mapping[str, Any],
    admission: Admission,
    *,
    source: str,
    prefix: str,
    settings: Settings,
) -> bool:
    """Copy each file that `document` names below `source`; False if one is gone, or masked with another salt.

    It is done with credentials that can read the one extract, write the other's attempt, and nothing else.
    """
    request, bucket = admission.request, settings.extracts_bucket
    key_arn = admission.key_arn
    policy = copy_policy(source=source, target=prefix, settings=settings, key_arn=key_arn)
    with narrowed(settings.extract_role_arn, policy=policy, name=request.extract_id):
        if files_id(admission, salt_for(request, settings)) != pointer["files_id"]:
            return False
        s3.delete_prefix(bucket=bucket, prefix=prefix)
        try:
            for file in document["files"]:
                target = prefix + _name(file["path"])
                s3.copy_object(bucket=bucket, source=source + file["path"], target=target, encrypted_with=key_arn)
        except KeyError:
            s3.delete_prefix(bucket=bucket, prefix=prefix)
            return False
    return True


def _reused(document: Mapping[str, Any], found: str) -> Reused:
    """Return the files that `document`, the manifest they were copied by, certifies; told is who made them first."""
    own = {"extract_id": document["extract_id"], "run_id": document["run_id"], "made_at": document["created_at"]}
    return Reused(
        **(document.get("reused") or own),
        rows=document["rows"],
        sha256={_name(file["path"]): file["sha256"] for file in document["files"]},
        engine=document["engine"],
        gate=document["gate"],
        files_id=found,
    )


def _same(admission: Admission) -> str:
    """Return the digest of all that the files of `admission` follow from but the salt."""
    product = load_products()[admission.request.product]
    contract, pinned = (json.dumps(asdict(each), sort_keys=True) for each in (product, admission.pinned))
    base = json.dumps(admission.base and asdict(admission.base), sort_keys=True)
    version = f"{FILES_VERSION}.{MANIFEST_VERSION}"
    # The bytes do not follow from the key, but files under a customer's key are only ever copied under the same key.
    key = [admission.key_arn] if admission.key_arn else []
    return digest(version, contract, _asked(admission.request.to_json()), pinned, base, *key)


def _asked(request: Mapping[str, Any]) -> str:
    """Return a request's JSON values as one text, without what files do not follow from: its id and where they go."""
    return request_text({name: value for name, value in request.items() if name != "destination"})


def _key(admission: Admission) -> dict[str, str]:
    return {"extract_id": f"files#{_same(admission)}"}


def _name(path: str) -> str:
    """Return the name of a file below the folder of its attempt."""
    return path.partition("/")[2]
