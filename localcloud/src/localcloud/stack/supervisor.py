"""supervisord as the parent of the stack's processes, spoken to through its Unix socket."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Error as XmlRpcError
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport

from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.programs import RESTARTED, START_ORDER, STOP_SECONDS, STOP_SIGNALS, description_of

START_SECONDS = 10


@dataclass(frozen=True)
class ProcessState:
    """What supervisord knows of one process: its state's name, its pid (0 when it has none), its last exit status."""

    name: str
    state: str
    pid: int
    exit_status: int

    @property
    def is_running(self) -> bool:
        """Whether the process is there; a crashed one that is started anew for the last time is not."""
        return self.state == "RUNNING"


class Supervisor:
    """The one supervisord of a stack."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._socket = layout.sockets / "supervisor.sock"
        self._config = layout.state / "supervisord.conf"

    @property
    def pid(self) -> int | None:
        """The pid of this stack's supervisord, None when it does not answer."""
        try:
            return int(self._call("getPID"))
        except StackError:
            return None

    def start(self, environment: Mapping[str, str]) -> None:
        """Start supervisord in the background, with no process started yet.

        Raises StackError when it does not answer in time.
        """
        self._config.write_text(self._configuration())
        self._socket.unlink(missing_ok=True)
        started = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(self._config)],
            env=dict(environment),
            cwd=self._layout.state,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        deadline = time.monotonic() + START_SECONDS
        while self.pid is None:
            if started.returncode != 0 or time.monotonic() > deadline:
                raise StackError(f"supervisord did not start: {started.stdout}{started.stderr}")
            time.sleep(0.05)

    def states(self) -> dict[str, ProcessState]:
        """Every process by name, in the order of their start; empty when supervisord does not run."""
        try:
            found = {info["name"]: info for info in self._call("getAllProcessInfo")}
        except StackError:
            return {}
        return {
            name: ProcessState(name, info["statename"], info["pid"], info["exitstatus"])
            for name in START_ORDER
            if (info := found.get(name))
        }

    def start_programs(self, names: Iterable[str]) -> None:
        """Start each process that does not run; return without waiting until they answer."""
        for name in names:
            self._call("startProcess", name, False, tolerated=Faults.ALREADY_STARTED)

    def ask_to_stop(self, names: Iterable[str]) -> None:
        """Ask each process to end, to be killed when its time is over; return without waiting."""
        for name in names:
            self._call("stopProcess", name, False, tolerated=Faults.NOT_RUNNING)

    def stop_programs(self, names: Iterable[str]) -> None:
        """Stop the processes together and return when all have ended."""
        names = list(names)
        self.ask_to_stop(names)
        deadline = time.monotonic() + max((STOP_SECONDS[name] for name in names), default=0) + START_SECONDS
        while any(self.states()[name].pid for name in names):
            if time.monotonic() > deadline:
                raise StackError(f"{', '.join(names)} did not end; see {self._layout.logs}")
            time.sleep(0.1)

    def shut_down(self) -> None:
        """End supervisord itself; its processes should have been stopped, but one that runs has its time to end."""
        pid = self.pid
        if pid is None:
            return
        process = psutil.Process(pid)
        self._call("shutdown")
        process.wait(timeout=max(STOP_SECONDS.values()) + START_SECONDS)

    def _call(self, method: str, *arguments: Any, tolerated: int | None = None) -> Any:
        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        try:
            # The address only names the protocol: the transport connects to the socket.
            return getattr(ServerProxy("http://localhost", transport=transport).supervisor, method)(*arguments)
        except Fault as fault:
            if fault.faultCode == tolerated:
                return None
            raise StackError(f"supervisord refused {method}{arguments}: {fault.faultString}") from fault
        except (OSError, XmlRpcError) as error:
            raise StackError(f"supervisord of {self._layout.state} does not answer: {error}") from error
        finally:
            transport.close()

    def _configuration(self) -> str:
        # Paths are relative to the state, where supervisord starts: it expands `%` in them once more than it unescapes.
        logs = self._layout.logs.relative_to(self._layout.state)
        lines = [
            "[supervisord]",
            f"logfile={logs / 'supervisord.log'}",
            "pidfile=supervisord.pid",
            f"childlogdir={logs}",
            "umask=077",
            *(["user=root"] if os.geteuid() == 0 else []),
            "[unix_http_server]",
            f"file={_literal(self._socket)}",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for name in START_ORDER:
            lines += self._program_section(name, logs / f"{name}.log")
        return "\n".join(lines) + "\n"

    def _program_section(self, name: str, log: Path) -> list[str]:
        launch = [sys.executable, "-m", "localcloud.stack.launch", str(description_of(self._layout, name))]
        restarted = name in RESTARTED
        return [
            f"[program:{name}]",
            f"command={_literal(shlex.join(launch))}",
            "autostart=false",
            f"autorestart={'unexpected' if restarted else 'false'}",
            # A process that ends sooner has failed to start; supervisord tries it again with growing pauses.
            f"startsecs={2 if restarted else 0}",
            "startretries=2",
            f"stopsignal={STOP_SIGNALS[name].name.removeprefix('SIG') if name in STOP_SIGNALS else 'TERM'}",
            f"stopwaitsecs={STOP_SECONDS[name]}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={log}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=1",
        ]


def _literal(value: object) -> str:
    """Protect `%`, which supervisord's configuration expands."""
    return str(value).replace("%", "%%")
