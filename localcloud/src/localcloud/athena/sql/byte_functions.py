"""Hashes of bytes that DuckDB has not, by Python's standard library."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Callable

import duckdb

_HMACS = ("md5", "sha1", "sha256", "sha512")


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `landfall_sha512`, `landfall_crc32` and `landfall_hmac_<hash>`."""
    connection.create_function("landfall_sha512", _sha512, ["BLOB"], "BLOB")
    connection.create_function("landfall_crc32", _crc32, ["BLOB"], "BIGINT")
    for name in _HMACS:
        connection.create_function(f"landfall_hmac_{name}", _hmac(name), ["BLOB", "BLOB"], "BLOB")


def _sha512(value: bytes) -> bytes:
    return hashlib.sha512(value).digest()


def _crc32(value: bytes) -> int:
    return zlib.crc32(value)


def _hmac(name: str) -> Callable[[bytes, bytes], bytes]:
    def digest(value: bytes, key: bytes) -> bytes:
        return hmac.new(key, value, name).digest()

    return digest
