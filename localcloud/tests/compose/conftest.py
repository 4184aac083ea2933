"""Runs the services of docker-compose.yml as processes of this machine: their commands, environments and health checks.

What a container would give is put in the place of its name: each port of the file becomes a free one, each volume a
folder, each image the environment that it is built from, and the hosts `postgres` and `redis` become 127.0.0.1.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from localcloud.stack import postgres
from localcloud.stack.environment import DROPPED_PREFIXES
from localcloud.stack.layout import REPOSITORY
from localcloud.stack.ports import free_ports

READY_SECONDS = 300
VARIABLES = (
    "LANDFALL_AIRFLOW_PASSWORD",
    "LANDFALL_API_PASSWORD",
    "LANDFALL_DATABASE_PASSWORD",
    "LANDFALL_REDIS_PASSWORD",
    "LANDFALL_JWT_SECRET",
    "LANDFALL_API_SECRET_KEY",
)
FERNET_KEY = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
PORTS = ("4566", "4567", "4568", "5439", "8080", "8081", "5432", "6379")


@dataclass
class ComposeServices:
    """The services of the compose file below one folder, with `secrets` for its variables."""

    folder: Path
    secrets: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.services: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))

    def start(self, name: str) -> None:
        """Start a service after those that it depends on; return once it is healthy or, if one-shot, has ended well."""
        if name in self.running:
            return
        for needed in self.services[name].get("depends_on", {}):
            self.start(needed)
        service = self.services[name]
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen(
            self._command(name),
            env=self.environment(name),
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.running[name] = process
        if "healthcheck" not in service:
            assert process.wait(READY_SECONDS) == 0, self.log(name)
            return
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_healthy(name):
            assert process.poll() is None, self.log(name)
            assert time.monotonic() < deadline, f"{name} is not healthy: {self.log(name)}"
            time.sleep(1)

    def is_healthy(self, name: str) -> bool:
        """Run the service's health check once."""
        kind, *test = self.services[name]["healthcheck"]["test"]
        words = [self._placed(name, word) for word in test]
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        return subprocess.run(command, env=self.environment(name), capture_output=True, check=False).returncode == 0

    def stop(self) -> None:
        """End all services, the last started first, with whatever they have started."""
        for process in reversed(self.running.values()):
            try:
                family = psutil.Process(process.pid).children(recursive=True)
            except psutil.NoSuchProcess:
                continue
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            for child in family:
                if child.is_running():
                    child.kill()

    def log(self, name: str) -> str:
        """The end of what a service has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service, with the commands of its image on the PATH."""
        values = self.services[name].get("environment", {})
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(DROPPED_PREFIXES)}
        path = f"{self._commands(name)}:{os.environ['PATH']}"
        return inherited | {key: self._placed(name, value) for key, value in values.items()} | {"PATH": path}

    def _command(self, name: str) -> list[str]:
        if name == "postgres":
            return self._postgres()
        service = self.services[name]
        words = [self._placed(name, word) for word in (*service.get("entrypoint", ()), *service["command"])]
        if name == "redis":
            words += ["--bind", "127.0.0.1"]
        return [shutil.which(words[0], path=self.environment(name)["PATH"]) or words[0], *words[1:]]

    def _postgres(self) -> list[str]:
        """What the image of PostgreSQL does with its variables, with the server of the wheel."""
        variables = self.environment("postgres")
        data = self.folder / "postgres"
        password = self.folder / "password"
        password.write_text(variables["POSTGRES_PASSWORD"])
        postgres.own(data)
        initdb = [str(postgres.binaries() / "initdb"), "--auth=scram-sha-256", f"--pwfile={password}", "-D", str(data)]
        user = f"--username={variables['POSTGRES_USER']}"
        subprocess.run(postgres.unprivileged([*initdb, user]), cwd=data, capture_output=True, check=True)
        server = [str(postgres.binaries() / "postgres"), "-D", str(data), "-p", str(self.ports["5432"])]
        create = f"create database {variables['POSTGRES_DB']}"
        single = [str(postgres.binaries() / "postgres"), "--single", "-D", str(data), "postgres"]
        subprocess.run(postgres.unprivileged(single), input=create.encode(), cwd=data, capture_output=True, check=True)
        return postgres.unprivileged([*server, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])

    def _commands(self, name: str) -> Path:
        if name == "postgres":
            return postgres.binaries()
        if name == "redis":
            return self._redis_commands()
        target = self.services[name]["build"]["target"]
        return REPOSITORY / ".venv" / target / "bin"

    def _redis_commands(self) -> Path:
        """Debian's redis-tools has the server too, by another name, and starts none when it is installed."""
        commands = self.folder / "redis-bin"
        if not commands.exists():
            commands.mkdir()
            (commands / "redis-server").symlink_to(
                shutil.which("redis-server") or shutil.which("redis-check-rdb") or ""
            )
        return commands

    def _placed(self, name: str, text: str) -> str:
        text = re.sub(r"\$\{(\w+)[^}]*\}", lambda match: self.secrets[match[1]], text).replace("$$", "$")
        text = text.replace("@postgres:", "@127.0.0.1:").replace("@redis:", "@127.0.0.1:")
        # What listens to all of its container's network must not listen to all of this machine's.
        text = text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        # The volumes of the product are shared by its services; each process of the local cloud has its own.
        volume = "state" if self.services[name].get("build", {}).get("target") == "product" else name
        folders = {
            "/opt/landfall": str(REPOSITORY),
            "/var/lib/landfall": str(self.folder / volume),
            "/tmp/landfall-worker": str(self.folder / "worker"),
        }
        for inside, outside in folders.items():
            text = text.replace(inside, outside)
        pattern = "|".join(rf"(?<!\d){port}(?!\d)" for port in PORTS)
        return re.sub(pattern, lambda match: str(self.ports[match[0]]), text)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeServices]:
    """The services of the compose file, none of them started; they end with the module."""
    values = {name: secrets.token_hex(48) for name in VARIABLES} | {"LANDFALL_FERNET_KEY": FERNET_KEY}
    described = ComposeServices(tmp_path_factory.mktemp("compose"), values)
    (described.folder / "state").mkdir()
    yield described
    described.stop()
