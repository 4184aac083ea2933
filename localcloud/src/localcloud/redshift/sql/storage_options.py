"""What UNLOAD and COPY say about S3: the place, the credentials and the file format."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.words import Words

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)", re.S)
_UNITS = {"MB": 1024**2, "GB": 1024**3}
COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2")


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


def s3_place(url: str) -> tuple[str, str]:
    """Bucket and key (prefix) of an S3 address."""
    match = _URL.fullmatch(url)
    if not match:
        raise RedshiftError("42601", f'The S3 path "{url}" is not valid: it must be s3://bucket/prefix')
    return match[1], match[2]


def authorization(words: Words) -> None:
    """IAM_ROLE default or 'arn…': any role is one that may, the local cloud's S3 decides nothing by it."""
    if not words.accept("IAM_ROLE"):
        raise unsupported("UNLOAD and COPY without IAM_ROLE (access keys and CREDENTIALS)")
    if not words.accept("DEFAULT"):
        words.string()


def unload_options(words: Words) -> UnloadOptions:
    """Everything behind `TO`; raises RedshiftError for an option that is unknown, contradictory or not supported."""
    words.expect("TO")
    bucket, prefix = s3_place(words.string())
    authorization(words)
    options = UnloadOptions(bucket, prefix)
    while not words.done:
        _unload_option(words, options)
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


def _unload_option(words: Words, options: UnloadOptions) -> None:
    switches = {
        "HEADER": "header",
        "ADDQUOTES": "add_quotes",
        "ESCAPE": "escape",
        "ALLOWOVERWRITE": "allow_overwrite",
        "CLEANPATH": "clean_path",
    }
    word = words.peek()
    if word in switches:
        words.next()
        setattr(options, switches[word], True)
    elif word in COMPRESSIONS:
        options.compression = words.next().text.upper()
    elif word in ("FORMAT", "CSV", "PARQUET", "JSON"):
        options.format = _format(words, ("CSV", "PARQUET", "JSON"))
    elif words.accept("DELIMITER"):
        options.delimiter = _delimiter(words)
    elif words.accept("NULL"):
        words.accept("AS")
        options.null_string = words.string()
    elif words.accept("MANIFEST"):
        options.manifest, options.verbose = True, words.accept("VERBOSE")
    elif words.accept("PARALLEL"):
        options.parallel = not (words.accept("OFF") or words.accept("FALSE"))
        if options.parallel and not words.accept("ON"):
            words.accept("TRUE")
    elif words.accept("MAXFILESIZE"):
        words.accept("AS")
        options.max_file_size = _size(words)
    elif words.accept("EXTENSION"):
        options.extension = words.string()
    elif words.accept("REGION"):
        words.accept("AS")
        words.string()
    elif words.accept("ENCRYPTED", "AUTO"):
        return
    elif word in ("PARTITION", "FIXEDWIDTH", "ENCRYPTED", "ROWGROUPSIZE", "KMS_KEY_ID", "MASTER_SYMMETRIC_KEY"):
        raise unsupported(f"UNLOAD with {word}")
    else:
        raise words.error()


def _format(words: Words, known: tuple[str, ...]) -> str:
    if words.accept("FORMAT"):
        words.accept("AS")
    if words.peek() not in known:
        raise words.error() if words.done else unsupported(f"FORMAT {words.peek()}")
    return words.next().text.upper()


def _delimiter(words: Words) -> str:
    words.accept("AS")
    delimiter = words.string()
    if len(delimiter) != 1 or ord(delimiter) > 127:
        raise RedshiftError("42601", f"DELIMITER must be a single ASCII character, not {delimiter!r}")
    return delimiter


def _size(words: Words) -> int:
    number = float(words.number())
    unit = words.next().text.upper() if words.peek() in _UNITS else "MB"
    size = int(number * _UNITS[unit])
    if not 5 * _UNITS["MB"] <= size <= 6.2 * _UNITS["GB"]:
        raise RedshiftError("42601", "MAXFILESIZE must be between 5MB and 6.2GB")
    return size


def copy_options(words: Words) -> CopyOptions:
    """Everything behind `FROM`; raises RedshiftError for an option that is unknown or not supported."""
    words.expect("FROM")
    bucket, prefix = s3_place(words.string())
    authorization(words)
    options = CopyOptions(bucket, prefix)
    while not words.done:
        _copy_option(words, options)
    options.delimiter = options.delimiter or ("," if options.format == "CSV" else "|")
    return options


def _copy_option(words: Words, options: CopyOptions) -> None:
    switches = {
        "MANIFEST": "manifest",
        "BLANKSASNULL": "blanks_as_null",
        "EMPTYASNULL": "empty_as_null",
        "TRUNCATECOLUMNS": "truncate_columns",
    }
    word = words.peek()
    if word in switches:
        words.next()
        setattr(options, switches[word], True)
    elif word in COMPRESSIONS:
        options.compression = words.next().text.upper()
    elif word in ("FORMAT", "CSV", "PARQUET", "JSON"):
        options.format = _format(words, ("CSV", "PARQUET", "JSON"))
        if options.format == "CSV" and words.accept("QUOTE"):
            words.accept("AS")
            options.quote = words.string()
        if (
            options.format == "JSON"
            and (words.accept("AS") or words.is_string())
            and words.string().lower() not in ("auto", "auto ignorecase")
        ):
            raise unsupported("COPY JSON with a JSONPaths file")
    elif words.accept("DELIMITER"):
        options.delimiter = _delimiter(words)
    elif words.accept("NULL"):
        words.accept("AS")
        options.null_string = words.string()
    elif words.accept("IGNOREHEADER"):
        words.accept("AS")
        options.ignore_header = int(words.number())
    elif word in ("REGION", "DATEFORMAT", "TIMEFORMAT", "ENCODING"):
        words.next()
        words.accept("AS")
        value = words.string() if words.is_string() else words.next().text
        if word != "REGION" and value.lower() not in ("auto", "utf8", "yyyy-mm-dd", "yyyy-mm-dd hh:mi:ss"):
            raise unsupported(f"COPY with {word} '{value}'")
    elif word in ("COMPUPDATE", "STATUPDATE"):
        words.next()
        for value in ("ON", "OFF", "TRUE", "FALSE", "PRESET"):
            words.accept(value)
    else:
        raise unsupported(f"COPY with {word or words.next().text}")
