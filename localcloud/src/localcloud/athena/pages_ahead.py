"""Reading a result's next page while the client is still busy with the one before."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future

from localcloud.athena.errors import ApiError
from localcloud.athena.result_pages import ResultPage, read_page
from localcloud.lake.session import Lake

_KEPT_SECONDS = 1.0
"""A page read ahead is given for so long, so that a result that is deleted or replaced is missed as it is in S3."""
_KEPT_PAGES = 16

_Key = tuple[str, int, int]


class PagesAhead:
    """Gives pages as `read_page` does; may be used by several threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._ahead: OrderedDict[_Key, tuple[float, Future[ResultPage]]] = OrderedDict()

    def read(self, location: str, offset: int, most: int) -> ResultPage:
        """Up to `most` rows from byte `offset`; the next page is read meanwhile. See read_page."""
        page = self._taken((location, offset, most)) or read_page(self._lake, location, offset, most)
        if page.next_offset is not None:
            self._begin((location, page.next_offset, most))
        return page

    def _taken(self, key: _Key) -> ResultPage | None:
        with self._lock:
            begun_at, reading = self._ahead.pop(key, (0.0, None))
        if reading is None or time.monotonic() - begun_at > _KEPT_SECONDS:
            return None
        try:
            return reading.result()
        except ApiError:
            return None  # whoever asks finds what is wrong now

    def _begin(self, key: _Key) -> None:
        with self._lock:
            self._ahead[key] = time.monotonic(), self._lake.workers.submit(read_page, self._lake, *key)
            while len(self._ahead) > _KEPT_PAGES:
                self._ahead.popitem(last=False)
