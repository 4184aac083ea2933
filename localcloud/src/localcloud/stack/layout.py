"""Where the stack keeps its files."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.stack.errors import StackError

REPOSITORY = Path(__file__).resolve().parents[4]
"""The checkout: this package is installed editable, so its source stands in it."""

SOCKET_PATH_BYTES = 100
"""Linux allows a Unix socket's path 107 bytes, macOS 103."""


@dataclass(frozen=True)
class Layout:
    """Every path of one stack. `state` is absolute and marks the stack: two states are two stacks."""

    state: Path
    repository: Path = REPOSITORY

    @classmethod
    def choose(cls, state: str | None, environ: Mapping[str, str] = os.environ) -> Layout:
        """Take `state`, else `LANDFALL_STATE`, else `.local` in the checkout; relative ones from the current folder."""
        named = state or environ.get("LANDFALL_STATE")
        return cls(Path(named).absolute() if named else REPOSITORY / ".local")

    @property
    def product_bin(self) -> Path:
        """The folder of the product environment's commands."""
        return self.repository / ".venv" / "product" / "bin"

    @property
    def env_file(self) -> Path:
        """The file of `export NAME='value'` lines with which any client reaches the stack."""
        return self.state / "env"

    @property
    def deployed_env_file(self) -> Path:
        """What `landfall deploy` wrote; a part of `env_file`."""
        return self.state / "deployed.env"

    @property
    def plan_file(self) -> Path:
        """What the stack consists of."""
        return self.state / "plan.json"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.state / "logs"

    @property
    def postgres(self) -> Path:
        """The data directory of Airflow's metadata database."""
        return self.state / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME: task logs and the login."""
        return self.state / "airflow"

    @property
    def dbt_manifests(self) -> Path:
        """`lake/manifest.json` and `warehouse/manifest.json`."""
        return self.state / "dbt"

    @property
    def lineage(self) -> Path:
        """The OpenLineage events of everything that ran, a file each."""
        return self.state / "lineage"

    @property
    def sockets(self) -> Path:
        """A folder for Unix sockets: in the state where its path will do, else in the temporary folder."""
        inside = self.state / "run"
        is_short = len(os.fsencode(inside)) + len("/postgres/.s.PGSQL.5432.lock") <= SOCKET_PATH_BYTES
        # PostgreSQL's clients take a comma for the end of a host.
        if is_short and "," not in str(inside):
            return inside
        mark = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"landfall-{os.getuid()}-{mark}"

    def log_of(self, program: str) -> Path:
        """The file that takes the output of `program`."""
        return self.logs / f"{program}.log"

    def make(self) -> None:
        """Create the folders, readable by their owner only.

        Raises StackError when the folder for sockets belongs to somebody else.
        """
        for folder in (self.state, self.logs, self.airflow, self.lineage, self.state / "programs", self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.sockets.stat().st_uid != os.getuid():
            raise StackError(f"{self.sockets} is another user's: remove it, or set LANDFALL_STATE to a shorter path")
