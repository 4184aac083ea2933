"""The files of an UNLOAD: written compressed to local disk part by part, then put to S3 under Redshift's names."""

from __future__ import annotations

import bz2
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import zstandard
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from isal import igzip

from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.unload_options import UnloadOptions

_SUFFIXES = {"GZIP": ".gz", "ZSTD": ".zst", "BZIP2": ".bz2", "": ""}


@dataclass(frozen=True)
class Written:
    """An object that was put: its key, bytes and rows."""

    key: str
    bytes: int
    rows: int


def file_name(options: UnloadOptions, part_of_slice: int, part: int) -> str:
    """`0000_part_00.gz` for slice and part, `000.gz` with PARALLEL OFF; EXTENSION takes the place of the suffix."""
    stem = f"{part_of_slice:04}_part_{part:02}" if options.parallel else f"{part:03}"
    if options.extension is not None:
        return f"{stem}.{options.extension.removeprefix('.')}"
    return stem + (".parquet" if options.format == "PARQUET" else _SUFFIXES[options.compression])


def upload(s3: Any, path: Path, options: UnloadOptions, key: str) -> None:
    """Put a local file, under the key of KMS if there is one; raises RedshiftError with S3's reason."""
    try:
        s3.upload_file(str(path), options.bucket, key, ExtraArgs=encryption(options))
    except S3UploadFailedError as error:
        cause = error.__context__
        if not isinstance(cause, ClientError):
            raise
        told = cause.response["Error"]
        status = cause.response["ResponseMetadata"]["HTTPStatusCode"]
        words = f"S3ServiceException:{told['Message']},Status {status},Error {told['Code']}"
        raise RedshiftError("XX000", words) from error


def encryption(options: UnloadOptions) -> dict[str, str]:
    """Return what S3 is told of the encryption of each file."""
    if not options.kms_key_id:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": options.kms_key_id}


@dataclass
class SliceWriter:
    """Writes the rows of one slice; a new part begins when the file reaches MAXFILESIZE."""

    s3: Any
    options: UnloadOptions
    folder: Path
    number: int
    header: bytes = b""
    written: list[Written] = field(default_factory=list)
    _raw: IO[bytes] | None = None
    _out: Any = None
    _rows: int = 0

    @property
    def is_begun(self) -> bool:
        """Whether there is a file, at hand or put."""
        return self._raw is not None or bool(self.written)

    def write(self, text: bytes, rows: int) -> None:
        """Append so many whole rows, each with its newline."""
        if self._out is None:
            self._begin()
        self._out.write(text)
        self._rows += rows
        if self._raw is not None and self._raw.tell() >= self.options.max_file_size:
            self.finish()

    def finish(self) -> None:
        """Close and put the file at hand, if there is one."""
        if self._raw is None:
            return
        if self._out is not self._raw:
            self._out.close()
        self._raw.close()
        self.put(self._path, self._rows)
        self._raw = self._out = None

    def put(self, path: Path, rows: int) -> None:
        """Put a finished local file as the next part, and remove it."""
        key = self.options.prefix + file_name(self.options, self.number, len(self.written))
        upload(self.s3, path, self.options, key)
        self.written.append(Written(key, path.stat().st_size, rows))
        path.unlink()

    @property
    def _path(self) -> Path:
        return self.folder / f"slice-{self.number}"

    def _begin(self) -> None:
        self._raw = self._path.open("wb")
        self._rows = 0
        if self.options.compression == "GZIP":
            # As small as zlib's default, in a tenth of the time.
            self._out = igzip.IGzipFile(filename="", mode="wb", fileobj=self._raw, compresslevel=2, mtime=0)  # type: ignore[no-untyped-call]
        elif self.options.compression == "ZSTD":
            self._out = zstandard.ZstdCompressor().stream_writer(self._raw, closefd=False)
        elif self.options.compression == "BZIP2":
            self._out = bz2.BZ2File(self._raw, "wb")
        else:
            self._out = self._raw
        self._out.write(self.header)


def manifest(options: UnloadOptions, written: Sequence[Written], columns: Sequence[tuple[str, str]]) -> bytes:
    """The manifest's text; `columns` are (name, format_type) for VERBOSE."""
    entries: list[dict[str, Any]] = []
    for each in written:
        meta = {"content_length": each.bytes} | ({"record_count": each.rows} if options.verbose else {})
        entries.append({"url": f"s3://{options.bucket}/{each.key}", "meta": meta})
    content: dict[str, Any] = {"entries": entries}
    if options.verbose:
        content["schema"] = {"elements": [{"name": name, "type": _type(kind)} for name, kind in columns]}
        content["meta"] = {
            "content_length": sum(w.bytes for w in written),
            "record_count": sum(w.rows for w in written),
        }
        content["author"] = {"name": "Amazon Redshift", "version": "1.0.0"}
    return json.dumps(content, indent=2).encode()


def _type(name: str) -> dict[str, Any]:
    base, _, arguments = name.partition("(")
    sizes = [int(size) for size in arguments.rstrip(")").split(",") if size]
    if base == "numeric":
        return {"base": base, "precision": sizes[0], "scale": sizes[1]}
    return {"base": base} | ({"max_length": sizes[0]} if sizes else {})
