"""Read the landing bucket with a parser of our own: how many records arrived."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any, Final

from localcloud.demo.model import STREAMS

_DECODER: Final = json.JSONDecoder()


class Landing:
    """The landing bucket; objects are immutable, so each is read once."""

    def __init__(self, *, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._counts: dict[str, int] = {}

    def records(self) -> dict[str, int]:
        """Return how many records have landed, by stream."""
        counts = dict.fromkeys(STREAMS, 0)
        for stream in STREAMS:
            for key in self._keys(f"{stream}/"):
                if key not in self._counts:
                    body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                    self._counts[key] = count_records(body)
                counts[stream] += self._counts[key]
        return counts

    def objects(self) -> int:
        """Return how many objects have been read."""
        return len(self._counts)

    def errors(self) -> list[str]:
        """Return the keys of what Firehose could not process."""
        return list(self._keys("landing-errors/"))

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", ()))


def count_records(body: bytes) -> int:
    """Count the records of a landed gzip object: the JSON objects of each line, or 1 for a line that is none."""
    return sum(_pieces(line.decode()) for line in gzip.decompress(body).split(b"\n") if line)


def _pieces(line: str) -> int:
    position, pieces = 0, 0
    try:
        while position < len(line):
            value, position = _DECODER.raw_decode(line, position)
            if not isinstance(value, dict):
                return 1
            pieces += 1
    except json.JSONDecodeError:
        return 1
    return pieces
