"""The world of the extract API, in memory."""

from __future__ import annotations

import pytest
from landfall.api import extracts, keys
from landfall.aws import s3
from landfall.extract.delivery import register
from landfall.extract.records import store
from landfall.notify import events
from landfall.settings import Settings

from tests.unit.api.world import World


def stand_in(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return an API without Airflow and AWS, to which every door leads; every setting is its own name."""
    found = World()
    monkeypatch.setattr(store, "ItemTable", lambda *, name: found.extracts)
    monkeypatch.setattr(keys, "ItemTable", lambda *, name: found.keys)
    monkeypatch.setattr(register, "ItemTable", lambda *, name: found.destinations)
    monkeypatch.setattr(extracts, "expect", lambda request, *, settings: found.expect(request))
    for name in ("read_object", "write_new_object", "list_objects", "delete_prefix", "presign"):
        monkeypatch.setattr(s3, name, getattr(found.buckets, name))
    for name in Settings.__dataclass_fields__:
        monkeypatch.setenv(f"LANDFALL_{name.upper()}", name)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr(events, "announce", lambda *, topic_arn, message, attributes: found.told.append(message))
    return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """The world of one test."""
    return stand_in(monkeypatch)
