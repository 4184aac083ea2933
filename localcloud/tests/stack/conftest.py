"""A supervisor with programs that stand in for those of the stack."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from localcloud.stack.environment import inherited
from localcloud.stack.layout import Layout
from localcloud.stack.processes import end_leftovers
from localcloud.stack.programs import Program
from localcloud.stack.supervisor import Supervisor

MakeProgram = Callable[..., Program]


@pytest.fixture
def layout(tmp_path) -> Iterator[Layout]:
    """A state folder with a space and a percent sign in its name; its processes are ended with the test."""
    made = Layout(tmp_path / "a state, 100%")
    made.make()
    yield made
    Supervisor(made).shut_down()
    end_leftovers(made)


@pytest.fixture
def supervisor(layout) -> Supervisor:
    """A started supervisor without programs."""
    started = Supervisor(layout)
    started.start(inherited(layout, os.environ))
    return started


@pytest.fixture
def program(layout) -> MakeProgram:
    """Describe the program `name` of the stack as a Python script of the test's."""

    def make(name: str, script: str, **more: Any) -> Program:
        described = Program(
            name=name,
            command=[sys.executable, "-c", script],
            environment=inherited(layout, os.environ),
            folder=layout.state,
            **more,
        )
        described.write(layout)
        return described

    return make
