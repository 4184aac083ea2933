"""A result file's lines come back as the cells that were written."""

from __future__ import annotations

import io
import itertools
from types import SimpleNamespace
from typing import Any

from botocore.response import StreamingBody
from localcloud.athena.result_pages import read_page

TEXTS = {'"a"': "a", '","': ",", '""': "", '""""': '"', '"a,""b"': 'a,"b', '"1\n2"': "1\n2", "": None}


def lake_with(body: bytes) -> Any:
    def get_object(**_: str) -> dict[str, StreamingBody]:
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    return SimpleNamespace(s3=SimpleNamespace(get_object=get_object))


def test_every_mix_of_quoted_empty_and_missing_cells_is_read_as_it_was_written() -> None:
    lines = [line for length in (2, 3) for line in itertools.product(TEXTS, repeat=length)]
    body = "".join(",".join(line) + "\n" for line in lines).encode()
    page = read_page(lake_with(body), "s3://results/x.csv", 0, len(lines))
    assert page.rows == [[TEXTS[cell] for cell in line] for line in lines]
