"""Keeps the parsed entries of Iceberg manifests, so that a statement reads those that were added since the last one.

PyIceberg reads and parses every manifest of a table for each scan, at some 2 ms each: a table that takes a commit every
few seconds soon had them dominate its statements. A manifest never changes once written, and its name is never used
again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from pyiceberg.io import FileIO
from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus, ManifestFile

MOST_ENTRIES = 20_000
"""Entries kept at most, some 2 KB each; manifests that were not read for longest go first."""

_read = ManifestFile.fetch_manifest_entry


class KeptEntries:
    """All entries of manifests by their path; may be used from several threads. Nobody may change an entry."""

    def __init__(self, most: int = MOST_ENTRIES) -> None:
        self._most = most
        self._kept: OrderedDict[str, list[ManifestEntry]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def install(self) -> None:
        """Let every ManifestFile read its entries by way of this."""
        kept = self

        def fetch(manifest: ManifestFile, io: FileIO, discard_deleted: bool = True) -> list[ManifestEntry]:
            return kept.fetch(manifest, io, discard_deleted)

        ManifestFile.fetch_manifest_entry = fetch  # type: ignore[method-assign, assignment]  # it is a mend

    def fetch(self, manifest: ManifestFile, io: FileIO, discard_deleted: bool = True) -> list[ManifestEntry]:
        """The entries of a manifest, without those of files it deletes unless they are asked for."""
        path = manifest.manifest_path
        with self._lock:
            entries = self._kept.get(path)
            if entries is not None:
                self._kept.move_to_end(path)
        if entries is None:
            entries = _read(manifest, io, discard_deleted=False)
            self._keep(path, entries)
        return [entry for entry in entries if not discard_deleted or entry.status != ManifestEntryStatus.DELETED]

    def _keep(self, path: str, entries: list[ManifestEntry]) -> None:
        with self._lock:
            if path not in self._kept:
                self._kept[path] = entries
                self._count += len(entries)
            while self._count > self._most:
                _, dropped = self._kept.popitem(last=False)
                self._count -= len(dropped)


ENTRIES = KeptEntries()
"""Those of this process."""
