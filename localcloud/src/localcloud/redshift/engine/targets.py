"""Which tables a statement writes: what has to be locked before it runs."""

from __future__ import annotations

from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

_BEFORE_NAME: dict[str, tuple[tuple[str, ...], ...]] = {
    "INSERT": (("INSERT", "INTO"),),
    "UPDATE": (("UPDATE",),),
    "DELETE": (("DELETE", "FROM"), ("DELETE",)),
    "MERGE": (("MERGE", "INTO"),),
    "COPY": (("COPY",),),
    "TRUNCATE": (("TRUNCATE", "TABLE"), ("TRUNCATE",)),
    "ALTER TABLE": (("ALTER", "TABLE"),),
    "DROP TABLE": (("DROP", "TABLE", "IF", "EXISTS"), ("DROP", "TABLE")),
    "LOCK": (("LOCK", "TABLE"), ("LOCK",)),
}
APPENDING = frozenset({"INSERT", "COPY"})
"""Verbs that write to their table without reading it."""


def written(statement: Statement) -> list[tuple[str, ...]]:
    """The names, as written and in lower case, of existing tables that the statement changes."""
    words = Words(statement.tokens)
    phrases = _BEFORE_NAME.get(statement.verb, ())
    if not any(words.accept(*phrase) for phrase in phrases):
        return []
    try:
        names = [words.dotted_name()]
        while words.accept(","):
            names.append(words.dotted_name())
    except RedshiftError:
        # The statement's own handler says what is wrong with it.
        return []
    return names
