"""The doors on machines that lack something. Each test works on a copy of the Makefile in a folder with a space."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
DOORS = (
    "demo",
    "up",
    "down",
    "status",
    "produce",
    "test",
    "lint",
    "bench",
    "conformance",
    "probe-truth",
    "chaos",
    "chaos-mutants",
    "chaos-publications",
    "isolation",
    "histories",
    "mutations",
    "money",
    "formulas",
    "fault",
    "docs",
    "contracts",
    "new-stream",
    "lock",
    "help",
)
UNREACHABLE_INDEX = "http://127.0.0.1:9/simple"


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a checkout"
    folder.mkdir()
    shutil.copytree(REPOSITORY / "make", folder / "make")
    for name in ("Makefile", "requirements-tools.lock"):
        shutil.copy(REPOSITORY / name, folder)
    (folder / "requirements.lock").write_text("# nothing to install\n")
    return folder


def make(checkout, *arguments, **environ):
    return subprocess.run(
        ["make", *arguments], cwd=checkout, env=os.environ | environ, capture_output=True, text=True, check=False
    )


def test_help_explains_every_door(checkout):
    shown = make(checkout, "help").stdout
    explained = {line.split()[1] for line in shown.splitlines() if line.startswith("  make ") and len(line.split()) > 2}
    assert explained == set(DOORS)


def test_without_python_3_11_it_says_what_to_install(checkout, tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("sh", "make", "mkdir", "cmp", "cat", "timeout"):
        (commands / name).symlink_to(shutil.which(name))
    ended = make(checkout, "product", PATH=str(commands))
    assert ended.returncode != 0
    assert "python3.11 is not on the PATH" in ended.stderr


def test_without_an_index_it_says_so_at_once_and_leaves_no_stamp(checkout, tmp_path):
    settings = {"PIP_INDEX_URL": UNREACHABLE_INDEX, "PIP_CONFIG_FILE": os.devnull, "HOME": str(tmp_path)}
    ended = make(checkout, "product", **settings)
    assert ended.returncode != 0
    assert "the package index does not answer" in ended.stderr
    assert not (checkout / ".venv" / "product").exists()
    assert not (checkout / ".venv" / "tools" / "stamp").exists()


def test_a_complete_environment_is_left_as_it_is_without_any_network(checkout):
    environment = checkout / ".venv" / "product"
    environment.mkdir(parents=True)
    (environment / "stamp").write_text(f"{checkout}\n{(checkout / 'requirements.lock').read_text()}")
    (environment / "kept").touch()
    ended = make(checkout, "product", PIP_INDEX_URL=UNREACHABLE_INDEX)
    assert ended.returncode == 0, ended.stderr
    assert (environment / "kept").exists()


def test_ci_runs_the_readmes_test_command_and_then_the_lint():
    commands = [line for line in (REPOSITORY / ".ci" / "run").read_text().splitlines() if line.startswith("make")]
    assert commands == ["make test </dev/null", "make lint </dev/null"]
    assert "make test" in (REPOSITORY / "README.md").read_text()
