"""The local cloud that all tests of one session share, also when pytest-xdist runs them in several processes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from landfall.aws import clients

if TYPE_CHECKING:
    from tests.dbt.lake import Lake

REPOSITORY = Path(__file__).resolve().parents[1]
LOCALCLOUD = REPOSITORY / ".venv" / "localcloud" / "bin" / "python"

GIVEN_STATE = "LANDFALL_TEST_STATE"
"""Name a state folder here to keep one stack over many sessions: it is started when it is down, and left up."""

SESSION_STATE = "LANDFALL_TEST_SESSION_STATE"
"""How pytest's main process tells its workers which stack is theirs."""

STATE_PREFIX = "landfall-test-"
UP_SECONDS = 600


def pytest_configure(config: pytest.Config) -> None:
    """Choose the session's state folder, once, in the main process."""
    if not hasattr(config, "workerinput"):
        _end_stacks_of_killed_sessions()
        own = f"{STATE_PREFIX}{os.getpid()}-"
        os.environ[SESSION_STATE] = os.environ.get(GIVEN_STATE) or tempfile.mkdtemp(prefix=own)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session's stack, whatever became of its tests, after the last worker has ended."""
    if hasattr(config, "workerinput") or os.environ.get(GIVEN_STATE):
        return
    _end_stack(Path(os.environ[SESSION_STATE]))


def _end_stack(state: Path) -> None:
    if any(state.iterdir()):
        _localcloud("down", "--purge", "--state", str(state))
    shutil.rmtree(state, ignore_errors=True)


def _end_stacks_of_killed_sessions() -> None:
    """A killed session cannot end its stack; the next one does, by the process id in the folder's name."""
    for state in Path(tempfile.gettempdir()).glob(f"{STATE_PREFIX}*"):
        session = state.name.removeprefix(STATE_PREFIX).split("-")[0]
        if session.isdigit() and not Path(f"/proc/{session}").exists():
            _end_stack(state)


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[dict[str, str]]:
    """A running local cloud with the infrastructure deployed; its environment file is in `os.environ` and returned."""
    yield from _started("--without-airflow")


@pytest.fixture(scope="session")
def lake(local_cloud: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A raw database without rows, dropped with all that was built from it."""
    from tests.dbt.lake import Lake

    found = Lake(tmp_path_factory.mktemp("dbt"))
    yield found
    found.drop()


@pytest.fixture(scope="session")
def grown_lake(lake: Lake) -> Lake:
    """The lake with a history brought load by load and the same brought at once, compared, and published on its own."""
    from tests.dbt import grown

    grown.hold_grown_against_fresh(lake, seed=grown.SEED, loads=3)
    return lake


@pytest.fixture(scope="session")
def airflow_stack() -> Iterator[dict[str, str]]:
    """The local cloud and Airflow beside it; like `local_cloud`."""
    yield from _started()


def _started(*options: str) -> Iterator[dict[str, str]]:
    state = os.environ[SESSION_STATE]
    _localcloud("up", "--ports", "free", "--state", state, *options)
    environment = _read_env_file(Path(state) / "env")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        clients.forget()  # a client that a test made before has neither these credentials nor these addresses
        yield environment


def _localcloud(*arguments: str) -> None:
    command = [str(LOCALCLOUD), "-m", "localcloud", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=UP_SECONDS)
    if ended.returncode != 0:
        pytest.fail(f"{shlex.join(command)} failed:\n{ended.stdout}{ended.stderr}", pytrace=False)


def _read_env_file(file: Path) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(file.read_text()) if "=" in word)
