"""Types that DuckDB has not, for values whose form is known when a query is translated.

A timestamp with another time zone than UTC is an instant in DuckDB; its zone stands behind its type, as in
`timestamp(3) with time zone@Asia/Tokyo`, and is used where the value becomes text. A time with time zone and an IP
address are their text. Whatever would need more than that is refused.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp

from localcloud.athena.sql.nodes import type_of
from localcloud.lake.errors import LakeError, NotSupportedError

_ZONE = re.compile(r"@[\w/+:-]+")
_UTC = ("UTC", "Z", "GMT", "+00:00", "-00:00", "UT")
_TIMESTAMP = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6}))?)?)?"
    r" ?([A-Z][\w/+-]*|[+-]\d\d:\d\d)\s*"
)
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,12}))?)? ?([+-]\d\d:\d\d)")
_COMPARED = (exp.EQ, exp.NEQ, exp.In)
_EVERYWHERE = (exp.Alias, exp.Paren, exp.Select, exp.Subquery, exp.Is, exp.Group, exp.Values)
_INSTANTS = (
    *_COMPARED, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.Ordered, exp.Sub, exp.AtTimeZone, exp.Cast,
    exp.TryCast,
)  # fmt: skip
_INSTANT_FUNCTIONS = ("count", "to_unixtime", "at_timezone")


def plain(kind: str) -> str:
    """A type without the zone of its values."""
    return _ZONE.sub("", kind)


def zone_of(kind: str | None) -> str | None:
    """The zone of the values of a type; None for UTC."""
    return kind.partition("@")[2] or None if kind else None


def with_zone(kind: str, zone: str) -> str:
    """A timestamp type whose values have this zone; raises INVALID_FUNCTION_ARGUMENT for one that there is not."""
    base = plain(kind)
    base = base if base.endswith("zone") else f"{base} with time zone"
    if zone.upper() in _UTC:
        return base
    if _information(zone) is None:
        raise LakeError("INVALID_FUNCTION_ARGUMENT", f"'{zone}' is not a valid time zone")
    return f"{base}@{zone}"


def literal_type(node: exp.Cast, kind: str) -> str:
    """The type of a cast to `kind`: of a literal with the zone that stands in it, of a zoned value with its own."""
    if not kind.endswith("with time zone") or not kind.startswith("timestamp"):
        return kind
    source = zone_of(type_of(node.this))
    if source:
        return f"{kind}@{source}"
    match = _TIMESTAMP.fullmatch(node.this.name) if isinstance(node.this, exp.Literal) else None
    return with_zone(kind, match[8]) if match and _information(match[8]) else kind


def literal(node: exp.Expr) -> exp.Expr | None:
    """The DuckDB form of a literal of one of these types; None for anything else. Raises INVALID_LITERAL."""
    kind, text = type_of(node) or "", node.this
    if not isinstance(text, exp.Literal) or not text.is_string:
        return None
    if zone_of(kind):
        return exp.cast(exp.Literal.string(_instant(text.this)), "timestamptz", dialect="duckdb")
    if kind.startswith("time(") and kind.endswith("zone"):
        return exp.Literal.string(_time(text.this))
    if kind == "ipaddress":
        return exp.Literal.string(_address(text.this))
    return None


def local_text(value: str, zone: str) -> str:
    """SQL for the timestamp without zone that clocks of the zone show at an instant."""
    if zone[0] not in "+-":
        return f"timezone('{zone}', {value})"
    minutes = (int(zone[1:3]) * 60 + int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    return f"(CAST({value} AS TIMESTAMP) + to_minutes({minutes}))"


def require_known_use(node: exp.Expr) -> None:
    """Refuse every use of a value of these types that would need more than is kept of it."""
    kind = type_of(node)
    if kind is None or not ("@" in kind or "ipaddress" in kind or (") with time zone" in kind and "time(" in kind)):
        return
    parent = node.parent
    if parent is None or isinstance(parent, _EVERYWHERE):
        return
    if isinstance(parent, exp.Tuple) and isinstance(parent.parent, exp.Values):
        return
    if not _known(parent, kind):
        raise NotSupportedError(
            f"this use of a value of the type {plain(kind)}" + (" of another zone" if "@" in kind else "")
        )


def _known(parent: exp.Expr, kind: str) -> bool:
    if kind.startswith("timestamp"):
        if isinstance(parent, exp.Anonymous):
            return parent.name.lower() in _INSTANT_FUNCTIONS
        if isinstance(parent, exp.Sub):
            return type_of(parent) == "interval day to second"
        return isinstance(parent, _INSTANTS)
    if isinstance(parent, exp.Cast | exp.TryCast):
        return (type_of(parent) or "").startswith("varchar")
    return kind == "ipaddress" and isinstance(parent, _COMPARED)


def _information(zone: str) -> datetime.tzinfo | None:
    if zone.upper() in _UTC:
        return datetime.UTC
    if zone[0] in "+-":
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        return datetime.timezone(-offset if zone[0] == "-" else offset)
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _instant(text: str) -> str:
    """The instant of a timestamp with a zone, in UTC; of an hour that clocks show twice the first."""
    match = _TIMESTAMP.fullmatch(text)
    zone = _information(match[8]) if match else None
    if match is None or zone is None:
        raise LakeError("INVALID_LITERAL", f"line 1:1: '{text}' is not a valid TIMESTAMP literal")
    try:
        year, month, day, hour, minute, second = (int(number or 0) for number in match.groups()[:6])
        microsecond = int((match[7] or "").ljust(6, "0"))
        local = datetime.datetime(year, month, day, hour, minute, second, microsecond, zone)
    except ValueError as error:
        raise LakeError("INVALID_LITERAL", f"line 1:1: '{text}' is not a valid TIMESTAMP literal") from error
    instant = local.astimezone(datetime.UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise LakeError("INVALID_LITERAL", f"line 1:1: '{text}' is not a valid TIMESTAMP literal")
    return instant.isoformat()


def _time(text: str) -> str:
    match = _TIME.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise LakeError("INVALID_LITERAL", f"line 1:1: '{text}' is not a valid TIME literal")
    fraction = f".{match[4]}" if match[4] else ""
    return f"{int(match[1]):02d}:{match[2]}:{match[3] or '00'}{fraction}{match[5]}"


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise LakeError("INVALID_CAST_ARGUMENT", f"Cannot cast value to IPADDRESS: {text}") from error
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
