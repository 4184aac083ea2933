"""Functions of URLs as Trino has them, which reads a URL as java.net.URI does (RFC 2396)."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable

import duckdb

_URI = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_ILLEGAL = re.compile(
    r"[\x00-\x20\x7f-\xa0\"<>\\^`{|}\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]|%(?![0-9A-Fa-f]{2})"
)
_AUTHORITY = re.compile(
    r"(?:[^@]*@)?(\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?"
    r"|\d{1,3}(?:\.\d{1,3}){3})(?::(\d*))?"
)
Parts = tuple[str, str, str, str, str]
"""Scheme, authority, path, query and fragment as they stand in the text; empty where there is none."""


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `landfall_url_<part>(text)`, `landfall_url_parameter(text, name)`, `landfall_url_encode` and `_decode`."""
    functions: dict[str, tuple[Callable[..., object], int, str]] = {
        "protocol": (_of(lambda parts: parts[0]), 1, "VARCHAR"),
        "host": (_of(lambda parts: _server(parts)[0]), 1, "VARCHAR"),
        "port": (_of(lambda parts: _server(parts)[1]), 1, "BIGINT"),
        "path": (_of(lambda parts: _decoded(parts[2])), 1, "VARCHAR"),
        "query": (_of(lambda parts: _decoded(parts[3])), 1, "VARCHAR"),
        "fragment": (_of(lambda parts: _decoded(parts[4])), 1, "VARCHAR"),
        "parameter": (parameter, 2, "VARCHAR"),
        "encode": (encode, 1, "VARCHAR"),
        "decode": (decode, 1, "VARCHAR"),
    }
    for name, (function, width, kind) in functions.items():
        connection.create_function(  # type: ignore[call-overload]  # names of types are fine
            f"landfall_url_{name}",
            function,
            ["VARCHAR"] * width,
            kind,
            null_handling="special",
        )


def split(text: str) -> Parts | None:
    """The parts of a URL; None where it is none."""
    match = _URI.fullmatch(text)
    if match is None or _ILLEGAL.search(text):
        return None
    scheme, authority, path, query, fragment = match.groups()
    if scheme is not None and not _SCHEME.fullmatch(scheme):
        return None
    if "#" in (fragment or "") or re.search(r"[\[\]]", path):
        return None
    if (authority == "" and not path) or (scheme is not None and authority is None and not path):
        return None
    if scheme is not None and authority is None and not path.startswith("/"):
        path, query = "", ""  # opaque, as mailto:a@b.c
    return scheme or "", authority or "", path, query or "", fragment or ""


def _of(part: Callable[[Parts], object]) -> Callable[[str | None], object]:
    def function(text: str | None) -> object:
        parts = split(text) if text is not None else None
        return None if parts is None else part(parts)

    return function


def _server(parts: Parts) -> tuple[str, int | None]:
    match = _AUTHORITY.fullmatch(parts[1])
    return (match[1], int(match[2]) if match[2] else None) if match else ("", None)


def _decoded(text: str) -> str:
    return urllib.parse.unquote(text, errors="replace")


def parameter(text: str | None, name: str | None) -> str | None:
    """The value of the first parameter of that name in a URL's query; NULL where there is none."""
    parts = split(text) if text is not None and name is not None else None
    for pair in parts[3].split("&") if parts and parts[3] else []:
        key, equals, value = pair.partition("=")
        if key == name:
            return decode(value) if equals else ""
    return None


def encode(text: str | None) -> str | None:
    """application/x-www-form-urlencoded, which keeps `*` and writes `~` in digits, as Java does."""
    return None if text is None else urllib.parse.quote_plus(text, safe="*").replace("~", "%7E")


def decode(text: str | None) -> str | None:
    """The text that was encoded; raises ValueError with Trino's error name for a broken escape."""
    if text is None:
        return None
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("TRINO:INVALID_FUNCTION_ARGUMENT:URLDecoder: Illegal hex characters in escape pattern:END")
    return urllib.parse.unquote_plus(text, errors="replace")
