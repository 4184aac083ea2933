"""A small JSON object in a file: written whole at every change, so that a kill leaves the old or the new one."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class KeptJson:
    """The object; may be used by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._text = path.read_text() if path.exists() else "{}"
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, Any]:
        """A copy of the object as it is now."""
        return dict(json.loads(self._text))

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """A copy to change; what is in it at the end is kept, unless an error left the block."""
        with self._lock:
            value = self.read()
            yield value
            text = json.dumps(value, indent=1)
            temporary = self._path.with_suffix(".new")
            with temporary.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
            self._text = text
