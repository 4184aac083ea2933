"""The files in which the emulated S3 keeps the bodies of objects, read where they lie instead of over HTTP.

What exists is asked through S3 all the same: S3's listing says that an object is there and how large it is, and its
answer says in a header where bodies are kept. It says so only while no fault rule is in force, so that a rule for
GetObject meets the engines' reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from localcloud.faults.requests import OBJECTS_FOLDER_HEADER

_PATTERN_SIGNS = re.compile(r"[*?\[]")
"""DuckDB takes a path with one of these for a pattern."""
_SCHEME = "s3://"
_DESCRIPTION = ".meta.json"
"""What follows an object's name in that of the file that says what it is: also, that a version of it was deleted."""
Version = tuple[tuple[int, int, int], ...]
"""Inode, time of the last change in nanoseconds and size in bytes, of an object's body and of its description."""


class LocalFiles:
    """Finds objects' files; may be used from several threads."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._told: str | None = None

    def watch(self, client: Any) -> None:
        """Take from every answer to a boto3 client where bodies are kept now."""
        client.meta.events.register("after-call", lambda http_response, **_: self.note(http_response.headers))

    @property
    def folder(self) -> str | None:
        """Where bodies are kept, ending in '/', as far as it has been told."""
        return self._folder

    def folder_of(self, objects: Iterable[tuple[str, int]]) -> str | None:
        """The folder, ending in '/', where `bucket/key` is a file of that size for each object (URI, bytes).

        None where one of them is not kept in a file of its own name, or where this machine does not see it.
        """
        folder = self._folder
        if folder is None or _PATTERN_SIGNS.search(folder):
            return None
        return folder if all(_is_kept(folder, uri, size) for uri, size in objects) else None

    def version_of(self, uri: str) -> Version | None:
        """What differs once the object is written anew or deleted; None where it is gone or not to be read here."""
        folder = self._folder
        if folder is None or not uri.startswith(_SCHEME):
            return None
        path = local_path(folder, uri)
        try:
            found = [Path(path).stat(), Path(path + _DESCRIPTION).stat()]
        except (OSError, ValueError):
            return None
        return tuple((file.st_ino, file.st_mtime_ns, file.st_size) for file in found)

    def with_uris(self, text: str) -> str:
        """DuckDB's words about files as words about the objects that they hold."""
        return text.replace(self._told, _SCHEME) if self._told else text

    def note(self, headers: Mapping[str, str]) -> None:
        """Take from the headers of an answer where bodies are kept now."""
        folder = headers.get(OBJECTS_FOLDER_HEADER)
        self._folder = f"{unquote(folder)}/" if folder else None
        self._told = self._folder or self._told


def local_path(folder: str, uri: str) -> str:
    """The file of an object in the folder that `LocalFiles.folder_of` gave."""
    return folder + uri.removeprefix(_SCHEME)


def _is_kept(folder: str, uri: str, size: int) -> bool:
    if not uri.startswith(_SCHEME) or _PATTERN_SIGNS.search(uri):
        return False
    try:
        file = Path(local_path(folder, uri))
        return file.is_file() and file.stat().st_size == size
    except (OSError, ValueError):
        return False
