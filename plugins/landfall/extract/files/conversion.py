"""Make the workbook of an extract of the JSON lines that the engine wrote."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from landfall.aws import s3
from landfall.contracts.extract_product import ExtractProduct
from landfall.extract.engines.changes import file_columns
from landfall.extract.engines.unload import Unloaded
from landfall.extract.files.workbook import write_workbook
from landfall.settings import Settings


def finished_prefix(unloaded: Unloaded, product: ExtractProduct, settings: Settings) -> str:
    """Return the prefix of the files that leave, having made them where no engine writes their format.

    A workbook lies in a folder beside its attempt's, whose files are not certified and so are removed in the end.
    Raises RequestError for a text that fits no cell.
    """
    if unloaded.admission.request.format != "xlsx" or unloaded.reused is not None:
        return unloaded.prefix
    bucket, request = settings.extracts_bucket, unloaded.admission.request
    prefix = f"{unloaded.prefix.rstrip('/')}-xlsx/"
    with tempfile.TemporaryDirectory(prefix="landfall-extract-") as folder:
        path = Path(folder) / f"{product.product}.xlsx"
        write_workbook(
            path,
            _rows(unloaded.prefix, bucket),
            {column.name: column.type for column in file_columns(product, request)},
            sheet=product.product,
            made_at=datetime.fromisoformat(unloaded.admission.pinned.published_at),
        )
        s3.upload_file(path, bucket=bucket, key=prefix + path.name, encrypted_with=unloaded.admission.key_arn)
    return prefix


def _rows(prefix: str, bucket: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of all files of JSON lines below `prefix`, in the order of their names."""
    for found in s3.list_objects(bucket=bucket, prefix=prefix):
        with gzip.open(s3.open_object(bucket=bucket, key=found.key), "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                # A float would not have every digit of a decimal.
                yield cast(dict[str, Any], json.loads(line, parse_float=Decimal))
