"""The fields of a stream contract: their types and what may stand in them."""

from __future__ import annotations

import re

from landfall.contracts.model import Field, FieldType
from landfall.contracts.reading import Place
from landfall.contracts.vocabulary import PROPERTY_KEYS, RULE_KEYS

_OPTIONS = {
    FieldType.STRING: {"pattern", "minLength", "maxLength"},
    FieldType.INTEGER: {"minimum", "maximum"},
    FieldType.BOOLEAN: set[str](),
    FieldType.TIMESTAMP: {"format", "timezone", "defaultTimezone"},
}
_CLASSIFICATIONS = ("public", "internal", "confidential", "pii")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NOT_PORTABLE = re.compile(r"\(\?(?!:)|\\[1-9AbBGzZkpP]|[*+?}]\+")
"""Look-around, named groups, flags, back references, own anchors and possessive marks: engines differ in them."""


def parse_field(place: Place) -> Field:
    """Return the field of one ODCS property. Raises ContractError."""
    place.mapping(known=PROPERTY_KEYS)
    name = place["name"].text()
    if not _FIELD_NAME.fullmatch(name):
        place["name"].refuse("write a lower-case name of letters, digits and _ that starts with a letter")
    field_type = FieldType(place["logicalType"].one_of([kind.value for kind in FieldType]))
    options = place["logicalTypeOptions"]
    if options.value is None:
        options = Place(options.file, options.path, {})
    options.mapping(known=_OPTIONS[field_type])
    return Field(
        name=name,
        type=field_type,
        required=place["required"].flag(),
        description=place["description"].text(),
        classification=place["classification"].one_of(_CLASSIFICATIONS),
        pattern=_pattern(options["pattern"]),
        allowed=_allowed(place["quality"], field_type),
        minimum=options["minimum"].integer(),
        maximum=options["maximum"].integer(),
        min_length=options["minLength"].integer(),
        max_length=options["maxLength"].integer(),
    )


def _pattern(place: Place) -> str | None:
    if place.value is None:
        return None
    pattern = place.text()
    if not (pattern.startswith("^") and pattern.endswith("$")):
        place.refuse("write the pattern of the whole value, from ^ to $")
    if _NOT_PORTABLE.search(pattern):
        place.refuse("use only what every engine reads alike: classes, groups (?:...), | and repetitions")
    try:
        re.compile(pattern)
    except re.error as error:
        place.refuse(f"not a regular expression: {error}")
    return pattern


def _allowed(rules: Place, field_type: FieldType) -> tuple[str, ...]:
    """Return the values of the one rule `invalidValues ... mustBe: 0`, which is how ODCS 3.1 writes an enumeration."""
    allowed: tuple[str, ...] = ()
    for rule in rules.items():
        rule.mapping(known=RULE_KEYS)
        rule["metric"].one_of(["invalidValues"])
        if rule["mustBe"].value != 0:
            rule["mustBe"].refuse("write 0: every value must be one of the list")
        if field_type is not FieldType.STRING:
            rule["metric"].refuse("only a string can have a list of values")
        values = rule["arguments"].mapping(known=["validValues"])["validValues"]
        allowed = tuple(value.text() for value in values.items())
        if not allowed or len(set(allowed)) != len(allowed):
            values.refuse("list each allowed value once")
    return allowed
