"""`python -m localcloud.stack.launch <file>`: become the process that the file describes.

The supervisor's configuration would have to quote every value in a syntax of its own, and show secrets; this way it
holds none, and what a process is may be written after the supervisor has started.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from localcloud.stack.environment import MARKER, PROGRAM
from localcloud.stack.processes import kill_descendants_of


def main(file: str) -> None:
    """Replace this process by the described command, in its environment and folder, with its niceness.

    What an earlier one has left that was killed is ended before: the supervisor knows only its own children.
    """
    description = json.loads(Path(file).read_text())
    kill_descendants_of(description["environment"][PROGRAM], stack=description["environment"][MARKER])
    os.chdir(description["folder"])
    os.nice(description["niceness"])
    command = description["command"]
    os.execvpe(command[0], command, description["environment"])  # noqa: S606 - a shell would only stand between


if __name__ == "__main__":
    main(sys.argv[1])
