"""Literals and names in the SQL that the lake hands to DuckDB."""

from __future__ import annotations


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(*parts: str) -> str:
    """A name as SQL writes it, quoted; several parts with dots between them."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
