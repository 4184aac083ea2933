"""What UNLOAD says behind TO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.storage_options import (
    SHARED,
    UNITS,
    authorization,
    bare_format,
    s3_place,
    set_flag,
    set_format,
)
from localcloud.redshift.sql.words import Words


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
    kms_key_id: str = ""
    encrypted: bool = False


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
    if options.kms_key_id and not options.encrypted:
        raise RedshiftError("42601", "KMS_KEY_ID needs the ENCRYPTED option")
    options.delimiter = options.delimiter or ("," if options.format == "CSV" else "|")
    return options


def _refused(command: str, option: str) -> Callable[[Words, Any], None]:
    def refuse(_words: Words, _options: Any) -> None:
        raise unsupported(f"{command} with {option}")

    return refuse


def _manifest(words: Words, options: UnloadOptions) -> None:
    options.manifest, options.verbose = True, words.accept("VERBOSE")


def _parallel(words: Words, options: UnloadOptions) -> None:
    options.parallel = not (words.accept("OFF") or words.accept("FALSE"))
    if options.parallel and not words.accept("ON"):
        words.accept("TRUE")


def _max_file_size(words: Words, options: UnloadOptions) -> None:
    words.accept("AS")
    number = float(words.number())
    unit = words.next().text.upper() if words.peek() in UNITS else "MB"
    options.max_file_size = int(number * UNITS[unit])
    if not 5 * UNITS["MB"] <= options.max_file_size <= 6.2 * UNITS["GB"]:
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
    unit = words.next().text.upper() if words.peek() in UNITS else "MB"
    options.row_group_size = int(number * UNITS[unit])
    if not 32 * UNITS["MB"] <= options.row_group_size <= 128 * UNITS["MB"]:
        raise RedshiftError("42601", "ROWGROUPSIZE must be between 32MB and 128MB")


def _extension(words: Words, options: UnloadOptions) -> None:
    options.extension = words.string()


def _encrypted(words: Words, options: UnloadOptions) -> None:
    """Without a key, S3's own encryption, which the local cloud's S3 does not show."""
    options.encrypted = True
    words.accept("AUTO")


def _kms_key_id(words: Words, options: UnloadOptions) -> None:
    words.accept("AS")
    options.kms_key_id = words.string()


_UNLOAD: dict[str, Callable[[Words, Any], None]] = {
    **SHARED,
    "FORMAT": set_format,
    "JSON": bare_format("JSON"),
    "HEADER": set_flag("header"),
    "ADDQUOTES": set_flag("add_quotes"),
    "ESCAPE": set_flag("escape"),
    "ALLOWOVERWRITE": set_flag("allow_overwrite"),
    "CLEANPATH": set_flag("clean_path"),
    "MANIFEST": _manifest,
    "PARALLEL": _parallel,
    "MAXFILESIZE": _max_file_size,
    "EXTENSION": _extension,
    "ENCRYPTED": _encrypted,
    "KMS_KEY_ID": _kms_key_id,
    "PARTITION BY": _partition,
    "ROWGROUPSIZE": _row_group_size,
    "FIXEDWIDTH": _refused("UNLOAD", "FIXEDWIDTH"),
}
