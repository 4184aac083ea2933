"""Which words are looked for, in all the ways they may be written, and where they were found."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

Store = Iterable[tuple[str, bytes]]
"""Places with their content."""

_SHOWN_BYTES = 60


@dataclass(frozen=True)
class Found:
    """A word, by the name of what it is, in a place of a store; `around` is what stands before it."""

    what: str
    store: str
    place: str
    around: str


class Search:
    """Looks for words, by what they are: as they are, in JSON, in an address, in hex and inside of Base64."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        self._names = {
            spelling: name for name, values in words.items() for value in values for spelling in _spellings(value)
        }
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))
        self.bytes = 0

    def found_in(self, name: str, store: Store) -> Iterator[Found]:
        """Yield what stands in `store`, compressed content read as what it was."""
        for place, content in store:
            for readable in _readable(content):
                self.bytes += len(readable)
                for match in self._pattern.finditer(readable):
                    before = readable[max(0, match.start() - _SHOWN_BYTES) : match.start()]
                    yield Found(self._names[match[0]], name, place, before.decode(errors="replace"))


def _spellings(value: str) -> set[bytes]:
    plain = value.encode()
    # Base64 of a text that holds the value has one of three forms, by where in a group of three bytes it begins.
    encoded = {base64.b64encode(b"\0" * shift + plain)[shift and shift + 1 : -4] for shift in range(3)}
    spelled = {plain, json.dumps(value)[1:-1].encode(), quote(value, safe="").encode(), plain.hex().encode()}
    return {each for each in spelled | encoded if len(each) >= min(len(plain), 12)}


def _readable(content: bytes) -> Iterator[bytes]:
    yield content
    for unpack in (gzip.decompress, zlib.decompress):
        try:
            yield unpack(content)
        except (OSError, EOFError, zlib.error):
            continue
