"""The views of Great Expectations' pages, which compile each of its templates once a process.

Its own compile all of them anew for each of a site's pages: most of what a small site takes.
"""

from __future__ import annotations

from typing import Any, Final

from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Compiled(BytecodeCache):
    """The code of templates in memory, by the digests of their names and sources."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = _Compiled()


class PageView(DefaultJinjaPageView):  # type: ignore[misc]  # it is untyped to mypy here
    """The view of a suite's page and of a result's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.env.bytecode_cache = _COMPILED


class IndexPageView(DefaultJinjaIndexPageView):  # type: ignore[misc]  # as above
    """The view of a site's index."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.env.bytecode_cache = _COMPILED
