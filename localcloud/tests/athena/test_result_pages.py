"""A result file's lines come back as the cells that were written."""

from __future__ import annotations

import io
import itertools
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.response import StreamingBody
from localcloud.athena import result_pages
from localcloud.athena.result_pages import read_page
from localcloud.athena.results import _line

TEXTS = {
    '"a"': "a",
    '"\\"': "\\",
    '"\t"': "\t",
    '"é"': "é",
    '","': ",",
    '""': "",
    '""""': '"',
    '"a,""b"': 'a,"b',
    '"1\n2"': "1\n2",
    "": None,
}


def lake_with(body: bytes) -> Any:
    def get_object(*, Range: str, **_: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        first, _, last = Range.removeprefix("bytes=").partition("-")
        part = body[int(first) : int(last) + 1]
        return {
            "Body": StreamingBody(io.BytesIO(part), len(part)),
            "ContentRange": f"bytes {first}-{int(first) + len(part) - 1}/{len(body)}",
            "ETag": "etag",
        }

    recent = SimpleNamespace(read=lambda _uri: None)
    return SimpleNamespace(s3=SimpleNamespace(get_object=get_object), recent=recent)


def test_every_mix_of_cells_is_written_so() -> None:
    written = {cell: text for text, cell in TEXTS.items()}
    for cells in itertools.chain.from_iterable(itertools.product(written, repeat=length) for length in (1, 2, 3)):
        assert _line(cells) == ",".join(written[cell] for cell in cells) + "\n"


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1 << 18])
def test_every_mix_of_quoted_empty_and_missing_cells_is_read_as_it_was_written(
    chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_pages, "_CHUNK_BYTES", chunk_bytes)
    lines = [line for length in (2, 3) for line in itertools.product(TEXTS, repeat=length)]
    lake = lake_with("".join(",".join(line) + "\n" for line in lines).encode())
    first = read_page(lake, "s3://results/x.csv", 0, 100)
    assert first.next_offset
    rest = read_page(lake, "s3://results/x.csv", first.next_offset, len(lines))
    assert rest.next_offset is None
    rows = [*json.loads(first.rows), *json.loads(rest.rows)]
    assert [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows] == [
        [TEXTS[cell] for cell in line] for line in lines
    ]
