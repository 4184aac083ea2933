"""A plain client of the local cloud's Redshift, by the environment that `make up` writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redshift_connector


@contextmanager
def redshift_cursor() -> Iterator[Any]:
    """Yield a cursor whose statements are committed one by one."""
    with redshift_connector.connect(
        host=os.environ["LANDFALL_REDSHIFT_HOST"],
        port=int(os.environ["LANDFALL_REDSHIFT_PORT"]),
        user=os.environ["LANDFALL_REDSHIFT_USER"],
        password=os.environ["LANDFALL_REDSHIFT_PASSWORD"],
        database=os.environ["LANDFALL_REDSHIFT_DATABASE"],
        ssl=False,
    ) as connection:
        connection.autocommit = True
        yield connection.cursor()
