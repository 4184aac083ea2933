"""A stack of its own for the demo: its account knows every record, so nobody else may send any."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from landfall.aws import clients
from landfall.settings import Settings
from playwright.sync_api import Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
LOCALCLOUD = REPOSITORY / ".venv" / "localcloud" / "bin" / "python"

GIVEN_STATE = "LANDFALL_TEST_DEMO_STATE"
"""Name a state folder here to keep the demo's stack over many sessions."""

VOLUME = ("--events", "1500", "--days", "3", "--seed", "11")
DEMO_SECONDS = 1500

REFRESH_IMAGES = "LANDFALL_TEST_REFRESH_IMAGES"
"""Set this to take the screenshots of the docs anew."""

MAX_IMAGE_BYTES = 300_000

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
WAIT_MS = 60_000


@dataclass(frozen=True)
class DemoStack:
    """A stack after `localcloud demo`: its folder, its environment file's values and what the demo said."""

    state: Path
    environment: Mapping[str, str]
    exit_status: int
    output: str


@pytest.fixture(scope="session")
def demo_stack() -> Iterator[DemoStack]:
    """Run the demo at a small volume on free ports; end its stack with the session."""
    given = os.environ.get(GIVEN_STATE)
    state = Path(given or tempfile.mkdtemp(prefix="landfall-demo-"))
    try:
        localcloud("up", "--ports", "free", state=state)
        demo = localcloud("demo", *VOLUME, state=state)
        words = shlex.split((state / "env").read_text(encoding="utf-8"))
        environment = dict(word.split("=", 1) for word in words if "=" in word)
        yield DemoStack(state, environment, demo.returncode, demo.stdout + demo.stderr)
    finally:
        if not given:
            localcloud("down", "--purge", state=state)
            shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def second_wave(demo_stack: DemoStack) -> subprocess.CompletedProcess[str]:
    """Run the demo once more on the same stack: more of every stream, and a next version of what is published."""
    return localcloud("demo", *VOLUME, state=demo_stack.state)


@pytest.fixture(scope="module")
def settings(demo_stack: DemoStack) -> Iterator[Settings]:
    """The settings of the demo's stack, in whose environment the tests of the file go on."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in demo_stack.environment.items():
            patch.setenv(name, value)
        clients.forget()
        yield Settings.from_environment()
    clients.forget()


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of headless Chromium as Debian packages it."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(WAIT_MS)
        yield page
        browser.close()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Where screenshots go: a temporary folder, or the docs when they are to be taken anew."""
    return REPOSITORY / "docs" / "images" if os.environ.get(REFRESH_IMAGES) else tmp_path


@contextmanager
def airflow_of(demo_stack: DemoStack) -> Iterator[httpx.Client]:
    """Give the stack's Airflow server, as its administrator."""
    environment = demo_stack.environment
    login = {"username": environment["LANDFALL_AIRFLOW_USER"], "password": environment["LANDFALL_AIRFLOW_PASSWORD"]}
    with httpx.Client(base_url=environment["LANDFALL_AIRFLOW_URL"], timeout=60) as client:
        token = client.post("/auth/token", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def take(page: Page, path: Path) -> None:
    page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size < MAX_IMAGE_BYTES


def localcloud(*words: str, state: Path) -> subprocess.CompletedProcess[str]:
    """Run a `localcloud` command on the stack in `state`; a terminal wide enough that no table cell is cut."""
    command = [str(LOCALCLOUD), "-m", "localcloud", *words, "--state", str(state)]
    environment = os.environ | {"COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=DEMO_SECONDS)
