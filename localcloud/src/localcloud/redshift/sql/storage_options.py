"""What UNLOAD and COPY both say about S3: the place, the credentials and the file format."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.words import Words

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", re.S)
UNITS = {"MB": 1024**2, "GB": 1024**3}
COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2")
_FORMATS = ("CSV", "PARQUET", "JSON")


def s3_place(url: str) -> tuple[str, str]:
    """Bucket and key (prefix) of an S3 address."""
    match = _URL.fullmatch(url)
    if not match:
        raise RedshiftError("42601", f'The S3 path "{url}" is not valid: it must be s3://bucket/prefix')
    return match[1], match[2]


def authorization(words: Words) -> None:
    """IAM_ROLE or CREDENTIALS with a role or access keys: the local cloud's S3 asks for neither."""
    words.accept("WITH")
    if words.accept("CREDENTIALS"):
        words.accept("AS")
        if not words.string().startswith(("aws_iam_role=", "aws_access_key_id=")):
            raise RedshiftError("42601", "CREDENTIALS argument is not supplied")
        return
    if not words.accept("IAM_ROLE"):
        raise unsupported("UNLOAD and COPY with ACCESS_KEY_ID")
    if not words.accept("DEFAULT"):
        words.string()


def set_flag(name: str) -> Callable[[Words, Any], None]:
    return lambda _words, options: setattr(options, name, True)


def _compression(name: str) -> Callable[[Words, Any], None]:
    return lambda _words, options: setattr(options, "compression", name)


def set_format(words: Words, options: Any) -> None:
    words.accept("AS")
    if words.peek() not in _FORMATS:
        raise words.error() if words.done else unsupported(f"FORMAT {words.peek()}")
    options.format = words.next().text.upper()


def _set_delimiter(words: Words, options: Any) -> None:
    words.accept("AS")
    options.delimiter = words.string()
    if len(options.delimiter) != 1 or ord(options.delimiter) > 127:
        raise RedshiftError("42601", f"DELIMITER must be a single ASCII character, not {options.delimiter!r}")


def _set_null(words: Words, options: Any) -> None:
    words.accept("AS")
    options.null_string = words.string()


def _region(words: Words, _options: Any) -> None:
    words.accept("AS")
    words.string()


def bare_format(name: str) -> Callable[[Words, Any], None]:
    return lambda _words, options: setattr(options, "format", name)


SHARED: dict[str, Callable[[Words, Any], None]] = {
    "DELIMITER": _set_delimiter,
    "NULL": _set_null,
    "REGION": _region,
    "CSV": bare_format("CSV"),
    "PARQUET": bare_format("PARQUET"),
    **{name: _compression(name) for name in COMPRESSIONS},
}
"""Options of both commands, each with what reads it."""
