"""What a fault rule may say, and which request it strikes."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

REQUEST_KINDS = ("throttle", "error", "slow", "drop", "partial")
"""What can happen to a request over HTTP; of a statement on Redshift's wire: error, slow, drop."""
STATEMENT_KINDS = ("failed_query", "commit_conflict", "serializable_conflict")
"""What can happen to a statement: of any engine, of Athena on Iceberg tables, of Redshift."""
RECORD_KINDS = ("processing_failed",)
"""What can happen to a record on its way through Firehose: it goes to the error prefix; `match` is held to its data."""
_LONGEST_DELAY_MS = 600_000


class RuleError(ValueError):
    """A rule cannot be meant; the message names the field, its value and what would be right."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `service` is the endpoint's signing name, or `redshift` for statements on its wire.

    `operation` is the API's (`PutItem`) or the statement's first words (`MERGE`, `CREATE TABLE`); `*` is any. `match`
    is a text that the path, the body or the statement must contain. `after` lets the request have its effect and loses
    only the answer. `origin` tells clients' requests from those that Athena and Redshift make themselves.
    """

    kind: str
    service: str = "*"
    operation: str = "*"
    match: str = ""
    when: str = "before"
    origin: str = "client"
    rate: float = 1.0
    seed: int = 0
    limit: int | None = None
    delay_ms: int = 1_000
    seconds: float | None = None

    def concerns(self, *, kinds: tuple[str, ...], service: str, operation: str, text: str, origin: str) -> bool:
        """Whether a request or statement is one that the rule may strike."""
        return (
            self.kind in kinds
            and self.service in ("*", service)
            and self.operation.lower() in ("*", operation.lower())
            and self.origin in ("any", origin)
            and self.match in text
        )


def read_rule(given: Mapping[str, Any]) -> Rule:
    """Return the rule that a JSON object describes; raises RuleError."""
    for name, value in given.items():
        if name not in _FIELDS:
            raise RuleError(f"{name} is no field of a fault rule; the fields are {', '.join(_FIELDS)}")
        _check(name, value)
    if "kind" not in given:
        raise RuleError(f"kind is missing: {_FIELDS['kind'][1]}")
    return Rule(**given)


def _check(name: str, value: Any) -> None:
    is_right, remedy = _FIELDS[name]
    if not is_right(value):
        raise RuleError(f"{name} is {value!r}: {remedy}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _one_of(choices: tuple[str, ...]) -> tuple[Callable[[Any], bool], str]:
    return lambda value: value in choices, f"write one of {', '.join(choices)}"


_TEXT: tuple[Callable[[Any], bool], str] = (lambda value: isinstance(value, str), "write a text")
_FIELDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "kind": _one_of(REQUEST_KINDS + STATEMENT_KINDS + RECORD_KINDS),
    "service": _TEXT,
    "operation": _TEXT,
    "match": _TEXT,
    "when": _one_of(("before", "after")),
    "origin": _one_of(("client", "engine", "any")),
    "rate": (lambda value: _is_number(value) and 0 < value <= 1, "write a share of requests above 0, at most 1"),
    "seed": (lambda value: type(value) is int, "write an integer"),
    "limit": (
        lambda value: value is None or (type(value) is int and value >= 1),
        "write how often it may strike, at least 1",
    ),
    "delay_ms": (
        lambda value: type(value) is int and 0 <= value <= _LONGEST_DELAY_MS,
        f"write milliseconds from 0 to {_LONGEST_DELAY_MS}",
    ),
    "seconds": (
        lambda value: value is None or (_is_number(value) and value > 0),
        "write a number of seconds above 0",
    ),
}
"""Of each field: what it may be, and what to do about another value."""


@dataclass
class _Active:
    """A rule in force; its own random numbers, so that the same requests in the same order meet the same fate."""

    id: str
    rule: Rule
    random: random.Random
    added_at: float
    matched: int = 0
    struck: int = 0


@dataclass
class Faults:
    """The rules of one process; thread-safe."""

    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _rules: list[_Active] = field(default_factory=list)
    _added: int = 0

    def add(self, rule: Rule) -> str:
        """Put a rule in force and return its id."""
        with self._lock:
            self._added += 1
            active = _Active(f"fault-{self._added}", rule, random.Random(rule.seed), self.clock())  # noqa: S311
            self._rules.append(active)
            return active.id

    def clear(self, rule_id: str | None = None) -> int:
        """Take one rule out of force, or all; return how many there were."""
        with self._lock:
            kept = [active for active in self._rules if rule_id is not None and active.id != rule_id]
            removed = len(self._rules) - len(kept)
            self._rules = kept
            return removed

    @property
    def is_idle(self) -> bool:
        """Whether no rule is in force."""
        return not self._rules

    def describe(self) -> list[dict[str, Any]]:
        """Return every rule with its id, how many requests it concerned and how many it struck."""
        with self._lock:
            return [
                {"id": active.id, **asdict(active.rule), "matched": active.matched, "struck": active.struck}
                for active in self._rules
            ]

    def strike(
        self,
        *,
        kinds: tuple[str, ...],
        service: str,
        operation: str,
        text: str,
        origin: str = "client",
        when: str | None = None,
    ) -> tuple[Rule, ...]:
        """Return the rules that strike a request or statement, in the order they were added; `when` None is either."""
        if not self._rules:
            return ()
        with self._lock:
            concerned = (
                active
                for active in self._in_force()
                if when in (None, active.rule.when)
                and active.rule.concerns(kinds=kinds, service=service, operation=operation, text=text, origin=origin)
            )
            return tuple(active.rule for active in concerned if _draw(active))

    def _in_force(self) -> Iterator[_Active]:
        for active in self._rules:
            rule = active.rule
            expired = rule.seconds is not None and self.clock() - active.added_at > rule.seconds
            if not expired and (rule.limit is None or active.struck < rule.limit):
                yield active


def _draw(active: _Active) -> bool:
    active.matched += 1
    struck = active.random.random() < active.rule.rate
    active.struck += struck
    return struck


FAULTS = Faults()
"""The rules of this process."""
