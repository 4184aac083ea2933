"""The fields of the form that say how files are written; each may be left empty for the format's own."""

from __future__ import annotations

from typing import Any, get_args

from landfall.extract.door.options import LARGEST_PART_MB, SMALLEST_PART_MB, Compression, DecimalSign, Delimiter


def option_fields() -> dict[str, dict[str, Any]]:
    """Return each option's JSON schema by name."""
    return {
        "compression": _choice(
            "Compression",
            Compression,
            "If empty gzip, for parquet snappy, which is for parquet alone. A workbook (xlsx) has none of them.",
        ),
        "delimiter": _choice("Delimiter", Delimiter, "csv: what stands between two cells; comma if empty."),
        "header": {
            "type": ["null", "boolean"],
            "title": "Header",
            "description": "csv: whether the first line holds the names of the columns; it does if empty.",
            "default": None,
        },
        "decimal_sign": _choice(
            "Decimal sign",
            DecimalSign,
            "csv: of decimals; point if empty. A comma needs another delimiter.",
        ),
        "time_zone": {
            "type": ["null", "string"],
            "examples": ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"],
            "title": "Time zone",
            "description": "csv, jsonl, xlsx: zone in which points in time are written, an IANA name; UTC if empty.",
            "default": None,
        },
        "part_size_mb": {
            "type": ["null", "integer"],
            "minimum": SMALLEST_PART_MB,
            "maximum": LARGEST_PART_MB,
            "title": "Size of parts",
            "description": "csv, jsonl: megabytes of a part; one file if empty.",
            "default": None,
        },
    }


def _choice(title: str, words: Any, description: str) -> dict[str, Any]:
    return {
        "type": ["null", "string"],
        "enum": [None, *get_args(words)],
        "title": title,
        "description": description,
        "default": None,
    }
