"""A small picture of costs by size of history, as SVG: each cost as a multiple of what it is at the first size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_COLOURS = ("#1b6ca8", "#d1495b", "#2e933c", "#7d5ba6", "#8a6d3b", "#444444")
_WIDTH, _HEIGHT, _LEFT, _TOP = 420, 240, 50, 30
_TEXT_WIDTH = 230
_ASKED = 1.1


def draw(costs: Mapping[str, Sequence[float]], sizes: Sequence[int]) -> str:
    """Return the SVG of `costs` (by name, one value a size) over `sizes`, with the slope that is asked."""
    shares = {name: [value / values[0] if values[0] else 1.0 for value in values] for name, values in costs.items()}
    top = max(2.0, *(max(values) for values in shares.values()))
    across = [_LEFT + _WIDTH * place / max(1, len(sizes) - 1) for place in range(len(sizes))]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + _TEXT_WIDTH} {_TOP + _HEIGHT + 40}"'
        ' font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="16">cost of one day\'s load, as a multiple of that at {sizes[0]}x history</text>',
        _line(across, [_ASKED] * len(sizes), top, "#bbbbbb", dashed=True),
        f'<text x="{across[-1] + 8:.0f}" y="{_y(_ASKED, top) - 6:.0f}" fill="#999999">asked: at most {_ASKED}</text>',
    ]
    for mark in range(int(top) + 1):
        parts.append(f'<text x="{_LEFT - 30}" y="{_y(mark, top) + 4:.0f}">{mark}x</text>')
        parts.append(_line([across[0], across[-1]], [mark, mark], top, "#eeeeee"))
    for x, size in zip(across, sizes, strict=True):
        parts.append(f'<text x="{x - 12:.0f}" y="{_TOP + _HEIGHT + 20}">{size}x</text>')
    for place, (name, values) in enumerate(shares.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        y = _TOP + _HEIGHT - 18 * (len(shares) - place) + 10
        parts.append(_line(across, values, top, colour))
        parts.append(f'<text x="{across[-1] + 8:.0f}" y="{y}" fill="{colour}">{escape(name)}: {values[-1]:.2f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _y(value: float, top: float) -> float:
    return _TOP + _HEIGHT * (1 - value / top)


def _line(across: Sequence[float], values: Sequence[float], top: float, colour: str, *, dashed: bool = False) -> str:
    points = " ".join(f"{x:.0f},{_y(value, top):.1f}" for x, value in zip(across, values, strict=True))
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
