"""Objects that this process has just written, for who reads them next: a client asks for the result of its query."""

from __future__ import annotations

import threading
from collections import OrderedDict

from localcloud.lake.local_files import LocalFiles, Version

_KEPT_BYTES = 16 * 1024 * 1024


class RecentObjects:
    """The bodies written last, 16 MiB of them at most; may be used by several threads.

    One is given only while the object is what it was, so that one that is deleted or replaced is missed as it is in S3.
    """

    def __init__(self, files: LocalFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[Version, bytes]] = OrderedDict()
        self._size = 0

    def keep(self, uri: str, body: bytes) -> None:
        """Remember an object that has been written with this body; one too large, or not to be watched, is not."""
        version = self._files.version_of(uri)
        if version is None or len(body) > _KEPT_BYTES:
            return
        with self._lock:
            self._forget(uri)
            self._kept[uri] = version, body
            self._size += len(body)
            while self._size > _KEPT_BYTES:
                self._forget(next(iter(self._kept)))

    def read(self, uri: str) -> bytes | None:
        """The body of an object; None where S3 has to be asked."""
        with self._lock:
            version, body = self._kept.get(uri, (None, None))
        return body if body is not None and version == self._files.version_of(uri) else None

    def _forget(self, uri: str) -> None:
        _, body = self._kept.pop(uri, (None, b""))
        self._size -= len(body)
