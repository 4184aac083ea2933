"""How the files of a request are written: compression, CSV's own choices, and the size of parts.

A choice that is left empty is the format's own; one that the format does not have is refused, never ignored.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final, Literal, get_args

from landfall.contracts.extract_product import Format
from landfall.errors import RequestError

Compression = Literal["gzip", "zstd", "none", "snappy"]
Delimiter = Literal["comma", "semicolon", "tab", "pipe"]
DecimalSign = Literal["point", "comma"]

DELIMITERS: Final[Mapping[Delimiter, str]] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

_COMPRESSIONS: Final[Mapping[Format, tuple[Compression, ...]]] = {
    "csv": ("gzip", "zstd", "none"),
    "jsonl": ("gzip", "zstd", "none"),
    "parquet": ("snappy", "gzip", "zstd"),
    "xlsx": ("none",),
}
"""Format -> what its engine's UNLOAD can compress it with, its own first; a workbook is a ZIP archive by itself."""

SMALLEST_PART_MB: Final = 5
LARGEST_PART_MB: Final = 6_200
"""Bounds of MAXFILESIZE in Redshift's UNLOAD, whose own is the larger one."""

UTC: Final = "UTC"

_OPTIONS_OF: Final[Mapping[str, tuple[Format, ...]]] = {
    "delimiter": ("csv",),
    "header": ("csv",),
    "decimal_sign": ("csv",),
    "time_zone": ("csv", "jsonl", "xlsx"),
    "part_size_mb": ("csv", "jsonl"),
}
"""Option -> the formats that have it; compression is of all."""

OPTION_PARAMS: Final = ("compression", *_OPTIONS_OF)
_SHOWN_CHARACTERS: Final = 60


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How files are written. `part_size_mb`: a part has about so many megabytes; None for one file (up to 6.2 GB).

    `time_zone` is the IANA name of the zone in which timestamps are written.
    """

    compression: Compression = "gzip"
    delimiter: Delimiter = "comma"
    header: bool = True
    decimal_sign: DecimalSign = "point"
    time_zone: str = UTC
    part_size_mb: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON values."""
        return asdict(self)

    @property
    def separator(self) -> str:
        """What stands between two cells of a CSV file."""
        return DELIMITERS[self.delimiter]


def parse_options(params: Mapping[str, Any], file_format: Format) -> FileOptions:
    """Return the options that `params` give for `file_format`; None stands for the format's own.

    Raises RequestError that names the field, the value and the remedy.
    """
    for name, formats in _OPTIONS_OF.items():
        if params.get(name) is not None and file_format not in formats:
            raise RequestError(
                f"{name}: {shown(params[name])} is for the format {' or '.join(formats)} alone; leave it empty "
                f"with {file_format}"
            )
    options = FileOptions(
        compression=_one_of("compression", params, _COMPRESSIONS[file_format]),
        delimiter=_one_of("delimiter", params, get_args(Delimiter)),
        header=_header(params.get("header")),
        decimal_sign=_one_of("decimal_sign", params, get_args(DecimalSign)),
        time_zone=_time_zone(params.get("time_zone")),
        part_size_mb=_part_size(params.get("part_size_mb")),
    )
    if options.decimal_sign == "comma" and options.delimiter == "comma":
        raise RequestError("decimal_sign: 'comma' needs another delimiter than the comma; use semicolon, tab or pipe")
    return options


@cache
def time_zones() -> frozenset[str]:
    """Return the zones that may be asked for: UTC and the IANA names of places, such as Europe/Berlin."""
    areas = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return frozenset({UTC, *(name for name in zoneinfo.available_timezones() if name.startswith(areas))})


def _one_of(name: str, params: Mapping[str, Any], offered: Collection[Any]) -> Any:
    """Return the offered value that was given, the first one for None."""
    value = params.get(name)
    if value is None:
        return next(iter(offered))
    if not isinstance(value, str) or value not in offered:
        raise RequestError(f"{name}: {shown(value)} is not offered; use one of {', '.join(offered)}, or leave it empty")
    return value


def _header(value: object) -> bool:
    if value is not None and not isinstance(value, bool):
        raise RequestError(f"header: {shown(value)} is neither true nor false; leave it empty for a header")
    return value is not False


def _time_zone(value: object) -> str:
    if value is None:
        return UTC
    if not isinstance(value, str) or value not in time_zones():
        raise RequestError(f"time_zone: {shown(value)} is no zone; use UTC or an IANA name such as Europe/Berlin")
    return value


def _part_size(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not SMALLEST_PART_MB <= value <= LARGEST_PART_MB:
        raise RequestError(
            f"part_size_mb: {shown(value)} is no whole number from {SMALLEST_PART_MB} to {LARGEST_PART_MB}; "
            "leave it empty for one file"
        )
    return value


def shown(value: object) -> str:
    """Return a refused value for a message: quoted, without control characters, and short."""
    return repr(value)[:_SHOWN_CHARACTERS]
