"""What a run does while an engine works for it is done as the run itself, not as the engine's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.credentials import Credentials
from landfall.aws import clients
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import unload
from landfall.settings import Settings

from tests.pinned import PINNED

NAMES = dict.fromkeys(Settings.__dataclass_fields__, "x")
SETTINGS = Settings(**NAMES | {"extract_role_arn": "arn:aws:iam::000000000000:role/extract"})


class Statements:
    """Statements of an attempt that end as soon as what is done meanwhile is."""

    known: Mapping[str, str] = {"count": "athena:c"}  # nothing is looked for that could be reused

    def on_athena(
        self, name: str, statement: Any, *, meanwhile: Callable[[], object] = lambda: None, **_: object
    ) -> Any:
        meanwhile()
        return SimpleNamespace(query_execution_id=name, scanned_bytes=7, rows=[["3"]])

    def on_redshift(self, name: str, start: Any, *, meanwhile: Callable[[], object]) -> str:
        meanwhile()
        return name


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_what_is_done_while_an_engine_works_is_done_as_the_run(
    file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ExtractRequest(
        extract_id="run-1", customer_id="cus_000042", product="orders", format=file_format, filters={}, columns=("a",)
    )
    found: list[object] = []
    statements: Any = Statements()
    writer = Credentials("writer", "s")
    monkeypatch.setattr(unload, "narrowed", lambda *_, **__: clients.acting_as(writer))
    monkeypatch.setattr(unload.glue, "delete_table", lambda **_: None)
    monkeypatch.setattr(unload, "salt_for", lambda *_: found.append(clients._acting.get()) or "s")
    unload.unload(
        Admission(request=request, pinned=PINNED),
        attempt=1,
        settings=SETTINGS,
        statements=statements,
        while_counting=lambda: found.append(clients._acting.get()),
        while_writing=lambda: found.append(clients._acting.get()),
    )
    assert found == [writer, None, None]
