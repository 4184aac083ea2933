"""What goes on while an engine works: another engine's statement, and the run's own doing, as the run itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.credentials import Credentials
from landfall.aws import clients
from landfall.aws.polling import Meanwhile
from landfall.contracts.limits import load_limits
from landfall.errors import EngineError, NoSlotError, RequestError
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines import unload, writing
from landfall.extract.engines.attempt import StillRunningError
from landfall.extract.records import store
from landfall.extract.records.slots import LARGE, Slots
from landfall.extract.run.course import RunKilledError
from landfall.settings import Settings

from tests.pinned import PINNED
from tests.unit.extract.memory import MemoryItems

NAMES = dict.fromkeys(Settings.__dataclass_fields__, "x")
SETTINGS = Settings(**NAMES | {"extract_role_arn": "arn:aws:iam::000000000000:role/extract"})
WRITER = Credentials("writer", "s")


class Statements:
    """Statements of an attempt that end as soon as what is done meanwhile is; `done` says what was."""

    known: Mapping[str, str] = {"count": "athena:c"}  # nothing is looked for that could be reused

    def __init__(self, *, counted: BaseException | int = 3) -> None:
        self.done: list[str] = []
        self._counted = counted

    def on_athena(self, name: str, statement: Callable[[], object], *, meanwhile: Meanwhile = None, **_: object) -> Any:
        statement()
        self.done.append(f"start {name}")
        if meanwhile:
            meanwhile()
        if isinstance(self._counted, BaseException):
            raise self._counted
        self.done.append(f"end {name}")
        return SimpleNamespace(query_execution_id=name, scanned_bytes=7, rows=[[str(self._counted)]])

    def begin_on_redshift(self, name: str, start: Callable[[Any], str]) -> str:
        self.done.append(f"start {name}")
        return start(SimpleNamespace(start_together=lambda statements, *, name: name))

    def on_redshift(self, name: str, start: object, *, meanwhile: Meanwhile) -> str:
        if meanwhile:
            meanwhile()
        self.done.append(f"end {name}")
        return name

    def withdraw(self, name: str) -> None:
        self.done.append(f"withdraw {name}")


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> MemoryItems:
    """No AWS: credentials of a writer, slots in memory."""
    table = MemoryItems()
    monkeypatch.setattr(unload, "narrowed", lambda *_, **__: clients.acting_as(WRITER))
    monkeypatch.setattr(unload.glue, "delete_table", lambda **_: None)
    monkeypatch.setattr(unload, "salt_for", lambda *_: "s")
    monkeypatch.setattr(writing.s3, "delete_prefix", lambda **_: 0)
    monkeypatch.setattr(store, "ItemTable", lambda *, name: table)
    return table


def _unload(file_format: str, statements: Any, **meanwhile: Callable[[], object]) -> unload.Unloaded:
    request = ExtractRequest(
        extract_id="run-1", customer_id="cus_000042", product="orders", format=file_format, filters={}, columns=("a",)
    )
    admission = Admission(request=request, pinned=PINNED)
    return unload.unload(admission, attempt=1, settings=SETTINGS, statements=statements, **meanwhile)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_what_is_done_while_an_engine_works_is_done_as_the_run(
    file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[object] = []
    monkeypatch.setattr(unload, "salt_for", lambda *_: found.append(clients._acting.get()) or "s")
    _unload(
        file_format,
        Statements(),
        while_counting=lambda: found.append(clients._acting.get()),
        while_writing=lambda: found.append(clients._acting.get()),
    )
    assert found == [WRITER, None, None]


def test_redshift_writes_while_athena_counts() -> None:
    statements = Statements()
    _unload("csv", statements)
    assert statements.done == ["start count", "start unload", "end count", "end unload"]


def test_athena_which_is_paid_for_what_it_reads_writes_when_the_rows_are_known() -> None:
    statements = Statements()
    _unload("parquet", statements)
    assert [each for each in statements.done if "extract_view" not in each] == [
        "start count",
        "end count",
        "start unload",
        "end unload",
    ]


@pytest.mark.parametrize(
    ("counted", "error"),
    [
        (5_000_001, RequestError),
        (StillRunningError("athena:c"), StillRunningError),
        (EngineError("count failed"), EngineError),
        (RunKilledError(), RunKilledError),
    ],
)
def test_what_was_begun_is_withdrawn_when_the_rows_are_too_many_or_stay_unknown(
    counted: BaseException | int, error: type[BaseException]
) -> None:
    statements = Statements(counted=counted)
    with pytest.raises(error):
        _unload("csv", statements)
    assert statements.done[-1] == "withdraw unload"


def test_what_was_begun_is_withdrawn_when_large_extracts_must_wait(nowhere: MemoryItems) -> None:
    limits = load_limits()
    for number in range(limits.large_at_once):
        nowhere.items[f"other-{number}"] = {"extract_id": f"other-{number}", "state": "running"}
        Slots(nowhere).take(LARGE, f"other-{number}")
    statements = Statements(counted=limits.large_rows + 1)
    with pytest.raises(NoSlotError):
        _unload("csv", statements)
    assert statements.done[-1] == "withdraw unload"
