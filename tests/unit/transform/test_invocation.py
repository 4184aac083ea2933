"""What dbt finds in the process that it is invoked in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import redshift_connector
from dbt.cli import main
from landfall.transform.invocation import APPLICATION_NAME, invoke


class Runner:
    """Connects to Redshift, as dbt-redshift does, and is done."""

    def __init__(self, callbacks: list[Any]) -> None:
        pass

    def invoke(self, arguments: list[str]) -> Any:
        redshift_connector.connect(host="h")
        return SimpleNamespace(exception=None, result=None)


@pytest.mark.parametrize(("target", "name"), [("warehouse", {"application_name": APPLICATION_NAME}), ("lake", {})])
def test_sessions_of_the_warehouse_have_a_name(
    target: str, name: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def connect(**kwargs: Any) -> None:
        asked.append(kwargs)

    monkeypatch.setattr(redshift_connector, "connect", connect)
    monkeypatch.setattr(main, "dbtRunner", Runner)
    invoke(["build", "--target", target], environment={})
    assert asked == [{"host": "h", **name}]
    assert redshift_connector.connect is connect
