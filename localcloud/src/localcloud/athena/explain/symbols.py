"""Names for the columns of a plan, each used once."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Symbols:
    """Gives names that are not taken yet: `a`, `a_0`, `a_1`, ...

    `outputs` has, by the id of a query's plan, the names of its columns with their symbols.
    """

    outputs: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)

    def new(self, name: str) -> str:
        """A name that no other symbol has."""
        count = self._used.get(name)
        self._used[name] = 0 if count is None else count + 1
        return name if count is None else f"{name}_{count}"
