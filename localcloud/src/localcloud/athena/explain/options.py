"""The options of EXPLAIN. Source: Athena user guide, 'Using EXPLAIN and EXPLAIN ANALYZE in Athena'."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.lake.errors import LakeError

_STATEMENT = re.compile(
    r"explain\s*(?P<analyze>\banalyze\b)?\s*(?P<verbose>\bverbose\b)?\s*"
    r"(?:\((?P<options>\s*(?:type|format)\b[^()]*)\))?\s*(?P<body>.*)",
    re.IGNORECASE | re.DOTALL,
)
_CHOICES = {"TYPE": ("DISTRIBUTED", "IO", "LOGICAL", "VALIDATE"), "FORMAT": ("GRAPHVIZ", "JSON", "TEXT")}


@dataclass(frozen=True)
class Options:
    """What is to be explained, and how."""

    body: str
    type: str = "DISTRIBUTED"
    format: str = "TEXT"
    analyze: bool = False
    verbose: bool = False


def read_options(text: str) -> Options:
    """Read an EXPLAIN statement; raises SYNTAX_ERROR."""
    match = _STATEMENT.match(text)
    if match is None or not match["body"]:
        raise LakeError("SYNTAX_ERROR", "line 1:8: mismatched input '<EOF>'")
    analyze = match["analyze"] is not None
    chosen: dict[str, str] = {}
    for option in (match["options"] or "").split(",") if match["options"] else []:
        name, _, value = (word.upper() for word in option.strip().partition(" "))
        if name not in _CHOICES or (analyze and name == "TYPE"):
            raise LakeError("SYNTAX_ERROR", f"line 1:10: mismatched input '{name}'")
        if value.strip() not in _CHOICES[name] or name in chosen:
            expected = ", ".join(f"'{choice}'" for choice in _CHOICES[name])
            raise LakeError("SYNTAX_ERROR", f"line 1:15: mismatched input '{value.strip()}'. Expecting: {expected}")
        chosen[name] = value.strip()
    return Options(
        match["body"],
        chosen.get("TYPE", "DISTRIBUTED"),
        chosen.get("FORMAT", "TEXT"),
        analyze,
        match["verbose"] is not None,
    )
