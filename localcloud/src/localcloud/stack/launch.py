"""`python -m localcloud.stack.launch <file>`: become the process that the file describes.

The supervisor's configuration would have to quote every value in a syntax of its own, and show secrets; this way it
holds none, and what a process is may be written after the supervisor has started.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(file: str) -> None:
    """Replace this process by the described command, in its environment and folder."""
    description = json.loads(Path(file).read_text())
    os.chdir(description["folder"])
    command = description["command"]
    os.execvpe(command[0], command, description["environment"])  # noqa: S606 - a shell would only stand between


if __name__ == "__main__":
    main(sys.argv[1])
