"""Fixtures of the Redshift tests: one cloud for the session, a connection and a schema for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cloud import DATABASE, PASSWORD, USER, Cloud, start
from pgclient import PgClient


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = start(tmp_path_factory.mktemp("redshift"), with_aws=True)
    yield running
    running.stop()


@pytest.fixture
def pg(cloud: Cloud) -> Iterator[PgClient]:
    """A connection standing in an empty schema `t`."""
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    client.query("drop schema if exists t cascade; create schema t; set search_path to t, public")
    yield client
    client.close()


@pytest.fixture
def other(cloud: Cloud) -> Iterator[PgClient]:
    """A second connection."""
    client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
    yield client
    client.close()
