"""Lines of text objects."""

from __future__ import annotations

import bz2
import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pyarrow as pa
import pytest
import zstandard
from localcloud.lake import text
from localcloud.lake.errors import BadDataError, NotSupportedError
from localcloud.lake.local_files import LocalFiles
from localcloud.lake.objects import StoredObject
from localcloud.lake.partitions import Partition


def lines_of(name: str, body: bytes, monkeypatch: pytest.MonkeyPatch, chunk: int = 7) -> list[bytes]:
    """The lines of an object, read in chunks so small that every boundary falls somewhere inside."""
    monkeypatch.setattr(text, "_CHUNK_BYTES", chunk)
    s3 = SimpleNamespace(get_object=lambda **_: {"Body": io.BytesIO(body)})
    lake = SimpleNamespace(s3=s3, local_files=LocalFiles())
    stored = StoredObject(f"s3://bucket/{name}", len(body), Partition((), "s3://bucket/"))
    return [line for batch in text.read_lines(lake, stored) for line in batch.to_pylist()]  # type: ignore[arg-type]


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


def read_all(bodies: dict[str, bytes]) -> list[tuple[str, int, str]]:
    """The lines of several objects as an engine gets them: path, number, text."""
    partition = Partition((), "s3://bucket/")
    objects = [StoredObject(f"s3://bucket/{name}", len(body), partition) for name, body in bodies.items()]
    with ThreadPoolExecutor(4) as workers:
        s3 = SimpleNamespace(get_object=lambda **asked: {"Body": io.BytesIO(bodies[asked["Key"]])})
        lake = SimpleNamespace(s3=s3, local_files=LocalFiles(), workers=workers)
        table = text.reader(lake, objects, ["line"], None, 0, []).read_all()  # type: ignore[arg-type]
    return [tuple(row.values()) for row in table.to_pylist()]


def test_objects_that_are_read_ahead_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_AHEAD_BYTES", 8)
    bodies = {f"{number}.txt": (b"x\n" * 9 if number % 3 == 0 else b"a\nb") for number in range(12)}
    rows = read_all(bodies)
    assert [path for path, number, _ in rows if number == 1] == [f"s3://bucket/{name}" for name in bodies]
    assert [number for path, number, _ in rows if path.endswith("/4.txt")] == [1, 2]


def test_an_object_that_is_broken_ends_the_reading() -> None:
    with pytest.raises(BadDataError, match=r"s3://bucket/b\.gz"):
        read_all({"a.txt": b"a", "b.gz": b"no gzip", "c.txt": b"c"})


def test_malformed_utf8_becomes_the_replacement_character() -> None:
    assert text.to_text(pa.array([b"ok", b"\xff"])).to_pylist() == ["ok", "\ufffd"]
