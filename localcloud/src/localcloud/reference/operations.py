"""Which operations of a service's API an engine answers, told from its source and the service's own model."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from botocore.loaders import Loader


def operations(service: str, modules: Sequence[Path]) -> tuple[list[str], list[str]]:
    """Return the operations of `service` (botocore's name) that `modules` answer, and those they refuse.

    An operation is answered if a module names it in a table, or has a public method of its name.
    """
    known = set(Loader().load_service_model(service, "service-2")["operations"])
    named = {name for module in modules for name in _names(ast.parse(module.read_text(encoding="utf-8")))}
    return sorted(known & named), sorted(known - named)


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name.title().replace("_", "")
