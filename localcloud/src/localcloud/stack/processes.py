"""What the processes of a stack cost, and which of them were left behind."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from localcloud.stack.environment import MARKER
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


def end_leftovers(layout: Layout, *, spared: Iterable[int] = ()) -> list[str]:
    """End every process that carries this stack's marker, by its pid; return a description of each.

    The caller, its ancestors and `spared` are left alone: a test session inside the stack's environment is no leftover.
    """
    safe = {os.getpid(), *spared, *(parent.pid for parent in psutil.Process().parents())}
    others = (process for process in psutil.process_iter() if process.pid not in safe)
    leftovers = [process for process in others if _is_marked(process, layout)]
    described = []
    for process in leftovers:
        try:
            described.append(f"{process.pid} ({' '.join(process.cmdline())[:80]})")
            process.terminate()
        except psutil.Error:
            continue
    _, alive = psutil.wait_procs(leftovers, timeout=END_SECONDS)
    for process in alive:
        try:
            process.kill()
        except psutil.Error:
            continue
    psutil.wait_procs(alive, timeout=END_SECONDS)
    return described


def _is_marked(process: psutil.Process, layout: Layout) -> bool:
    try:
        return process.environ().get(MARKER) == str(layout.state)
    except (psutil.Error, OSError):
        return False


def _memory_bytes(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    return int(getattr(full, "pss", full.rss))
