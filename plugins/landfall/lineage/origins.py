"""Where a value comes from and what was done to it on its way, in the words of OpenLineage's columnLineage facet.

The kinds and their names are those of the spec (ColumnLineageDatasetFacet 1-2-0): DIRECT, a value is made of the
input's value; INDIRECT, the input only decides which value it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class How(StrEnum):
    """The subtype of a transformation."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    CONDITIONAL = "CONDITIONAL"
    WINDOW = "WINDOW"
    FILTER = "FILTER"
    JOIN = "JOIN"
    GROUP_BY = "GROUP_BY"
    SORT = "SORT"

    @property
    def is_direct(self) -> bool:
        """Whether the value itself is passed on."""
        return self in _STRENGTH


_STRENGTH = {How.IDENTITY: 0, How.TRANSFORMATION: 1, How.AGGREGATION: 2}


@dataclass(frozen=True)
class Way:
    """What happens to a value on a part of its way; `masking`: the value cannot be read from what is made of it."""

    how: How = How.IDENTITY
    masking: bool = False

    def then(self, later: Way) -> Way:
        """Return both parts of the way as one: what decides stays so, and the stronger change gives its name."""
        if not later.how.is_direct:
            return later
        if not self.how.is_direct:
            return self
        stronger = max(self, later, key=lambda way: _STRENGTH[way.how])
        return replace(stronger, masking=self.masking or later.masking)


@dataclass(frozen=True)
class Origin:
    """A column of a table (`database.name`) that another column depends on, and how."""

    table: str
    column: str
    way: Way = Way()

    def then(self, later: Way) -> Origin:
        """Return this origin as it is seen after a further part of the way."""
        return replace(self, way=self.way.then(later))


@dataclass(frozen=True)
class QueryColumns:
    """The columns of a query's result, in their order, each with its origins.

    `rows` are what decides which rows there are; `tables` (`database.name`) is all that is read.
    """

    fields: dict[str, tuple[Origin, ...]]
    rows: tuple[Origin, ...] = ()
    tables: tuple[str, ...] = ()

    def without(self, table: str) -> QueryColumns:
        """Return the same without origins in `table`: a table that grows from itself tells nothing new of itself."""
        return QueryColumns(
            fields={name: tuple(each for each in found if each.table != table) for name, found in self.fields.items()},
            rows=tuple(each for each in self.rows if each.table != table),
            tables=tuple(each for each in self.tables if each != table),
        )


def distinct(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    """Return the origins, each once, in their order."""
    return tuple(dict.fromkeys(origins))
