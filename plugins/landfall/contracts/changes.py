"""What a new version of a contract changes, and whether its version number says so.

A compatible change touches words only; a widening one lets more through than before, so every event that was good stays
good; a breaking one refuses or reads otherwise what was good. The version follows semver.org: they ask for at least
a new patch, minor and major number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from landfall.contracts.model import Field, LimitAction, QuarantineLimit, StreamContract
from landfall.errors import ContractError


class Kind(IntEnum):
    """How far a change reaches; the higher one counts where several meet."""

    NONE = 0
    COMPATIBLE = 1
    WIDENING = 2
    BREAKING = 3


@dataclass(frozen=True)
class Change:
    """One difference between two versions of a contract, in words."""

    kind: Kind
    what: str


_NEEDED = {Kind.COMPATIBLE: "patch", Kind.WIDENING: "minor", Kind.BREAKING: "major"}


def changes_between(old: StreamContract, new: StreamContract) -> tuple[Change, ...]:
    """Return the differences of two contracts of one stream, the version number aside."""
    return tuple(_of_stream(old, new)) + tuple(_of_fields(old, new))


def check_version(old: StreamContract, new: StreamContract) -> Kind:
    """Return the kind of change from the released contract to the new one.

    Raises ContractError if the new version number is not as high as the change asks for.
    """
    changes = changes_between(old, new)
    kind = max((change.kind for change in changes), default=Kind.NONE)
    before, after = _numbers(old.version), _numbers(new.version)
    if after < before:
        raise ContractError(f"{new.stream}: version {new.version} is below the released {old.version}: raise it")
    if kind is Kind.NONE or after >= _least(before, kind):
        return kind
    needed = ".".join(str(number) for number in _least(before, kind))
    reasons = "; ".join(change.what for change in changes if change.kind is kind)
    raise ContractError(
        f"{new.stream}: version {new.version}: {kind.name.lower()} change since {old.version} ({reasons}): "
        f"raise the {_NEEDED[kind]} number, to {needed} or higher, or take the change back"
    )


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = (int(number) for number in version.split("."))
    return major, minor, patch


def _least(before: tuple[int, int, int], kind: Kind) -> tuple[int, int, int]:
    major, minor, patch = before
    if kind is Kind.BREAKING:
        return major + 1, 0, 0
    return (major, minor + 1, 0) if kind is Kind.WIDENING else (major, minor, patch + 1)


def _of_stream(old: StreamContract, new: StreamContract) -> Iterator[Change]:
    if old.key != new.key:
        yield Change(Kind.BREAKING, f"the key was {', '.join(old.key)}")
    if old.time_field != new.time_field:
        yield Change(Kind.BREAKING, f"the time was {old.time_field}")
    if old.freshness_minutes != new.freshness_minutes:
        kind = Kind.COMPATIBLE if new.freshness_minutes < old.freshness_minutes else Kind.WIDENING
        yield Change(kind, f"the latency was {old.freshness_minutes} minutes")
    if old.duplicate_days != new.duplicate_days:
        kind = Kind.WIDENING if new.duplicate_days > old.duplicate_days else Kind.BREAKING
        yield Change(kind, f"duplicates were looked for {old.duplicate_days} days around")
    if old.kafka_topic != new.kafka_topic:
        yield Change(Kind.BREAKING, f"the objects were those of {old.kafka_topic or 'Firehose'}")
    if old.quarantine_limit != new.quarantine_limit:
        yield _of_limit(old.quarantine_limit, new.quarantine_limit)
    if old.description != new.description:
        yield Change(Kind.COMPATIBLE, "the purpose is worded anew")


def _of_limit(old: QuarantineLimit | None, new: QuarantineLimit | None) -> Change:
    """A limit judges no single record, so none breaks anything; only one that lets no more pass is compatible."""
    said = "there was no limit of quarantine" if old is None else f"the limit of quarantine was {_limit(old)}"
    if old is None:
        return Change(Kind.COMPATIBLE, said)
    is_tighter = new is not None and all(
        (
            _is_no_higher(old.share, new.share),
            _is_no_higher(old.records, new.records),
            old.action is new.action or new.action is LimitAction.STOP,
        )
    )
    return Change(Kind.COMPATIBLE if is_tighter else Kind.WIDENING, said)


def _limit(limit: QuarantineLimit) -> str:
    parts = [str(part) for part in (limit.share, limit.records) if part is not None]
    return f"{limit.action} above {' and '.join(parts)}"


def _is_no_higher(old: float | None, new: float | None) -> bool:
    """A part that is not given counts as zero: it is passed by any record."""
    return (new or 0) <= (old or 0)


def _of_fields(old: StreamContract, new: StreamContract) -> Iterator[Change]:
    before = {field.name: field for field in old.fields}
    after = {field.name: field for field in new.fields}
    for name in before.keys() - after.keys():
        yield Change(Kind.BREAKING, f"the field {name} is gone")
    for name in after.keys() - before.keys():
        required = after[name].required
        yield Change(
            Kind.BREAKING if required else Kind.WIDENING,
            f"the {'required' if required else 'optional'} field {name} is new",
        )
    for name in sorted(before.keys() & after.keys()):
        yield from _of_field(before[name], after[name])


def _of_field(old: Field, new: Field) -> Iterator[Change]:
    if old.type is not new.type:
        yield Change(Kind.BREAKING, f"{old.name} was {old.type}")
        return
    if old.required != new.required:
        kind = Kind.BREAKING if new.required else Kind.WIDENING
        yield Change(kind, f"{old.name} was {'required' if old.required else 'optional'}")
    if old.pattern != new.pattern:
        # Whether one pattern takes all that another takes cannot be told from the two texts.
        yield Change(Kind.WIDENING if new.pattern is None else Kind.BREAKING, f"the pattern of {old.name} is another")
    if set(old.allowed) != set(new.allowed):
        widened = not new.allowed or (bool(old.allowed) and set(old.allowed) < set(new.allowed))
        yield Change(Kind.WIDENING if widened else Kind.BREAKING, f"the values of {old.name} are others")
    yield from _of_bounds(old, new)
    if (old.description, old.classification) != (new.description, new.classification):
        yield Change(Kind.COMPATIBLE, f"{old.name} is described anew")


def _of_bounds(old: Field, new: Field) -> Iterator[Change]:
    for word, lower, before, after in (
        ("minimum", True, old.minimum, new.minimum),
        ("maximum", False, old.maximum, new.maximum),
        ("shortest length", True, old.min_length, new.min_length),
        ("greatest length", False, old.max_length, new.max_length),
    ):
        if before != after:
            widened = after is None or (before is not None and (after < before) is lower)
            yield Change(Kind.WIDENING if widened else Kind.BREAKING, f"the {word} of {old.name} was {before}")
