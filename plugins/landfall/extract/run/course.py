"""What a run of `extract_customer_file` tells the record of its extract: each step, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from landfall.aws import s3
from landfall.contracts.extract_product import load_products
from landfall.errors import (
    DataHeldError,
    DestinationError,
    ExtractEndedError,
    GateFailed,
    RequestError,
    VerificationError,
)
from landfall.extract.delivery.bucket import deliver
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import extract_id_of
from landfall.extract.files.layout import attempt_prefix, extract_prefix
from landfall.extract.records.audit import AuditEvent, AuditLog
from landfall.extract.records.ending import end
from landfall.extract.records.record import ExtractRecord, State, cause_in_words
from landfall.extract.records.store import ExtractStore
from landfall.extract.run.publish import Published
from landfall.lineage import hooks as lineage
from landfall.settings import Settings

logger = logging.getLogger(__name__)

CHECKING: Final = "step 2 of 2: the files are checked and certified"
DELIVERING: Final = "step 2 of 2: the certified files are delivered to the customer's bucket"


class RunKilledError(BaseException):
    """Airflow ends the task's process: what it has begun is to be undone, within five seconds."""


@contextmanager
def undone_when_killed(task: Any, admission: Admission, *, attempt: int, settings: Settings) -> Iterator[None]:
    """Let the kill of `task` (the running operator) end its statement and remove the files of this attempt.

    Airflow's supervisor sends SIGTERM, upon which the task runner calls `on_kill`, and SIGKILL five seconds later.
    Raised in the midst of a wait for an engine, RunKilledError makes that wait cancel its statement.
    """

    def raise_killed() -> NoReturn:
        raise RunKilledError

    task.on_kill = raise_killed
    try:
        yield
    except RunKilledError:
        s3.delete_prefix(bucket=settings.extracts_bucket, prefix=attempt_prefix(admission.request, attempt))
        raise
    finally:
        del task.on_kill


def enter_step(admission: Admission, step: str, *, settings: Settings, **values: Any) -> ExtractRecord:
    """Note that the run has come to `step`, and `values`, and return the record as it is then.

    Raises ExtractEndedError when it was cancelled meanwhile.
    """
    extract_id = admission.request.extract_id
    store = ExtractStore.of(settings)
    moved, record = store.move(extract_id, "running", step=step, **values)
    if record is None or (not moved and record.state != "done"):
        raise ExtractEndedError(f"extract {extract_id} is {record.state if record else 'unknown'}: its run stops here")
    return record


def finish(
    admission: Admission, published: Published, *, settings: Settings, seen: ExtractRecord | None = None
) -> None:
    """Bring the extract to `done`, delivered where it is to be: only now the API tells of its files.

    `seen` is its record as it was last; it is read again if it has changed since.

    Raises ExtractEndedError, with the files removed, when it was cancelled in the meantime, and DestinationError when
    the customer's bucket does not take them: they are kept for another try.
    """
    request = admission.request
    store = ExtractStore.of(settings)
    manifest = published.manifest
    delivered_to = _deliver(admission, manifest, store=store, settings=settings)
    moved, record = end(
        store,
        request.extract_id,
        "done",
        settings=settings,
        seen=seen,
        step=None,
        rows=published.rows,
        bytes=published.bytes,
        files=published.files,
        expires_at=manifest["expires_at"],
        delivered_to=delivered_to,
        # A run that was cleared since may have pinned a later one.
        version=manifest["published"]["version"],
    )
    if moved and record is not None:
        AuditLog(settings).append(_delivered(record, manifest))
    elif record is None or record.state != "done":
        remove_files(customer_id=request.customer_id, extract_id=request.extract_id, settings=settings)
        raise ExtractEndedError(
            f"extract {request.extract_id} is {record.state if record else 'unknown'}: not published"
        )


def _deliver(
    admission: Admission, manifest: Mapping[str, Any], *, store: ExtractStore, settings: Settings
) -> str | None:
    """Deliver a certified extract to the customer's own bucket and return where it is, None for one that stays here.

    One that is done was delivered, and may have been taken away since.
    """
    destination = admission.destination
    if destination is None or destination.bucket is None:
        return None
    record = store.read(admission.request.extract_id)
    if record is not None and record.state == "done":
        return record.delivered_to
    enter_step(admission, DELIVERING, settings=settings, certified_at=manifest["created_at"])
    delivered_to = deliver(manifest, destination, settings=settings)
    product = load_products()[admission.request.product]
    lineage.delivered(manifest, product, bucket=settings.extracts_bucket, delivered_to=delivered_to)
    return delivered_to


def remove_files(*, customer_id: str, extract_id: str, settings: Settings) -> int:
    """Delete everything of an extract from the bucket, the manifest with it; return how many objects there were."""
    prefix = extract_prefix(customer_id=customer_id, extract_id=extract_id)
    return s3.delete_prefix(bucket=settings.extracts_bucket, prefix=prefix)


def record_failure(context: Any) -> None:
    """Airflow's failure callback: note in the record that the run has ended, and why in words a customer may read."""
    error = context.get("exception")
    extract_id = extract_id_of(context["task_instance"].run_id)
    try:
        state, cause = judged(error)
        settings = Settings.from_environment()
        end(ExtractStore.of(settings), extract_id, state, settings=settings, cause=cause, step=None)
    except Exception:
        # The callback tells of a failure and must not hide it; the API finds a run that ended without a word.
        logger.exception("the failure of extract %s could not be recorded", extract_id)


def judged(error: object) -> tuple[State, str]:
    """Return the state that an error of a task leads to, and its cause; an engine's own words may hold foreign data."""
    if isinstance(error, DestinationError):  # raised from what AWS said, which is ours to read
        return "failed", cause_in_words(error)
    cause = error.__cause__ if isinstance(error, BaseException) and error.__cause__ else error
    if isinstance(cause, GateFailed | VerificationError):
        return "held", "the files did not pass the checks of what leaves; they are held back and staff have been told"
    if isinstance(cause, DataHeldError):
        return "held", cause_in_words(cause)
    if isinstance(cause, RequestError | ExtractEndedError):
        return "failed", cause_in_words(cause)
    if cause is None:
        return "failed", "the run lost its worker, or staff ended it; ask for a new one"
    return "failed", f"the run failed ({type(cause).__name__}); staff have been told and its log says why"


def _delivered(record: ExtractRecord, manifest: Mapping[str, Any]) -> AuditEvent:
    return AuditEvent(
        action="delivered",
        caller=record.requested_by,
        customer_id=record.customer_id,
        extract_id=record.extract_id,
        outcome="done",
        details={
            "rows": record.rows,
            "bytes": record.bytes,
            "files": [file["sha256"] for file in manifest["files"]],
            "version": record.version,
            "pii": record.pii,
            "reused": manifest.get("reused"),
            "destination": manifest.get("destination"),
            "delivered_to": record.delivered_to,
        },
    )
