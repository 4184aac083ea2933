"""A body that was kept is given only while its object is what it was, and no more than a bound is kept."""

from __future__ import annotations

import pytest
from localcloud.lake import recent_objects
from localcloud.lake.local_files import Version
from localcloud.lake.recent_objects import RecentObjects


class Objects:
    """Objects' versions by URI; one that is not named is not to be watched."""

    def __init__(self) -> None:
        self.versions: dict[str, Version] = {"s3://b/a": ((1, 1, 1),), "s3://b/c": ((2, 2, 2),)}

    def version_of(self, uri: str) -> Version | None:
        return self.versions.get(uri)


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
def recent(objects: Objects) -> RecentObjects:
    return RecentObjects(objects)  # type: ignore[arg-type]


def test_an_object_that_is_what_it_was_is_given(recent: RecentObjects) -> None:
    recent.keep("s3://b/a", b"body")
    assert recent.read("s3://b/a") == b"body"
    assert recent.read("s3://b/c") is None


def test_one_that_was_replaced_or_deleted_is_left_to_s3(recent: RecentObjects, objects: Objects) -> None:
    recent.keep("s3://b/a", b"body")
    recent.keep("s3://b/c", b"body")
    objects.versions = {"s3://b/a": ((3, 3, 3),)}
    assert recent.read("s3://b/a") is None
    assert recent.read("s3://b/c") is None


def test_one_that_cannot_be_watched_is_not_kept(recent: RecentObjects, objects: Objects) -> None:
    recent.keep("s3://b/elsewhere", b"body")
    objects.versions["s3://b/elsewhere"] = ((1, 1, 1),)
    assert recent.read("s3://b/elsewhere") is None


def test_the_oldest_goes_when_there_is_no_room(recent: RecentObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_objects, "_KEPT_BYTES", 6)
    recent.keep("s3://b/a", b"1234")
    recent.keep("s3://b/a", b"12345")
    assert recent.read("s3://b/a") == b"12345"
    recent.keep("s3://b/c", b"12")
    assert recent.read("s3://b/a") is None
    assert recent.read("s3://b/c") == b"12"
