"""What COPY says behind FROM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.storage_options import SHARED, authorization, s3_place, set_flag, set_format
from localcloud.redshift.sql.words import Words

_JSON_KINDS = ("auto", "auto ignorecase", "noshred")
MAX_ERRORS = 100_000
"""Of MAXERROR, as AWS documents it."""


@dataclass
class CopyOptions:
    """How COPY reads: `columns` are the JSON 'auto' kind when the format is JSON."""

    bucket: str
    prefix: str
    format: str = "TEXT"
    delimiter: str = ""
    quote: str = '"'
    null_string: str = "\\N"
    ignore_header: int = 0
    compression: str = ""
    manifest: bool = False
    blanks_as_null: bool = False
    empty_as_null: bool = False
    truncate_columns: bool = False
    max_error: int = 0
    no_load: bool = False
    escape: bool = False
    remove_quotes: bool = False
    fixed_width: tuple[int, ...] = ()
    fill_record: bool = False
    accept_invalid: str | None = None
    accept_any_date: bool = False
    trim_blanks: bool = False
    round_decimals: bool = False
    explicit_ids: bool = False
    ignore_blank_lines: bool = False
    date_format: str = "auto"
    time_format: str = "auto"
    json_paths: str = "auto"

    @property
    def plain(self) -> bool:
        """Whether DuckDB's own readers do all that is asked for."""
        rows = (self.fixed_width, self.fill_record, self.ignore_blank_lines, self.max_error, self.no_load)
        values = (self.escape, self.remove_quotes, self.accept_any_date, self.trim_blanks, self.round_decimals)
        formats = {self.date_format.lower(), self.time_format.lower()} - {"auto", "yyyy-mm-dd", "yyyy-mm-dd hh:mi:ss"}
        return not (
            any(rows)
            or any(values)
            or formats
            or self.accept_invalid is not None
            or self.json_paths != "auto"
            or self.compression == "BZIP2"
        )


def _quote(words: Words, options: CopyOptions) -> None:
    words.accept("AS")
    options.quote = words.string()


def _json_kind(words: Words, options: CopyOptions) -> None:
    options.format = "JSON"
    words.accept("AS")
    if words.is_string():
        kind = words.string()
        options.json_paths = kind if kind.lower().startswith("s3://") else kind.lower()
        if not options.json_paths.startswith("s3://") and options.json_paths not in _JSON_KINDS:
            raise RedshiftError("42601", f"invalid JSON option '{kind}'")


def _copy_format(words: Words, options: CopyOptions) -> None:
    set_format(words, options)
    if options.format == "JSON":
        _json_kind(words, options)


def _ignore_header(words: Words, options: CopyOptions) -> None:
    words.accept("AS")
    options.ignore_header = int(words.number())


def _text(name: str) -> Callable[[Words, CopyOptions], None]:
    """An option with a text behind it, `AS` or not."""

    def take(words: Words, options: CopyOptions) -> None:
        words.accept("AS")
        setattr(options, name, words.string())

    return take


def _max_error(words: Words, options: CopyOptions) -> None:
    words.accept("AS")
    options.max_error = int(words.number())
    if options.max_error > MAX_ERRORS:
        raise RedshiftError("42601", f"MAXERROR must be at most {MAX_ERRORS}")


def _accept_invalid(words: Words, options: CopyOptions) -> None:
    words.accept("AS")
    options.accept_invalid = words.string() if words.is_string() else "?"
    if len(options.accept_invalid) != 1:
        raise RedshiftError("42601", "ACCEPTINVCHARS takes one character")


def _fixed_width(words: Words, options: CopyOptions) -> None:
    words.accept("AS")
    options.format = "FIXEDWIDTH"
    try:
        widths = tuple(int(part.rpartition(":")[2]) for part in words.string().split(","))
    except ValueError:
        raise RedshiftError("42601", "FIXEDWIDTH takes 'column:width, …'") from None
    options.fixed_width = widths


def _encoding(words: Words, _options: CopyOptions) -> None:
    words.accept("AS")
    value = words.string() if words.is_string() else words.next().text
    if value.lower() not in ("auto", "utf8"):
        raise unsupported("COPY with an ENCODING other than UTF8")


def _statistics(words: Words, _options: CopyOptions) -> None:
    for value in ("ON", "OFF", "TRUE", "FALSE", "PRESET"):
        words.accept(value)


_COPY: dict[str, Callable[[Words, Any], None]] = {
    **SHARED,
    "FORMAT": _copy_format,
    "JSON": _json_kind,
    "QUOTE": _quote,
    "MANIFEST": set_flag("manifest"),
    "BLANKSASNULL": set_flag("blanks_as_null"),
    "EMPTYASNULL": set_flag("empty_as_null"),
    "TRUNCATECOLUMNS": set_flag("truncate_columns"),
    "IGNOREHEADER": _ignore_header,
    "MAXERROR": _max_error,
    "NOLOAD": set_flag("no_load"),
    "ESCAPE": set_flag("escape"),
    "REMOVEQUOTES": set_flag("remove_quotes"),
    "FIXEDWIDTH": _fixed_width,
    "FILLRECORD": set_flag("fill_record"),
    "ACCEPTINVCHARS": _accept_invalid,
    "ACCEPTANYDATE": set_flag("accept_any_date"),
    "TRIMBLANKS": set_flag("trim_blanks"),
    "ROUNDEC": set_flag("round_decimals"),
    "EXPLICIT_IDS": set_flag("explicit_ids"),
    "IGNOREBLANKLINES": set_flag("ignore_blank_lines"),
    "DATEFORMAT": _text("date_format"),
    "TIMEFORMAT": _text("time_format"),
    "ENCODING": _encoding,
    "COMPUPDATE": _statistics,
    "STATUPDATE": _statistics,
}


def copy_options(words: Words) -> CopyOptions:
    """Everything behind `FROM`; raises RedshiftError for an option that is unknown or not supported."""
    words.expect("FROM")
    bucket, prefix = s3_place(words.string())
    authorization(words)
    options = CopyOptions(bucket, prefix)
    while not words.done:
        word = words.peek()
        if word not in _COPY:
            raise unsupported(f"COPY with {word or words.string()!r}")
        words.next()
        _COPY[word](words, options)
    options.delimiter = options.delimiter or ("," if options.format == "CSV" else "|")
    return options
