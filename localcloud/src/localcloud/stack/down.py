"""Ending the stack: its processes in order, then whatever they left, and on request its data."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from localcloud.stack.layout import Layout
from localcloud.stack.processes import end_leftovers
from localcloud.stack.programs import AIRFLOW, DATABASE
from localcloud.stack.supervisor import Supervisor

# Airflow first, since its tasks use all the rest; AWS last, since the engines write to it while they end.
STOP_ORDER = (AIRFLOW, (DATABASE, "athena", "redshift"), ("aws",))


def stop_everything(supervisor: Supervisor) -> bool:
    """Stop all processes and supervisord; return whether the emulated AWS ended well, that is, saved its state.

    Raises StackError when a process does not end.
    """
    if supervisor.pid is None:
        return False
    for names in STOP_ORDER:
        supervisor.stop_programs(names)
    aws = supervisor.states()["aws"]
    saved = aws.state in ("STOPPED", "EXITED") and aws.exit_status == 0
    supervisor.shut_down()
    return saved


def down(layout: Layout, *, purge: bool, say: Callable[[str], None]) -> None:
    """End the stack of `layout`; with `purge` remove its state too.

    Raises StackError when a process does not end.
    """
    supervisor = Supervisor(layout)
    was_up = supervisor.pid is not None
    if stop_everything(supervisor):
        layout.unsaved_aws.unlink(missing_ok=True)
    leftovers = end_leftovers(layout)
    if leftovers:
        say(f"Ended what was left over: {', '.join(leftovers)}")
    say("The stack is down." if was_up else "The stack was not up.")
    if purge:
        for folder in {layout.sockets, layout.state}:
            shutil.rmtree(folder, ignore_errors=True)
        say(f"Removed {layout.state}")
    elif layout.unsaved_aws.exists():
        say("The emulated AWS did not save its state; the next `up` starts the data afresh.")
