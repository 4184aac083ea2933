"""What the stack is doing and what it costs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.table import Table

from localcloud.stack.layout import Layout
from localcloud.stack.plan import Plan
from localcloud.stack.ports import Ports
from localcloud.stack.processes import Cost, cost_of, family_of
from localcloud.stack.supervisor import ProcessState, Supervisor

PORTS_OF = {
    "aws": ("aws",),
    "athena": ("athena",),
    "redshift": ("redshift", "redshift_api"),
    "airflow-api-server": ("airflow",),
}
SUPERVISORD = "supervisord"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One process: its state, its memory in bytes and the part of one core that it used, None when it does not run."""

    name: str
    pid: int
    state: str
    memory_bytes: int | None
    cpu_share: float | None
    ports: str


@dataclass(frozen=True)
class Status:
    """All processes of a stack at one time."""

    rows: tuple[Row, ...]

    @property
    def is_up(self) -> bool:
        """Whether every process that belongs to the stack runs."""
        return bool(self.rows) and all(row.state == "RUNNING" for row in self.rows)

    @property
    def memory_bytes(self) -> int:
        """The memory of all processes."""
        return sum(row.memory_bytes or 0 for row in self.rows)

    @property
    def cpu_share(self) -> float:
        """The part of one core that all processes used: 0.4 is 40 %."""
        return sum(row.cpu_share or 0.0 for row in self.rows)


def measure(layout: Layout, *, seconds: float) -> Status:
    """Watch the processes for `seconds`: memory is that at the end, CPU the mean over the time."""
    plan = Plan.load(layout.plan_file)
    if plan is None:
        return Status(())
    supervisor = Supervisor(layout)
    before = {state.name: _cost(state) for state in _planned(plan, supervisor) if state.pid}
    started = time.monotonic()
    time.sleep(seconds if before else 0)
    states = _planned(plan, supervisor)
    after = {state.name: _cost(state) for state in states if state.pid}
    elapsed = time.monotonic() - started
    return Status(
        tuple(_row(state, before.get(state.name), after.get(state.name), elapsed, plan.ports) for state in states)
    )


def as_table(status: Status) -> Table:
    """The status for the terminal."""
    table = Table(box=None, pad_edge=False)
    table.add_column("process")
    table.add_column("pid", justify="right")
    table.add_column("state")
    table.add_column("PSS MiB", justify="right")
    table.add_column("CPU %", justify="right")
    table.add_column("port")
    for row in status.rows:
        table.add_row(
            row.name,
            str(row.pid or ""),
            row.state.lower(),
            "" if row.memory_bytes is None else f"{row.memory_bytes / MEBIBYTE:.0f}",
            "" if row.cpu_share is None else f"{row.cpu_share * 100:.1f}",
            row.ports,
        )
    table.add_row("total", "", "", f"{status.memory_bytes / MEBIBYTE:.0f}", f"{status.cpu_share * 100:.1f}", "")
    return table


def _planned(plan: Plan, supervisor: Supervisor) -> list[ProcessState]:
    """The state of every process of the plan, and of supervisord itself."""
    states = supervisor.states()
    pid = supervisor.pid
    parent = ProcessState(SUPERVISORD, "RUNNING" if pid else "DOWN", pid or 0, 0)
    return [parent, *(states.get(name, ProcessState(name, "DOWN", 0, 0)) for name in plan.programs)]


def _cost(state: ProcessState) -> Cost:
    """What the process and its descendants use; those of supervisord have rows of their own."""
    family = family_of(state.pid)
    return cost_of(family[:1] if state.name == SUPERVISORD else family)


def _row(state: ProcessState, before: Cost | None, after: Cost | None, elapsed: float, ports: Ports) -> Row:
    share = None
    if before and after and elapsed > 0:
        share = max(0.0, after.cpu_seconds - before.cpu_seconds) / elapsed
    listens = ", ".join(str(getattr(ports, name)) for name in PORTS_OF.get(state.name, ()))
    return Row(state.name, state.pid, state.state, after.memory_bytes if after else None, share, listens)
