"""What a run does while an engine writes its files is done as the run itself, not as the engine's session."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from landfall.aws import clients
from landfall.aws.clients import acting_as
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import unload
from landfall.settings import Settings

from tests.pinned import PINNED

SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "x"))


class Statements:
    """Statements of an attempt that end as soon as what is done meanwhile is."""

    def on_athena(self, name: str, statement: Any, *, meanwhile: Callable[[], object]) -> Any:
        meanwhile()
        return SimpleNamespace(query_execution_id=name, scanned_bytes=7)

    def on_redshift(self, name: str, start: Any, *, meanwhile: Callable[[], object]) -> str:
        meanwhile()
        return name


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_what_is_done_while_files_are_written_is_done_as_the_run(file_format: str) -> None:
    request = ExtractRequest(
        extract_id="run-1", customer_id="cus_000042", product="orders", format=file_format, filters={}, columns=("a",)
    )
    found: list[object] = []
    statements: Any = Statements()
    with acting_as(boto3.Session()):
        writer = clients._current.get()
        unload._write(
            Admission(request=request, pinned=PINNED),
            statements,
            views=["v"],
            prefix="p/",
            salt="s",
            settings=SETTINGS,
            meanwhile=lambda: found.append(clients._current.get()),
        )
        assert clients._current.get() is writer
    assert found == [clients._of_process] and writer is not clients._of_process
