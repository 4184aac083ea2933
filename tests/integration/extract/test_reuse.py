"""An extract that is asked for again: finished files are copied, no engine is asked, nothing that ended is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.aws.redshift_data import RedshiftData
from landfall.errors import VerificationError
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.unload import Unloaded, unload
from landfall.extract.files import reuse
from landfall.extract.files.layout import attempt_prefix, extract_prefix, manifest_key
from landfall.extract.records.record import ExtractRecord, request_text, timestamp
from landfall.extract.records.store import ExtractStore
from landfall.extract.run import course
from landfall.extract.run.publish import Published
from landfall.settings import Settings

from tests.certifying import certify

from .conftest import OTHER, admission_of

Admit = Callable[..., Admission]


@pytest.fixture
def fresh(pinned_table: str) -> Admit:
    """Return a function that admits the same request each time, which no other test asks for."""
    day = datetime.now(UTC).microsecond % 3_000

    def admit(**changed: Any) -> Admission:
        asked = {"file_format": "csv", "from_date": str(datetime(2010, 1, 1, tzinfo=UTC).date() + timedelta(day))}
        return admission_of(pinned_table, **{**asked, **changed})

    return admit


def _done(admission: Admission, settings: Settings) -> tuple[Unloaded, dict[str, Any], dict[str, bytes]]:
    """Play the run of `admission`; return what was unloaded, its manifest and its files by name."""
    _registered(admission, settings)
    unloaded = unload(admission, attempt=1, settings=settings)
    _finish(unloaded, settings)
    return unloaded, _manifest(admission, settings), _files(admission, settings)


def _registered(admission: Admission, settings: Settings) -> None:
    request, now = admission.request, timestamp(datetime.now(UTC))
    record = ExtractRecord(
        extract_id=request.extract_id,
        customer_id=request.customer_id,
        product=request.product,
        request=request_text(request.to_json()),
        requested_by="staff:test",
        requested_at=now,
        changed_at=now,
        state="running",
        run_id=request.extract_id,
        pii=request.pii,
        version=1,
    )
    assert ExtractStore.of(settings).create(record)


def _finish(unloaded: Unloaded, settings: Settings) -> Published:
    run_id = unloaded.admission.request.extract_id
    published = certify(unloaded, settings=settings, run_id=run_id)
    course.finish(unloaded.admission, published, settings=settings)
    return published


def _reused(admission: Admission, settings: Settings) -> reuse.Reused | None:
    return reuse.take_over(admission, prefix=attempt_prefix(admission.request, 1), settings=settings)


def _manifest(admission: Admission, settings: Settings) -> dict[str, Any]:
    request = admission.request
    key = manifest_key(customer_id=request.customer_id, extract_id=request.extract_id)
    return dict(json.loads(s3.read_object(bucket=settings.extracts_bucket, key=key)))


def _files(admission: Admission, settings: Settings) -> dict[str, bytes]:
    request, bucket = admission.request, settings.extracts_bucket
    base = extract_prefix(customer_id=request.customer_id, extract_id=request.extract_id)
    paths = [file["path"] for file in _manifest(admission, settings)["files"]]
    return {Path(path).name: s3.read_object(bucket=bucket, key=base + path) for path in paths}


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function after whose call every statement on an engine fails the test."""

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("an engine was asked")

    def forbid() -> None:
        for engine in (Athena, RedshiftData):
            monkeypatch.setattr(engine, "run", refuse)

    return forbid


@pytest.mark.parametrize(("file_format", "pii"), [("csv", True), ("parquet", False), ("xlsx", True)])
def test_the_same_again_has_the_same_bytes_and_no_engine_is_asked(
    file_format: str, pii: bool, fresh: Admit, no_engine: Callable[[], None], settings: Settings
) -> None:
    _, first, files = _done(fresh(file_format=file_format, pii=pii), settings)
    assert "reused" not in first
    no_engine()

    for _ in range(2):  # the second is copied from the first copy, and both tell who made the files
        again = fresh(file_format=file_format, pii=pii)
        _, manifest, copied = _done(again, settings)

        assert files != {} and copied == files
        assert manifest["extract_id"] == again.request.extract_id == manifest["run_id"]
        assert manifest["reused"] == {
            "extract_id": first["extract_id"],
            "run_id": first["run_id"],
            "made_at": first["created_at"],
        }
        assert [file["sha256"] for file in manifest["files"]] == [file["sha256"] for file in first["files"]]
        assert manifest["cost"]["usd"] == 0 and manifest["gate"] == first["gate"]
        assert manifest["signature"] != first["signature"]
        assert manifest["expires_at"] > first["expires_at"]


