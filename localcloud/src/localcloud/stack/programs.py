"""The processes of the stack: what each runs, in which environment, and how it is told from ready."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.stack.environment import PROGRAM
from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.ports import Ports
from localcloud.stack.secrets import write_private

CLOUD = ("aws", "athena", "redshift")
DATABASE = "postgres"
MEMORY_VARIABLE = "LANDFALL_ENGINE_MEMORY"
SCHEDULER = "airflow-scheduler"
TASKS_NICENESS = 5
"""Tasks are the scheduler's children: where they and Airflow's pages share two cores, the pages come first."""
AIRFLOW = ("airflow-dag-processor", SCHEDULER, "airflow-triggerer", "airflow-api-server")
START_ORDER = (*CLOUD, DATABASE, *AIRFLOW)

STOP_SIGNALS = {DATABASE: signal.SIGINT}
"""PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave."""

STOP_SECONDS = dict.fromkeys(CLOUD, 30) | {DATABASE: 30} | dict.fromkeys(AIRFLOW, 60)
"""How long a process may take to end before it is killed: Airflow's scheduler waits for its tasks."""

RESTARTED = (*CLOUD, *AIRFLOW)
"""What is started anew after a crash. Not Airflow's database: its clients would not notice that it was away."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process: a command line, its environment, its current folder, and how far it stands back for others."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    niceness: int = 0

    def write(self, layout: Layout) -> None:
        """Write the description from which `localcloud.stack.launch` becomes this process."""
        environment = {**self.environment, PROGRAM: self.name}
        description = {
            "command": list(self.command),
            "environment": environment,
            "folder": str(self.folder),
            "niceness": self.niceness,
        }
        write_private(description_of(layout, self.name), json.dumps(description))


def description_of(layout: Layout, name: str) -> Path:
    """The file that describes the program `name`."""
    return layout.state / "programs" / f"{name}.json"


def engine_memory(environ: Mapping[str, str] = os.environ) -> str:
    """Read LANDFALL_ENGINE_MEMORY, the most that an engine's queries may hold before they spill, e.g. `512MB`.

    Raises StackError when it is no size.
    """
    size = environ.get(MEMORY_VARIABLE, "1GB")
    if not re.fullmatch(r"[1-9]\d*(MB|GB)", size):
        raise StackError(f"{MEMORY_VARIABLE}={size!r} is no size: write it as 512MB or 2GB")
    return size


def cloud_programs(layout: Layout, ports: Ports, environment: Mapping[str, str], *, memory: str) -> list[Program]:
    """The emulated AWS and the two engines. They find each other by address, so they may start in any order.

    `memory` is the limit of each engine.
    """
    options = {
        "aws": {
            "port": ports.aws,
            "athena-endpoint": ports.url("athena"),
            "redshift-endpoint": ports.url("redshift_api"),
        },
        "athena": {"port": ports.athena, "aws-endpoint": ports.url("aws"), "memory-limit": memory},
        "redshift": {
            "wire-port": ports.redshift,
            "api-port": ports.redshift_api,
            "aws-endpoint": ports.url("aws"),
            "memory-limit": memory,
        },
    }
    programs = []
    for name in CLOUD:
        command = [sys.executable, "-m", f"localcloud.{name}"]
        for option, value in (options[name] | {"state-dir": layout.state / name}).items():
            command += [f"--{option}", str(value)]
        programs.append(Program(name=name, command=command, environment=environment, folder=layout.state))
    return programs


def airflow_programs(layout: Layout, ports: Ports, environment: Mapping[str, str]) -> list[Program]:
    """Airflow's four processes. Tasks' logs are read from the shared folder, so no log server is started."""
    arguments = {
        "airflow-api-server": ["api-server", "--host", "127.0.0.1", "--port", str(ports.airflow)],
        SCHEDULER: ["scheduler", "--skip-serve-logs"],
        "airflow-dag-processor": ["dag-processor"],
        "airflow-triggerer": ["triggerer", "--skip-serve-logs"],
    }
    python = str(layout.product_bin / "python")
    return [
        Program(
            name=name,
            command=[python, "-m", "airflow", *arguments[name]],
            environment=environment,
            folder=layout.repository,
            niceness=TASKS_NICENESS if name == SCHEDULER else 0,
        )
        for name in AIRFLOW
    ]
