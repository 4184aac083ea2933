"""Reading a command token by token: what Redshift's utility statements need and no SQL parser knows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokens import Token, TokenType

from localcloud.redshift.errors import RedshiftError

_STRINGS = {TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING}


class Words:
    """A cursor over the tokens of one statement. Keywords are compared without case, names come out in lower case."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    @property
    def at(self) -> int:
        """Index of the next token."""
        return self._at

    @property
    def previous(self) -> str:
        """The token taken last, in upper case."""
        return self._tokens[self._at - 1].text.upper()

    def peek(self) -> str:
        """The next token in upper case, '' at the end or for a string."""
        if self.done or self._tokens[self._at].token_type in _STRINGS:
            return ""
        return self._tokens[self._at].text.upper()

    def next(self) -> Token:
        if self.done:
            raise RedshiftError("42601", "syntax error at end of input")
        self._at += 1
        return self._tokens[self._at - 1]

    def accept(self, *phrase: str) -> bool:
        """Take the words of `phrase` when they come next, all or none."""
        ahead = self._tokens[self._at : self._at + len(phrase)]
        same = [t.text.upper() for t in ahead if t.token_type not in _STRINGS] == list(phrase)
        if same:
            self._at += len(phrase)
        return same

    def expect(self, *phrase: str) -> None:
        if not self.accept(*phrase):
            raise self.error()

    def error(self) -> RedshiftError:
        near = "end of input" if self.done else f'or near "{self._tokens[self._at].text}"'
        return RedshiftError("42601", f"syntax error at {near}")

    def is_string(self) -> bool:
        return not self.done and self._tokens[self._at].token_type in _STRINGS

    def string(self) -> str:
        """A quoted string's content."""
        if not self.is_string():
            raise self.error()
        return self.next().text

    def number(self) -> str:
        """A number as it is written."""
        if self.done or self._tokens[self._at].token_type != TokenType.NUMBER:
            raise self.error()
        return self.next().text

    def name(self) -> str:
        """An identifier in lower case, as Redshift folds it, quoted or not."""
        plain = self.peek()[:1].isalpha() or self.peek()[:1] in ("_", "#")
        quoted = not self.done and self._tokens[self._at].token_type == TokenType.IDENTIFIER
        if not (plain or quoted):
            raise self.error()
        return self.next().text.lower()

    def dotted_name(self) -> tuple[str, ...]:
        """`a`, `a.b` or `a.b.c`; columns have a fourth part."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return tuple(parts)

    def end(self) -> None:
        """Nothing may follow."""
        if not self.done:
            raise self.error()
