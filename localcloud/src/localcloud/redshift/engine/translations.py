"""A session's queries as DuckDB understands them, kept while what they were made of stays as it is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.result import Column, columns_of
from localcloud.redshift.sql.translate import Translated, bind, translate_typed

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_MOST = 256
"""Queries that are kept; past that all are forgotten, as a session that asks for so many seldom asks again."""


@dataclass
class _Kept:
    """`tree` is held so that no other can have its identity."""

    tree: exp.Expr
    translated: Translated
    columns: Sequence[Column] | None = None


class Translations:
    """Those of one session. A client that asks the same again and again waits for its rows alone.

    A translation is kept for its tree, the catalogue's moment and the session's settings when all it reads are tables
    and views of the database: external tables and system views are looked up each time.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[Hashable, _Kept] = {}

    def typed(self, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> Translated:
        """Return DuckDB's SQL of a query, its parameters bound and its names resolved, and the types of its columns."""
        return self._found(tree, parameters).translated

    def columns(self, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> Sequence[Column]:
        """Return the columns of a query."""
        found = self._found(tree, parameters)
        if found.columns is None:
            described = [(each.name, each.type) for each in self._session.query_columns(found.translated.sql)]
            found.columns = columns_of(described, found.translated.columns)
        return found.columns

    def forget(self) -> None:
        """Forget all: the session has done something that may give names another meaning, such as a temporary table."""
        self._kept.clear()

    def _found(self, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> _Kept:
        session = self._session
        moment = None if parameters else session.catalog.moment()
        if moment is None:
            return self._made(tree, parameters)
        key = (id(tree), moment, tuple(session.settings.items()))
        found = self._kept.get(key)
        if found is None:
            # One translation may be made in the midst of another.
            outer, session.names.varies = session.names.varies, False
            found = self._made(tree, parameters)
            varies = session.names.varies
            session.names.varies = outer or varies
            if not varies and session.catalog.moment() == moment:
                if len(self._kept) >= _MOST:
                    self._kept.clear()
                self._kept[key] = found
        return found

    def _made(self, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> _Kept:
        bound = bind(tree, parameters)
        with self._session.names.reading(bound):
            return _Kept(tree, translate_typed(bound, self._session.names))
