"""A statement of the Data API that is cancelled has stopped, and writes nothing more, when it is ABORTED."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from localcloud.redshift.api.statements import Execution, Part, Statements
from localcloud.redshift.errors import RedshiftError


class SlowToStop:
    """A session whose statement goes on for a while after it was interrupted, as an UNLOAD that closes its files."""

    process_id = 7
    transactions = SimpleNamespace(fail=lambda: None)

    def __init__(self) -> None:
        self.begun, self.interrupted, self.may_stop = threading.Event(), threading.Event(), threading.Event()

    def execute(self, *_: Any) -> Any:
        self.begun.set()
        assert self.interrupted.wait(10) and self.may_stop.wait(10)
        raise RedshiftError("57014", "Query cancelled on user's request")

    def cancel(self) -> None:
        self.interrupted.set()


def test_a_cancelled_statement_is_aborted_when_it_has_stopped(tmp_path: Path) -> None:
    session = SlowToStop()

    @contextmanager
    def lease() -> Any:
        yield session

    statements = Statements(folder=tmp_path, ended=lambda execution: None)
    execution = Execution(request={}, user="u", parts=[Part(sql="select 1")])
    statements.submit(execution, lease)
    assert session.begun.wait(10)
    assert statements.cancel(execution)
    assert execution.status == "STARTED"
    session.may_stop.set()
    statements.wait(execution, 10)
    assert execution.status == "ABORTED"
    assert not statements.cancel(execution)
    statements.close()
