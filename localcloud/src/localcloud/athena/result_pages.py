"""Pages of a result, read from its object in S3: no more than one page and one chunk are held."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from localcloud.athena.errors import invalid_request
from localcloud.athena.page_json import rows_json
from localcloud.lake.objects import split_uri
from localcloud.lake.session import Lake

_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class ResultPage:
    """Rows of a result as JSON, see rows_json, and the byte where the next page starts (None: there is none)."""

    rows: str
    next_offset: int | None


def read_page(lake: Lake, location: str, offset: int, most: int) -> ResultPage:
    """Up to `most` rows from the row that starts at byte `offset`; nothing for a statement without a result file.

    Raises InvalidRequestException where the object is gone or no row starts at the offset.
    """
    if not location.endswith((".csv", ".txt")):
        return ResultPage("[]", None)
    is_csv = location.endswith(".csv")
    try:
        lines = list(itertools.islice(_lines(_chunks(lake, location, offset), quoted=is_csv), most + 1))
    except ClientError as error:
        raise invalid_request(f"Could not find results: {location} cannot be read ({error})") from error
    shown = lines[:most]
    end = offset + sum(len(line) + 1 for line in shown)
    try:
        rows = rows_json([line.decode() for line in shown], is_csv=is_csv)
    except ValueError as error:
        raise invalid_request("The given NextToken is not valid") from error
    return ResultPage(rows, end if len(lines) > most else None)


def _chunks(lake: Lake, location: str, offset: int) -> Iterator[bytes]:
    """The object's bytes from `offset`, asked for as they are needed: a page leaves no answer half read."""
    kept = lake.recent.read(location)
    if kept is not None and offset < len(kept):
        yield from (kept[start : start + _CHUNK_BYTES] for start in range(offset, len(kept), _CHUNK_BYTES))
        return
    bucket, key = split_uri(location)
    same: dict[str, str] = {}
    while True:
        asked = f"bytes={offset}-{offset + _CHUNK_BYTES - 1}"
        try:
            part = lake.s3.get_object(Bucket=bucket, Key=key, Range=asked, **same)
        except ClientError as error:
            if offset == 0 and error.response["Error"]["Code"] == "InvalidRange":  # an empty object has no byte 0
                return
            raise
        chunk = part["Body"].read()
        yield chunk
        offset += len(chunk)
        if offset >= int(part["ContentRange"].rpartition("/")[2]):
            return
        same = {"IfMatch": part["ETag"]}


def _lines(chunks: Iterable[bytes], *, quoted: bool) -> Iterator[bytes]:
    """Lines without their ends; with `quoted`, a line goes on while a quote is open."""
    rest, line, quotes = b"", b"", 0
    for chunk in chunks:
        *ended, rest = (rest + chunk).split(b"\n")
        for piece in ended:
            line += piece
            quotes += piece.count(b'"') if quoted else 0
            if quotes % 2:
                line += b"\n"
                continue
            yield line
            line, quotes = b"", 0
