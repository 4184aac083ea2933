"""What UNLOAD and COPY say about S3: the place, the credentials and the file format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.words import Words

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", re.S)
_UNITS = {"MB": 1024**2, "GB": 1024**3}
COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2")
_FORMATS = ("CSV", "PARQUET", "JSON")
_JSON_KINDS = ("auto", "auto ignorecase", "noshred")
MAX_ERRORS = 100_000
"""Of MAXERROR, as AWS documents it."""


@dataclass
class UnloadOptions:
    """`max_file_size` in bytes; `delimiter` '' until the format is known (',' for CSV, '|' for text)."""

    bucket: str
    prefix: str
    format: str = "TEXT"
    header: bool = False
    delimiter: str = ""
    null_string: str = ""
    add_quotes: bool = False
    escape: bool = False
    compression: str = ""
    parallel: bool = True
    manifest: bool = False
    verbose: bool = False
    max_file_size: int = int(6.2 * 1024**3)
    allow_overwrite: bool = False
    clean_path: bool = False
    extension: str | None = None
    partition_by: tuple[str, ...] = ()
    include: bool = False
    row_group_size: int = 0


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
        asked = (self.escape, self.remove_quotes, self.fixed_width, self.fill_record, self.accept_any_date)
        asked += (self.trim_blanks, self.round_decimals, self.ignore_blank_lines, self.max_error, self.no_load)
        formats = {self.date_format.lower(), self.time_format.lower()} - {"auto", "yyyy-mm-dd", "yyyy-mm-dd hh:mi:ss"}
        return not (
            any(asked)
            or formats
            or self.accept_invalid is not None
            or self.json_paths != "auto"
            or self.compression == "BZIP2"
        )


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


def unload_options(words: Words) -> UnloadOptions:
    """Everything behind `TO`; raises RedshiftError for an option that is unknown, contradictory or not supported."""
    words.expect("TO")
    bucket, prefix = s3_place(words.string())
    authorization(words)
    options = UnloadOptions(bucket, prefix)
    while not words.done:
        if words.peek() not in _UNLOAD:
            raise words.error()
        _UNLOAD[words.next().text.upper()](words, options)
    if options.allow_overwrite and options.clean_path:
        raise RedshiftError("42601", "ALLOWOVERWRITE and CLEANPATH can't be used together")
    if options.format in ("PARQUET", "JSON") and (
        options.header or options.delimiter or options.add_quotes or options.escape
    ):
        raise RedshiftError("0A000", f"UNLOAD {options.format} does not support HEADER, DELIMITER, ADDQUOTES or ESCAPE")
    if options.format == "PARQUET" and options.compression:
        raise RedshiftError("0A000", f"UNLOAD PARQUET does not support {options.compression}")
    if options.format == "CSV" and (options.add_quotes or options.escape):
        raise RedshiftError("0A000", "CSV is not supported with ESCAPE or ADDQUOTES")
    options.delimiter = options.delimiter or ("," if options.format == "CSV" else "|")
    return options


def _set(name: str) -> Callable[[Words, Any], None]:
    return lambda _words, options: setattr(options, name, True)


def _compression(name: str) -> Callable[[Words, Any], None]:
    return lambda _words, options: setattr(options, "compression", name)


def _refused(command: str, option: str) -> Callable[[Words, Any], None]:
    def refuse(_words: Words, _options: Any) -> None:
        raise unsupported(f"{command} with {option}")

    return refuse


def _set_format(words: Words, options: UnloadOptions | CopyOptions) -> None:
    words.accept("AS")
    if words.peek() not in _FORMATS:
        raise words.error() if words.done else unsupported(f"FORMAT {words.peek()}")
    options.format = words.next().text.upper()


def _set_delimiter(words: Words, options: UnloadOptions | CopyOptions) -> None:
    words.accept("AS")
    options.delimiter = words.string()
    if len(options.delimiter) != 1 or ord(options.delimiter) > 127:
        raise RedshiftError("42601", f"DELIMITER must be a single ASCII character, not {options.delimiter!r}")


def _set_null(words: Words, options: UnloadOptions | CopyOptions) -> None:
    words.accept("AS")
    options.null_string = words.string()


def _region(words: Words, _options: Any) -> None:
    words.accept("AS")
    words.string()


def _manifest(words: Words, options: UnloadOptions) -> None:
    options.manifest, options.verbose = True, words.accept("VERBOSE")


def _parallel(words: Words, options: UnloadOptions) -> None:
    options.parallel = not (words.accept("OFF") or words.accept("FALSE"))
    if options.parallel and not words.accept("ON"):
        words.accept("TRUE")


def _max_file_size(words: Words, options: UnloadOptions) -> None:
    words.accept("AS")
    number = float(words.number())
    unit = words.next().text.upper() if words.peek() in _UNITS else "MB"
    options.max_file_size = int(number * _UNITS[unit])
    if not 5 * _UNITS["MB"] <= options.max_file_size <= 6.2 * _UNITS["GB"]:
        raise RedshiftError("42601", "MAXFILESIZE must be between 5MB and 6.2GB")


def _partition(words: Words, options: UnloadOptions) -> None:
    words.expect("(")
    names = [words.name()]
    while words.accept(","):
        names.append(words.name())
    words.expect(")")
    options.partition_by, options.include = tuple(names), words.accept("INCLUDE")


def _row_group_size(words: Words, options: UnloadOptions) -> None:
    """In bytes; AWS takes 32 to 128 MB."""
    words.accept("AS")
    number = float(words.number())
    unit = words.next().text.upper() if words.peek() in _UNITS else "MB"
    options.row_group_size = int(number * _UNITS[unit])
    if not 32 * _UNITS["MB"] <= options.row_group_size <= 128 * _UNITS["MB"]:
        raise RedshiftError("42601", "ROWGROUPSIZE must be between 32MB and 128MB")


def _extension(words: Words, options: UnloadOptions) -> None:
    options.extension = words.string()


def _encrypted(words: Words, _options: UnloadOptions) -> None:
    """Without a key, S3's own encryption, which the local cloud's S3 does not show."""
    words.accept("AUTO")


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
    _set_format(words, options)
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


def _bare_format(name: str) -> Callable[[Words, Any], None]:
    return lambda _words, options: setattr(options, "format", name)


_SHARED: dict[str, Callable[[Words, Any], None]] = {
    "DELIMITER": _set_delimiter,
    "NULL": _set_null,
    "REGION": _region,
    "CSV": _bare_format("CSV"),
    "PARQUET": _bare_format("PARQUET"),
    **{name: _compression(name) for name in COMPRESSIONS},
}
_UNLOAD: dict[str, Callable[[Words, Any], None]] = {
    **_SHARED,
    "FORMAT": _set_format,
    "JSON": _bare_format("JSON"),
    "HEADER": _set("header"),
    "ADDQUOTES": _set("add_quotes"),
    "ESCAPE": _set("escape"),
    "ALLOWOVERWRITE": _set("allow_overwrite"),
    "CLEANPATH": _set("clean_path"),
    "MANIFEST": _manifest,
    "PARALLEL": _parallel,
    "MAXFILESIZE": _max_file_size,
    "EXTENSION": _extension,
    "ENCRYPTED": _encrypted,
    "PARTITION BY": _partition,
    "ROWGROUPSIZE": _row_group_size,
    **{name: _refused("UNLOAD", name) for name in ("FIXEDWIDTH", "KMS_KEY_ID")},
}
_COPY: dict[str, Callable[[Words, Any], None]] = {
    **_SHARED,
    "FORMAT": _copy_format,
    "JSON": _json_kind,
    "QUOTE": _quote,
    "MANIFEST": _set("manifest"),
    "BLANKSASNULL": _set("blanks_as_null"),
    "EMPTYASNULL": _set("empty_as_null"),
    "TRUNCATECOLUMNS": _set("truncate_columns"),
    "IGNOREHEADER": _ignore_header,
    "MAXERROR": _max_error,
    "NOLOAD": _set("no_load"),
    "ESCAPE": _set("escape"),
    "REMOVEQUOTES": _set("remove_quotes"),
    "FIXEDWIDTH": _fixed_width,
    "FILLRECORD": _set("fill_record"),
    "ACCEPTINVCHARS": _accept_invalid,
    "ACCEPTANYDATE": _set("accept_any_date"),
    "TRIMBLANKS": _set("trim_blanks"),
    "ROUNDEC": _set("round_decimals"),
    "EXPLICIT_IDS": _set("explicit_ids"),
    "IGNOREBLANKLINES": _set("ignore_blank_lines"),
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
