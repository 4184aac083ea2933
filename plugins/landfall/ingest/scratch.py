"""The statement that reads a batch of landed objects once and says of every record what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
from sqlglot import exp

from landfall.contracts import Field, FieldType, StreamContract
from landfall.ingest.batch import LandedObject
from landfall.ingest.checks import (
    NOT_JSON,
    failure,
    function,
    json_column,
    matches,
    scalar_column,
    text_of,
    typed_value,
    value_column,
)

IDENTITY = ("_source_object", "_line_number", "_record_number")
"""What tells one landed record from any other, whenever and however often its object is read."""

_TOKENS = r'"[^"\\]*(?:\\.[^"\\]*)*"|\}\s*\{|[^"}]+|["}]'
"""JSON strings as wholes, the borders of glued records, anything else: so a border inside a string is none."""

# No name of ours meets one of a contract's fields: these never begin with an underscore.
#
# The landing table yields each line of an object once, and an object is compressed, hence read by one reader from its
# start to its end: the numbers are those of the lines. Blank lines have a number but hold no record.
_LINES = r"""
select "$path" as _source_object, cast(dt as date) as _landed_date,
    row_number() over (partition by "$path") as _line_number, regexp_replace(line, '\r+\z', '') as _line
"""

_PARSED_LINES = r"""
select _source_object, _landed_date, _line_number, _line, try(json_parse(_line)) as _document
from lines
where regexp_like(_line, '\S')
"""

# Firehose may have concatenated records. Only a line that is no JSON is taken apart. Character 30 can mark the borders:
# as a control character it stands nowhere in valid JSON.
_SPLIT_LINES = r"""
select _source_object, _landed_date, _line_number, _document, _line,
    if(_document is null, split(
        array_join(transform(
            regexp_extract_all(_line, :tokens),
            token -> if(regexp_like(token, '\A\}\s*\{\z'), '}' || chr(30) || '{', token)
        ), ''),
        chr(30)
    )) as _pieces
from parsed_lines
"""

_RECORDS = r"""
select _source_object, _landed_date, _line_number, _record_number, _raw_text,
    coalesce(_document, try(json_parse(_raw_text))) as _document
