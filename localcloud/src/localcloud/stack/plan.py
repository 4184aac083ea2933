"""What a stack is to consist of: kept in its state, so that `status`, `down` and the next `up` know it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud.stack.ports import Ports
from localcloud.stack.programs import AIRFLOW, CLOUD, DATABASE
from localcloud.stack.secrets import write_private


@dataclass(frozen=True)
class Plan:
    """The ports of a stack, and whether Airflow is a part of it."""

    ports: Ports
    with_airflow: bool

    @property
    def programs(self) -> tuple[str, ...]:
        """The processes that a stack of this plan has when it is up."""
        return (*CLOUD, DATABASE, *AIRFLOW) if self.with_airflow else CLOUD

    @classmethod
    def load(cls, file: Path) -> Plan | None:
        """Read what an earlier `up` wrote; None when there was none."""
        if not file.exists():
            return None
        plan = json.loads(file.read_text())
        return cls(Ports(**plan["ports"]), plan["with_airflow"])

    def save(self, file: Path) -> None:
        """Write the plan to `file`."""
        write_private(file, json.dumps(asdict(self)))