def test_the_end_of_one_extract_takes_no_file_from_the_other(fresh: Admit, settings: Settings) -> None:
    first, second = fresh(), fresh()
    _, _, files = _done(first, settings)
    unloaded, _, _ = _done(second, settings)
    assert unloaded.reused is not None

    course.remove_files(customer_id=first.request.customer_id, extract_id=first.request.extract_id, settings=settings)

    assert _files(second, settings) == files


def test_what_differs_in_anything_is_made_anew(fresh: Admit, settings: Settings) -> None:
    _done(fresh(), settings)
    changes: list[dict[str, Any]] = [
        {"file_format": "jsonl"},
        {"pii": False},
        {"customer_id": OTHER},
        {"columns": ["note"]},
        {"compression": "none"},
        {"status": "paid"},
        {"since": "1"},
    ]
    assert _reused(fresh(), settings) is not None
    assert [change for change in changes if _reused(fresh(**change), settings)] == []


def test_another_version_is_made_anew(fresh: Admit, settings: Settings) -> None:
    _done(fresh(), settings)
    later = fresh()
    later = replace(later, pinned=replace(later.pinned, version=2))
    assert _reused(later, settings) is None


@pytest.mark.parametrize("state", ["expired", "deleted"])
def test_files_of_an_extract_that_is_gone_are_made_anew(state: Any, fresh: Admit, settings: Settings) -> None:
    first = fresh()
    _done(first, settings)
    ExtractStore.of(settings).move(first.request.extract_id, state)  # its files are still there
    assert _reused(fresh(), settings) is None


def test_files_that_are_about_to_expire_are_made_anew(fresh: Admit, settings: Settings) -> None:
    first = fresh()
    _done(first, settings)
    store = ExtractStore.of(settings)
    for left, is_reused in ((reuse.ABOUT_TO_EXPIRE / 2, False), (reuse.ABOUT_TO_EXPIRE * 2, True)):
        record = store.read(first.request.extract_id)
        assert record is not None
        store.note(record, expires_at=timestamp(datetime.now(UTC) + left))
        assert (_reused(fresh(), settings) is not None) is is_reused


@pytest.mark.parametrize("state", ["failed", "held", "cancelled"])
def test_an_extract_that_came_to_no_good_end_is_not_reused_though_it_has_a_manifest(
    state: Any, fresh: Admit, settings: Settings
) -> None:
    first = fresh()
    _registered(first, settings)
    unloaded = unload(first, attempt=1, settings=settings)
    certify(unloaded, settings=settings)
    assert _reused(fresh(), settings) is None  # the manifest is there, but nobody was told

    ExtractStore.of(settings).move(first.request.extract_id, state)
    assert _reused(fresh(), settings) is None


def test_a_manifest_that_was_changed_is_not_copied_by(fresh: Admit, settings: Settings) -> None:
    first = fresh()
    _, manifest, _ = _done(first, settings)
    key = manifest_key(customer_id=first.request.customer_id, extract_id=first.request.extract_id)
    s3.write_object(bucket=settings.extracts_bucket, key=key, body=json.dumps({**manifest, "rows": 1}).encode())
    assert _reused(fresh(), settings) is None


def test_a_file_that_goes_while_it_is_copied_leaves_nothing_behind(
    fresh: Admit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = fresh(), fresh()
    _done(first, settings)
    copy = s3.copy_object

    def late(**words: str) -> None:
        copy(**words)
        ExtractStore.of(settings).move(first.request.extract_id, "deleted")

    monkeypatch.setattr(s3, "copy_object", late)
    prefix = "cus_000042/attempt-1/"
    assert reuse.take_over(second, prefix=prefix, settings=settings) is None
    assert list(s3.list_objects(bucket=settings.extracts_bucket, prefix=prefix)) == []


def test_a_copy_that_is_not_what_was_certified_is_held_back(fresh: Admit, settings: Settings) -> None:
    _done(fresh(from_date=None), settings)
    second = fresh(from_date=None)
    _registered(second, settings)
    unloaded = unload(second, attempt=1, settings=settings)
    (found,) = s3.list_objects(bucket=settings.extracts_bucket, prefix=unloaded.prefix)
    content = s3.read_object(bucket=settings.extracts_bucket, key=found.key)
    # The same rows, packed in other bytes.
    s3.write_object(bucket=settings.extracts_bucket, key=found.key, body=content[:4] + b"\1" + content[5:])

    with pytest.raises(VerificationError, match="the copied files are not those of extract"):
        _finish(unloaded, settings)


def test_two_at_once_both_have_files_of_the_same_bytes(fresh: Admit, settings: Settings) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda admission: _done(admission, settings), [fresh(), fresh()])
    assert one[2] == other[2]
    third, _, files = _done(fresh(), settings)
    assert third.reused is not None and files == one[2]
