"""A disk that fills up: the engine ends rather than refuse all further work, and keeps what it has acknowledged."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from cloud import DATABASE, PASSWORD, USER, start, start_redshift
from localcloud.lake.invalidated import STATUS
from pgclient import PgClient, PgError

_ROWS = 64_000
_MORE = "insert into filled select md5(a.digit || b.digit || c.digit) from digits a, digits b, digits c"
_ROOM = 24_000_000
"""Bytes a file may have: more than a write-ahead log has when DuckDB folds it into the database (16 MB)."""


def test_what_was_acknowledged_outlives_a_full_disk(tmp_path: Path) -> None:
    cloud = start(tmp_path, with_aws=False)
    try:
        client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
        client.query("create table digits (digit int); create table filled (hash varchar(32))")
        client.query(f"insert into digits values {','.join(f'({number})' for number in range(40))}")
        resource.prlimit(cloud.redshift.pid, resource.RLIMIT_FSIZE, (_ROOM, _ROOM))
        acknowledged = 0
        with pytest.raises(PgError) as failure:
            while acknowledged < 50:
                client.query(_MORE)
                acknowledged += 1
        assert failure.value.sqlstate == "57P02"
        assert cloud.redshift.wait(10) == STATUS
        cloud.redshift = start_redshift(cloud.wire_port, cloud.api_port, cloud.aws_port, cloud.state_dir)
        client = PgClient(cloud.wire_port, USER, PASSWORD, DATABASE)
        assert client.query("select count(*) from filled").rows == [(str(_ROWS * acknowledged),)]
        client.query(_MORE)
        client.close()
    finally:
        cloud.stop()
