"""The command line: what it knows, how it fails, and that it imports only what is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest
from landfall.cli import SUBCOMMANDS, main


def test_help_names_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    output = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(name in output for name in SUBCOMMANDS)


@pytest.mark.parametrize("words", [[], ["unknown"], ["verify"]])
def test_a_wrong_command_line_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: landfall" in capsys.readouterr().err


def test_verify_needs_neither_aws_nor_airflow_nor_great_expectations() -> None:
    program = (
        "import sys; from landfall.cli import main; main(['verify', 'nowhere']); "
        "print([name for name in ('boto3', 'airflow', 'great_expectations') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
