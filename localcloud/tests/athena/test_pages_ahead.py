"""The page after the one that was asked for is read ahead, and is never older than a moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from localcloud.athena import pages_ahead
from localcloud.athena.errors import ApiError
from localcloud.athena.pages_ahead import PagesAhead
from localcloud.athena.result_pages import ResultPage
from localcloud.lake.local_files import Version

LOCATION = "s3://results/x.csv"


class Results:
    """Three pages of one row; `asked` are the offsets that were read, `version` is the object's, None once deleted."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.version: Version | None = ((1, 1, 1),)

    def version_of(self, _location: str) -> Version | None:
        return self.version

    def read(self, _lake: Any, _location: str, offset: int, _most: int) -> ResultPage:
        self.asked.append(offset)
        if self.version is None:
            raise ApiError("InvalidRequestException", "Could not find results")
        return ResultPage(str(offset), offset + 1 if offset < 2 else None)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> Results:
    found = Results()
    monkeypatch.setattr(pages_ahead, "read_page", found.read)
    return found


@pytest.fixture
def pages(results: Results) -> Iterator[PagesAhead]:
    with ThreadPoolExecutor(1) as workers:
        yield PagesAhead(SimpleNamespace(workers=workers, local_files=results))  # type: ignore[arg-type]


def test_a_client_that_pages_on_finds_each_page_once(results: Results, pages: PagesAhead) -> None:
    assert [pages.read(LOCATION, offset, 1).rows for offset in range(3)] == ["0", "1", "2"]
    assert results.asked == [0, 1, 2]


def test_a_result_that_was_deleted_meanwhile_is_not_found(results: Results, pages: PagesAhead) -> None:
    pages.read(LOCATION, 0, 1)
    results.version = None
    with pytest.raises(ApiError, match="Could not find results"):
        pages.read(LOCATION, 1, 1)


def test_a_result_that_was_replaced_meanwhile_is_read_anew(results: Results, pages: PagesAhead) -> None:
    pages.read(LOCATION, 0, 1)
    results.version = ((2, 2, 2),)
    pages.read(LOCATION, 1, 1)
    assert results.asked.count(1) == 2


def test_no_more_pages_are_kept_than_a_few(results: Results, pages: PagesAhead) -> None:
    for number in range(40):
        pages.read(f"{LOCATION}.{number}", 0, 1)
    assert len(pages._ahead) == pages_ahead._KEPT_PAGES
