"""Look into a landed object itself, for the rare one of which the engine returned no record."""

from __future__ import annotations

import gzip
import zlib

from landfall.aws import s3
from landfall.errors import ConservationError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def holds_no_record(*, bucket: str, key: str) -> bool:
    """Whether a gzip object holds nothing but blank lines; it is read no further than its first line that is not.

    Raises ConservationError if the object is gone or is no gzip.
    """
    try:
        with gzip.GzipFile(fileobj=s3.open_object(bucket=bucket, key=key)) as content:
            return all(not line.removeprefix(_BYTE_ORDER_MARK).strip() for line in content)
    except KeyError as error:
        raise ConservationError(
            f"s3://{bucket}/{key} was announced and is gone: restore it from its version"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        raise ConservationError(f"s3://{bucket}/{key} cannot be read as gzip: {error}") from error
