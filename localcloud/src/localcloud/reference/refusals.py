"""What the code refuses: the texts it gives to its refusals, read from the source files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_REFUSALS = frozenset({"NotSupportedError", "unsupported"})


def refusals(folder: Path) -> list[str]:
    """Return, sorted and each once, the subjects that modules below `folder` refuse; `…` stands for what varies."""
    return sorted({text for file in folder.rglob("*.py") for text in _of_file(file)}, key=str.lower)


def _of_file(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in _REFUSALS and node.args:
            yield from _texts(node.args[0])


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(argument: ast.expr) -> Iterator[str]:
    """Yield the texts an argument can have; none if it is made elsewhere."""
    match argument:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
            if text.strip("… '`"):
                yield text
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(body)
            yield from _texts(other)
