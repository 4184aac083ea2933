"""The arguments of json_exists, json_value and json_query, which have a syntax of their own.

Each becomes an ordinary call whose further arguments are texts: see json_functions.py for their meaning.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.parser import Parser
from sqlglot.tokens import TokenType

from localcloud.athena.sql.json_path import parse_path
from localcloud.lake.errors import NotSupportedError


def parse_exists(parser: Parser) -> exp.Expr:
    """JSON_EXISTS(document, path [{TRUE | FALSE | UNKNOWN | ERROR} ON ERROR])."""
    document, path = _start(parser, "json_exists")
    behaviour = "false"
    for word in ("TRUE", "FALSE", "UNKNOWN", "ERROR"):
        if parser._match_text_seq(word, "ON", "ERROR"):
            behaviour = word.lower()
            break
    return _call("json_exists", document, path, behaviour)


def parse_value(parser: Parser) -> exp.Expr:
    """JSON_VALUE(document, path [{NULL | ERROR | DEFAULT text} ON EMPTY] [... ON ERROR])."""
    document, path = _start(parser, "json_value")
    found: dict[str, tuple[str, exp.Expr]] = {}
    for event in ("EMPTY", "ERROR"):
        found[event] = ("null", exp.Null())
        index = parser._index
        if parser._match_text_seq("NULL", "ON", event):
            continue
        if parser._match_text_seq("ERROR", "ON", event):
            found[event] = ("error", exp.Null())
        elif parser._match_text_seq("DEFAULT"):
            text = parser._parse_string()
            if not isinstance(text, exp.Literal) or not parser._match_text_seq("ON", event):
                parser._retreat(index)
            else:
                found[event] = ("default", text)
    (on_empty, empty), (on_error, wrong) = found["EMPTY"], found["ERROR"]
    return _call("json_value", document, path, on_empty, empty, on_error, wrong)


def parse_query(parser: Parser) -> exp.Expr:
    """JSON_QUERY(document, path [wrapper] [{KEEP | OMIT} QUOTES] [behaviour ON EMPTY] [behaviour ON ERROR])."""
    document, path = _start(parser, "json_query")
    wrapper = "without"
    if parser._match_text_seq("WITH"):
        wrapper = "conditional" if parser._match_text_seq("CONDITIONAL") else "with"
        parser._match_text_seq("UNCONDITIONAL")
        parser._match_text_seq("ARRAY")
        parser._match_text_seq("WRAPPER")
    elif parser._match_text_seq("WITHOUT"):
        parser._match_text_seq("ARRAY")
        parser._match_text_seq("WRAPPER")
    quotes = "keep"
    for word in ("KEEP", "OMIT"):
        if parser._match_text_seq(word, "QUOTES"):
            quotes = word.lower()
    behaviours = [_behaviour(parser, event) for event in ("EMPTY", "ERROR")]
    return _call("json_query", document, path, wrapper, quotes, *behaviours)


def _behaviour(parser: Parser, event: str) -> str:
    choices = {
        "null": ("NULL",), "error": ("ERROR",), "array": ("EMPTY", "ARRAY"), "object": ("EMPTY", "OBJECT"),
    }  # fmt: skip
    for name, words in choices.items():
        if parser._match_text_seq(*words, "ON", event):
            return name
    return "null"


def _start(parser: Parser, name: str) -> tuple[exp.Expr, exp.Expr]:
    document = parser._parse_bitwise()
    parser._match_text_seq("FORMAT", "JSON")
    parser._match(TokenType.COMMA)
    path = parser._parse_string()
    if not isinstance(document, exp.Expression) or not isinstance(path, exp.Literal):
        raise NotSupportedError(f"{name}() with a path that is no literal")
    if parser._match_text_seq("PASSING") or parser._match_text_seq("RETURNING"):
        raise NotSupportedError(f"{name}() with PASSING or RETURNING")
    parse_path(path.name)
    return document, path


def _call(name: str, document: exp.Expr, path: exp.Expr, *options: str | exp.Expr) -> exp.Expr:
    texts = [option if isinstance(option, exp.Expression) else exp.Literal.string(option) for option in options]
    return exp.Anonymous(this=name, expressions=[document, path, *texts])
