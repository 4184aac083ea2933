"""What a Firehose stream may ask for here. ministack accepts every destination and processor and then ignores most."""

from __future__ import annotations

import time
from typing import Any

from ministack.services import firehose

MEBIBYTE = 1024 * 1024
_DEFAULT_HINTS = {"SizeInMBs": 5, "IntervalInSeconds": 300}
PROCESSING_FAILED = "processing-failed"
_EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz"}
_DESTINATIONS = ("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration")


class UnsupportedStreamError(ValueError):
    """A delivery stream asks for something that the local cloud does not do."""


def check_stream(request: dict[str, Any]) -> None:
    """Raise UnsupportedStreamError unless a CreateDeliveryStream `request` can be served exactly."""
    destinations = [name for name in request if name.endswith("DestinationConfiguration")]
    if len(destinations) != 1 or destinations[0] not in _DESTINATIONS:
        wanted = ", ".join(destinations) or "no destination"
        raise UnsupportedStreamError(f"{wanted} is not supported by the local cloud: use {_DESTINATIONS[0]}")
    check_destination(request[destinations[0]])


def check_destination(config: dict[str, Any]) -> None:
    """Raise UnsupportedStreamError for a setting of an S3 destination that would otherwise be ignored."""
    hints = {**_DEFAULT_HINTS, **config.get("BufferingHints", {})}
    if not 1 <= int(hints["SizeInMBs"]) <= 128 or not 0 <= int(hints["IntervalInSeconds"]) <= 900:
        raise UnsupportedStreamError(f"BufferingHints {hints}: SizeInMBs is 1 to 128 and IntervalInSeconds 0 to 900")
    if compression(config) not in _EXTENSIONS:
        raise UnsupportedStreamError(
            f"CompressionFormat {compression(config)} is not supported by the local cloud: {', '.join(_EXTENSIONS)}"
        )
    for setting in ("DynamicPartitioningConfiguration", "DataFormatConversionConfiguration"):
        if config.get(setting, {}).get("Enabled"):
            raise UnsupportedStreamError(f"{setting} is not supported by the local cloud")
    if config.get("S3BackupMode", "Disabled") != "Disabled":
        raise UnsupportedStreamError("S3BackupMode is not supported by the local cloud")
    if config.get("CustomTimeZone", "UTC") != "UTC":
        raise UnsupportedStreamError("CustomTimeZone is not supported by the local cloud: UTC")
    delimiter(config)
    _check_prefixes(config)


def buffer_bytes(config: dict[str, Any]) -> int:
    """Return the bytes of data that fill a buffer."""
    return int(config.get("BufferingHints", {}).get("SizeInMBs", _DEFAULT_HINTS["SizeInMBs"])) * MEBIBYTE


def buffer_seconds(config: dict[str, Any]) -> float:
    """Return how long a record may wait before its buffer is written."""
    return float(config.get("BufferingHints", {}).get("IntervalInSeconds", _DEFAULT_HINTS["IntervalInSeconds"]))


def compression(config: dict[str, Any]) -> str:
    """Return the compression's name as the API has it."""
    return str(config.get("CompressionFormat", "UNCOMPRESSED"))


def delimiter(config: dict[str, Any]) -> bytes:
    """Return what is appended to each record: the delimiter of AppendDelimiterToRecord, or nothing.

    Raises UnsupportedStreamError for any other processor.
    """
    processing = config.get("ProcessingConfiguration", {})
    if not processing.get("Enabled"):
        return b""
    found = b""
    for processor in processing.get("Processors", []):
        if processor.get("Type") != "AppendDelimiterToRecord":
            raise UnsupportedStreamError(f"Processor {processor.get('Type')} is not supported by the local cloud")
        parameters = {p["ParameterName"]: p["ParameterValue"] for p in processor.get("Parameters", [])}
        # The API takes the escape as two characters; the console and CloudFormation examples write "\\n".
        found = parameters.get("Delimiter", "\\n").replace("\\n", "\n").encode()
    return found


def object_key(*, stream: dict[str, Any], config: dict[str, Any], arrival: float, unique: str) -> str:
    """Return the key of an object whose oldest record came at `arrival` (epoch seconds, UTC).

    Firehose names objects `<prefix><stream>-<version>-YYYY-MM-DD-HH-MM-SS-<uuid><extension>` and evaluates
    `!{timestamp:...}` with the oldest record's arrival (docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html).
    """
    moment = time.gmtime(arrival)
    prefix = firehose._evaluate_prefix(config.get("Prefix", ""), moment)
    stamp = time.strftime("%Y-%m-%d-%H-%M-%S", moment)
    extension = config.get("FileExtension") or _EXTENSIONS[compression(config)]
    return f"{prefix}{stream['name']}-{stream['version']}-{stamp}-{unique}{extension}"


def error_key(*, stream: dict[str, Any], config: dict[str, Any], arrival: float, unique: str) -> str:
    """Return the key of an object of records whose processing failed; see `object_key`. It is not compressed."""
    moment = time.gmtime(arrival)
    prefix = config.get("ErrorOutputPrefix") or f"{PROCESSING_FAILED}/"
    folder = firehose._evaluate_prefix(prefix, moment, error_type=PROCESSING_FAILED)
    return f"{folder}{stream['name']}-{stream['version']}-{time.strftime('%Y-%m-%d-%H-%M-%S', moment)}-{unique}"


def _check_prefixes(config: dict[str, Any]) -> None:
    now = time.gmtime()
    prefix, error_prefix = config.get("Prefix", ""), config.get("ErrorOutputPrefix", "")
    if "!{" in prefix and "!{firehose:error-output-type}" not in error_prefix:
        raise UnsupportedStreamError(
            "ErrorOutputPrefix must hold !{firehose:error-output-type} when Prefix holds an expression"
        )
    try:
        firehose._evaluate_prefix(prefix, now)
        firehose._evaluate_prefix(error_prefix, now, error_type=PROCESSING_FAILED)
    except firehose._DeliveryError as error:
        raise UnsupportedStreamError(error.message) from error
