"""Reading a result's pages while the client is still busy with what comes before them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future

from localcloud.athena.errors import ApiError
from localcloud.athena.result_pages import ResultPage, read_page
from localcloud.lake.local_files import Version
from localcloud.lake.session import Lake

_KEPT_PAGES = 16

_Key = tuple[str, int, int]
"""The result's URI, the byte where the page starts, the most rows."""


class PagesAhead:
    """Gives pages as `read_page` does; may be used by several threads.

    A page that was read ahead is given only while the result's object is what it was, so that one that is deleted or
    replaced is missed as it is in S3.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._ahead: OrderedDict[_Key, tuple[Version, Future[ResultPage]]] = OrderedDict()

    def read(self, location: str, offset: int, most: int) -> ResultPage:
        """Up to `most` rows from byte `offset`; the next page is read meanwhile. See read_page."""
        page = self._taken((location, offset, most)) or read_page(self._lake, location, offset, most)
        if page.next_offset is not None:
            self.begin(location, page.next_offset, most)
        return page

    def begin(self, location: str, offset: int, most: int) -> None:
        """Begin to read a page that will be asked for soon."""
        version = self._lake.local_files.version_of(location)
        if version is None:
            return
        reading = self._lake.workers.submit(read_page, self._lake, location, offset, most)
        with self._lock:
            self._ahead[location, offset, most] = version, reading
            while len(self._ahead) > _KEPT_PAGES:
                self._ahead.popitem(last=False)

    def _taken(self, key: _Key) -> ResultPage | None:
        with self._lock:
            version, reading = self._ahead.pop(key, (None, None))
        if reading is None or version != self._lake.local_files.version_of(key[0]):
            return None
        try:
            return reading.result()
        except ApiError:
            return None  # whoever asks finds what is wrong now
