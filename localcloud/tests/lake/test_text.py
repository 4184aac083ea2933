"""Lines of text objects."""

from __future__ import annotations

import bz2
import gzip
import io
from types import SimpleNamespace

import pytest
import zstandard
from localcloud.lake import text
from localcloud.lake.errors import BadDataError, NotSupportedError
from localcloud.lake.objects import StoredObject
from localcloud.lake.partitions import Partition


def lines_of(name: str, body: bytes, monkeypatch: pytest.MonkeyPatch, chunk: int = 7) -> list[bytes]:
    """The lines of an object, read in chunks so small that every boundary falls somewhere inside."""
    monkeypatch.setattr(text, "_CHUNK_BYTES", chunk)
    lake = SimpleNamespace(s3=SimpleNamespace(get_object=lambda **_: {"Body": io.BytesIO(body)}))
    stored = StoredObject(f"s3://bucket/{name}", len(body), Partition((), "s3://bucket/"))
    return [line for batch in text.read_lines(lake, stored) for line in batch]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\r\nb\rc\n", [b"a", b"b", b"c"]),
        (b"\n\n", [b"", b""]),
        (b"a\r", [b"a"]),
        (b"a\r\n", [b"a"]),
        (b"abcdef\r\nabcdef\r\n", [b"abcdef", b"abcdef"]),
        (b"", []),
    ],
)
def test_lines_end_with_lf_crlf_or_cr(body: bytes, lines: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for chunk in (1, 2, 7, 1000):
        assert lines_of("x.txt", body, monkeypatch, chunk) == lines


def test_every_compression_gives_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"first\nsecond, longer than a chunk\n\nlast"
    expected = [b"first", b"second, longer than a chunk", b"", b"last"]
    members = gzip.compress(body[:9]) + gzip.compress(body[9:])
    compressed = {
        "x.gz": members,
        "x.bz2": bz2.compress(body),
        "x.zst": zstandard.ZstdCompressor().compress(body),
        "x": body,
    }
    for name, data in compressed.items():
        assert lines_of(name, data, monkeypatch) == expected, name


@pytest.mark.parametrize("body", [b"plain", gzip.compress(b"x" * 5000)[:20], gzip.compress(b"abc")[:-4] + b"0000"])
def test_what_does_not_decompress_is_bad_data(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadDataError, match=r"HIVE_BAD_DATA: Error reading s3://bucket/x\.gz"):
        lines_of("x.gz", body, monkeypatch)


def test_a_compression_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotSupportedError, match="not supported by the local cloud"):
        lines_of("x.lzo", b"abc", monkeypatch)


def test_malformed_utf8_becomes_the_replacement_character() -> None:
    assert text.to_text([b"ok", b"\xff"]).to_pylist() == ["ok", "\ufffd"]
