"""Ending the stack: its processes in order, then whatever they left, and on request its data."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable

from localcloud.stack.layout import Layout
from localcloud.stack.processes import end_leftovers, send_signal, tasks_of
from localcloud.stack.programs import AIRFLOW, DATABASE, SCHEDULER
from localcloud.stack.supervisor import Supervisor

# First the tasks, which use all the rest and tell Airflow's API how they ended; last AWS, to which the engines write.
STOP_ORDER = ((SCHEDULER,), AIRFLOW, (DATABASE, "athena", "redshift"), ("aws",))

TASK_SECONDS = 10
"""How long a running task may take to cancel what it does."""


def stop_everything(supervisor: Supervisor) -> None:
    """Stop all processes and supervisord.

    Raises StackError when a process does not end.
    """
    if supervisor.pid is None:
        return
    _end_tasks(supervisor)
    for names in STOP_ORDER:
        supervisor.stop_programs(names)
    supervisor.shut_down()


def _end_tasks(supervisor: Supervisor) -> None:
    """End the scheduler's running tasks, for which it would wait however long they take.

    A task is told first, so that its operator cancels its query; a killed one is reported to Airflow by its worker.
    """
    scheduler = supervisor.states()[SCHEDULER].pid
    supervisor.ask_to_stop((SCHEDULER,))
    for process in tasks_of(scheduler):
        send_signal(process, signal.SIGTERM)
    deadline = time.monotonic() + TASK_SECONDS
    while supervisor.states()[SCHEDULER].pid:
        if time.monotonic() > deadline:
            for process in tasks_of(scheduler):
                send_signal(process, signal.SIGKILL)
        time.sleep(0.2)


def down(layout: Layout, *, purge: bool, say: Callable[[str], None]) -> None:
    """End the stack of `layout`; with `purge` remove its state too.

    Raises StackError when a process does not end.
    """
    supervisor = Supervisor(layout)
    was_up = supervisor.pid is not None
    stop_everything(supervisor)
    leftovers = end_leftovers(layout)
    if leftovers:
        say(f"Ended what was left over: {', '.join(leftovers)}")
    say("The stack is down." if was_up else "The stack was not up.")
    if purge:
        for folder in {layout.sockets, layout.state}:
            shutil.rmtree(folder, ignore_errors=True)
        say(f"Removed {layout.state}")