from split_lines
cross join unnest(
    if(
        cardinality(filter(_pieces, piece ->
            coalesce(regexp_like(json_format(try(json_parse(piece))), '\A\s*\{'), false)
        )) = cardinality(_pieces),
        _pieces,
        array[_line]
    )
) with ordinality as piece (_raw_text, _record_number)
"""

_DOCUMENT = exp.column("_document")
_RECORD_COLUMNS = ("_source_object", "_landed_date", "_line_number", "_record_number", "_raw_text")


def scratch_table(contract: StreamContract, batch_id: str) -> exp.Table:
    """Return the table that holds the records of a batch while it is loaded."""
    return exp.table_(f"{contract.stream}_{batch_id}", db="scratch", quoted=True)


def create_scratch(
    contract: StreamContract, *, batch_id: str, objects: Sequence[LandedObject], landing_bucket: str, location: str
) -> exp.Create:
    """Return the CREATE TABLE AS that reads `objects` and writes one row a record below the address `location`.

    A row has the record's identity and day of arrival; the typed fields; `_reason` and `_field` (both NULL for a good
    record) with `_raw_text`; and for good records `_key_rank`, 1 for the first of its key in the batch.
    """
    query = (
        exp.select(*_RECORD_COLUMNS[:4], "_reason", "_field", *(value_column(field) for field in contract.fields))
        .select(
            exp.alias_(
                exp.func("IF", exp.column("_reason").is_(exp.null()).not_(), exp.column("_raw_text")), "_raw_text"
            )
        )
        .select(exp.alias_(_key_rank(contract), "_key_rank"))
        .from_("checked")
        .with_("lines", as_=_lines(contract, objects, landing_bucket))
        .with_("parsed_lines", as_=_parse(_PARSED_LINES))
        .with_("split_lines", as_=exp.replace_placeholders(_parse(_SPLIT_LINES), tokens=text_of(_TOKENS)))
        .with_("records", as_=_parse(_RECORDS))
        .with_("extracted", as_=_extracted(contract))
        .with_("typed", as_=_typed(contract))
        .with_("failures", as_=_failures(contract))
        .with_("checked", as_=_checked(contract))
    )
    # Iceberg, because a Hive table written by Athena has milliseconds only and cannot choose its place where the
    # workgroup enforces one.
    properties = [
        exp.Property(this=exp.var("table_type"), value=text_of("ICEBERG")),
        exp.Property(this=exp.var("is_external"), value=exp.false()),
        exp.Property(this=exp.var("format"), value=text_of("PARQUET")),
        exp.Property(this=exp.var("location"), value=text_of(location)),
    ]
    return exp.Create(
        this=scratch_table(contract, batch_id),
        kind="TABLE",
        expression=query,
        properties=exp.Properties(expressions=properties),
    )


def drop_scratch(contract: StreamContract, batch_id: str) -> exp.Drop:
    """Return the statement that drops the scratch table, and with it its files; repeatable."""
    return exp.Drop(tables=[scratch_table(contract, batch_id)], kind="TABLE", exists=True)


def _parse(text: str) -> exp.Select:
    return sqlglot.parse_one(text, dialect="athena", into=exp.Select)


def _lines(contract: StreamContract, objects: Sequence[LandedObject], bucket: str) -> exp.Select:
    path = exp.column(exp.to_identifier("$path", quoted=True))
    return (
        _parse(_LINES)
        .from_(exp.table_(contract.stream, db="landing", quoted=True))
        .where(exp.column("dt").isin(*sorted({landed.dt for landed in objects})))
        .where(exp.column("hr").isin(*sorted({landed.hr for landed in objects})))
        .where(path.isin(*(f"s3://{bucket}/{landed.key}" for landed in objects)))
    )


def _extracted(contract: StreamContract) -> exp.Select:
    """Take each field out of its document, once as JSON text and, where it is sent as a string, once without quotes."""
    is_object = exp.func("COALESCE", matches(function("json_format", _DOCUMENT), r"\A\s*\{"), exp.false())
    query = exp.select(*_RECORD_COLUMNS, exp.alias_(is_object, "_is_object")).from_("records")
    for field in contract.fields:
        path = text_of(f"$.{field.name}")
        text = function("json_format", function("json_extract", _DOCUMENT, path))
        query = query.select(exp.alias_(text, json_column(field).name, quoted=True))
        if _is_sent_as_string(field):
            scalar = function("json_extract_scalar", _DOCUMENT, path)
            query = query.select(exp.alias_(scalar, scalar_column(field).name, quoted=True))
    return query


def _is_sent_as_string(field: Field) -> bool:
    return field.type in (FieldType.STRING, FieldType.TIMESTAMP)


def _typed(contract: StreamContract) -> exp.Select:
    query = exp.select(*_RECORD_COLUMNS, "_is_object").from_("extracted")
    for field in contract.fields:
        query = query.select(json_column(field), exp.alias_(typed_value(field), field.name, quoted=True))
    return query


def _failure_column(field: Field) -> exp.Column:
    return exp.column(f"_failure_{field.name}", quoted=True)


def _failures(contract: StreamContract) -> exp.Select:
    query = exp.select(*_RECORD_COLUMNS, "_is_object").from_("typed")
    for field in contract.fields:
        query = query.select(value_column(field), exp.alias_(failure(field), _failure_column(field).name, quoted=True))
    return query


def _checked(contract: StreamContract) -> exp.Select:
    """Name the first broken field, in the contract's order, and how it is broken."""
    not_object = exp.not_(exp.column("_is_object"))
    reason = exp.Case().when(not_object, text_of(NOT_JSON))
    name = exp.Case().when(not_object, exp.null())
    for field in contract.fields:
        broken = _failure_column(field).is_(exp.null()).not_()
        reason = reason.when(broken, _failure_column(field))
        name = name.when(broken, text_of(field.name))
    return (
        exp.select(*_RECORD_COLUMNS, exp.alias_(reason, "_reason"), exp.alias_(name, "_field"))
        .select(*(value_column(field) for field in contract.fields))
        .from_("failures")
    )


def _key_rank(contract: StreamContract) -> exp.Expr:
    """Number the good records of a key by their identity; bad records stand apart and have no rank."""
    is_good = exp.column("_reason").is_(exp.null())
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[is_good.copy(), *(exp.column(name, quoted=True) for name in contract.key)],
        order=exp.Order(expressions=[exp.Ordered(this=exp.column(name)) for name in IDENTITY]),
    )
    return exp.func("IF", is_good, rank)
