"""What the processes of a stack cost, and which of them were left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

from localcloud.stack.environment import MARKER, PROGRAM
from localcloud.stack.layout import Layout

END_SECONDS = 10


@dataclass(frozen=True)
class Cost:
    """What a process and its descendants use: memory in bytes (PSS, on systems without it RSS), CPU in seconds."""

    memory_bytes: int
    cpu_seconds: float


def cost_of(processes: Iterable[psutil.Process]) -> Cost:
    """Add up the processes; their CPU includes that of children which have ended and been waited for."""
    memory, cpu = 0, 0.0
    for process in processes:
        try:
            with process.oneshot():
                times = process.cpu_times()
                # The times of children_* are those of ended children: living ones are counted themselves.
                cpu += times.user + times.system
                cpu += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                memory += _memory_bytes(process)
        except psutil.Error:
            continue
    return Cost(memory, cpu)


def family_of(pid: int) -> list[psutil.Process]:
    """The process and its living descendants; empty when it is gone."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def tasks_of(scheduler: int) -> list[psutil.Process]:
    """The running tasks of an Airflow scheduler and what they started: a task is given a process group of its own."""
    tasks = []
    for process in family_of(scheduler):
        try:
            if os.getpgid(process.pid) != scheduler:
                tasks.append(process)
        except ProcessLookupError:
            continue
    return tasks


def send_signal(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    with suppress(psutil.Error):
        process.send_signal(number)


def end_leftovers(layout: Layout, *, spared: Iterable[int] = ()) -> list[str]:
    """End every process that carries this stack's marker, by its pid; return a description of each.

    The caller, its ancestors and `spared` are left alone: a test session inside the stack's environment is no leftover.
    """
    safe = {os.getpid(), *spared, *(parent.pid for parent in psutil.Process().parents())}
    others = (process for process in psutil.process_iter() if process.pid not in safe)
    leftovers = [process for process in others if _is_marked(process, layout)]
    described = []
    for process in leftovers:
        with suppress(psutil.Error):
            described.append(f"{process.pid} ({' '.join(process.cmdline())[:80]})")
        send_signal(process, signal.SIGTERM)
    _, alive = psutil.wait_procs(leftovers, timeout=END_SECONDS)
    for process in alive:
        send_signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=END_SECONDS)
    return described


def kill_descendants_of(program: str, *, stack: str) -> None:
    """Kill at once what carries the marks of `program` of the stack with the state folder `stack`.

    Workers that outlive a killed Airflow scheduler hold its connections, and so the locks of its last transaction.
    """
    marks = {MARKER: stack, PROGRAM: program}
    for process in psutil.process_iter():
        if process.pid != os.getpid() and marks.items() <= _environment(process).items():
            send_signal(process, signal.SIGKILL)


def _is_marked(process: psutil.Process, layout: Layout) -> bool:
    return _environment(process).get(MARKER) == str(layout.state)


def _environment(process: psutil.Process) -> dict[str, str]:
    """Return a process's environment, nothing of one that is gone or somebody else's."""
    try:
        return dict(process.environ())
    except (psutil.Error, OSError):
        return {}


def _memory_bytes(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    return int(getattr(full, "pss", full.rss))
