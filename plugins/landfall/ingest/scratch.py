"""The statement that reads a batch of landed objects once and says of every record what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from landfall.contracts import Field, FieldType, StreamContract
from landfall.ingest.batch import LandedObject
from landfall.ingest.checks import (
    NOT_JSON,
    NOT_UTF8,
    failure,
    function,
    json_column,
    matches,
    scalar_column,
    text_of,
    typed_value,
    value_column,
)
from landfall.ingest.records import IDENTITY, with_records

_DOCUMENT = exp.column("_document")
_REPLACEMENT = function("chr", exp.Literal.number(0xFFFD))
_RECORD_COLUMNS = ("_source_object", "_landed_date", "_line_number", "_record_number", "_raw_text")


def scratch_table(contract: StreamContract, batch_id: str) -> exp.Table:
    """Return the table that holds the records of a batch while it is loaded."""
    return exp.table_(f"{contract.stream}_{batch_id}", db="scratch", quoted=True)


def create_scratch(
    contract: StreamContract, *, batch_id: str, objects: Sequence[LandedObject], landing_bucket: str, location: str
) -> exp.Create:
    """Return the CREATE TABLE AS that reads `objects` and writes one row a record below the address `location`."""
    query = with_records(checked_records(contract), contract, objects, landing_bucket)
    return create_scratch_of(query, contract, batch_id=batch_id, location=location)


def checked_records(contract: StreamContract) -> exp.Select:
    """Return the query that says of every row of `records`, a CTE to be put before it, what becomes of it.

    A row has the record's identity and day of arrival; the typed fields; `_extra`; `_reason` and `_field` (both NULL
    for a good record) with `_raw_text`; and for good records `_content_hash`, the same for the same content, and
    `_key_rank`, 1 for the first of its key in the batch.
    """
    return (
        exp.select(*_RECORD_COLUMNS[:4], "_reason", "_field", *(value_column(field) for field in contract.fields))
        .select("_raw_text", "_extra", exp.alias_(_content_hash(contract), "_content_hash"))
        .select(exp.alias_(_key_rank(contract), "_key_rank"))
        .from_("kept")
        .with_("extracted", as_=_extracted(contract), copy=False)
        .with_("typed", as_=_typed(contract), copy=False)
        .with_("failures", as_=_failures(contract), copy=False)
        .with_("checked", as_=_checked(contract), copy=False)
        .with_("kept", as_=_kept(contract), copy=False)
    )


def create_scratch_of(query: exp.Select, contract: StreamContract, *, batch_id: str, location: str) -> exp.Create:
    """Return the CREATE TABLE AS of a query of checked records."""
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


def _extracted(contract: StreamContract) -> exp.Select:
    """Take each field out of its document, once as JSON text and, where it is sent as a string, once without quotes."""
    is_object = exp.and_(_DOCUMENT.is_(exp.null()).not_(), matches(exp.column("_raw_text"), r"\A\s*\{"))
    query = exp.select(*_RECORD_COLUMNS, "_document", exp.alias_(is_object, "_is_object")).from_("records")
    for field in contract.fields:
        path = text_of(f"$.{field.name}")
        text = function("json_format", function("json_extract", _DOCUMENT, path))
        query = query.select(exp.alias_(text, json_column(field).name, quoted=True, copy=False), copy=False)
        if _is_sent_as_string(field):
            scalar = function("json_extract_scalar", _DOCUMENT, path.copy())
            query = query.select(exp.alias_(scalar, scalar_column(field).name, quoted=True, copy=False), copy=False)
    return query


def _extra(contract: StreamContract) -> exp.Expr:
    """The fields of a document that the contract does not know, each as its JSON text; NULL if there are none."""
    known = exp.column("name").isin(*(field.name for field in contract.fields))
    fields = exp.cast(_DOCUMENT, "map(varchar, json)", dialect="trino")
    unknown = function("map_filter", fields, _lambda(exp.not_(known)))
    texts = function("transform_values", unknown, _lambda(function("json_format", exp.column("value"))))
    # Told by counting, for hardly a document has any.
    count: exp.Expr = exp.Literal.number(0)
    for field in contract.fields:
        is_sent = exp.func("IF", json_column(field).is_(exp.null()), exp.Literal.number(0), exp.Literal.number(1))
        count = exp.Add(this=count, expression=is_sent)
    has_unknown = exp.GT(this=function("json_size", _DOCUMENT, text_of("$")), expression=count)
    return exp.func("IF", exp.and_(exp.column("_is_object"), has_unknown), texts)


def _lambda(body: exp.Expr) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier("name"), exp.to_identifier("value")])


def _content_hash(contract: StreamContract) -> exp.Expr:
    """MD5 over the typed values and the unknown fields. JSON, for it keeps apart what joined texts would mix up."""
    values = [exp.cast(value_column(field), "varchar") for field in contract.fields]
    extra = function("json_format", exp.cast(exp.column("_extra"), "json", dialect="trino"))
    content = exp.cast(exp.Array(expressions=[*values, extra]), "json", dialect="trino")
    digest = function("md5", function("to_utf8", function("json_format", content)))
    is_good = exp.column("_reason").is_(exp.null())
    return exp.func("IF", is_good, function("to_hex", digest))


def _is_sent_as_string(field: Field) -> bool:
    return field.type in (FieldType.STRING, FieldType.TIMESTAMP)


def _typed(contract: StreamContract) -> exp.Select:
    query = exp.select(*_RECORD_COLUMNS, "_is_object").select(exp.alias_(_extra(contract), "_extra")).from_("extracted")
    for field in contract.fields:
        query = query.select(json_column(field), exp.alias_(typed_value(field), field.name, quoted=True), copy=False)
    return query


def _failure_column(field: Field) -> exp.Column:
    return exp.column(f"_failure_{field.name}", quoted=True)


def _failures(contract: StreamContract) -> exp.Select:
    query = exp.select(*_RECORD_COLUMNS, "_is_object", "_extra").from_("typed")
    for field in contract.fields:
        broken = exp.alias_(failure(field), _failure_column(field).name, quoted=True, copy=False)
        query = query.select(value_column(field), broken, copy=False)
    return query


def _checked(contract: StreamContract) -> exp.Select:
    """Name the first broken field, in the contract's order, and how it is broken."""
    not_object = exp.not_(exp.column("_is_object"))
    not_utf8 = exp.GT(this=function("strpos", exp.column("_raw_text"), _REPLACEMENT), expression=exp.Literal.number(0))
    reason = exp.Case().when(not_utf8, text_of(NOT_UTF8)).when(not_object, text_of(NOT_JSON))
    name = exp.Case().when(exp.or_(not_utf8, not_object), exp.null())
    for field in contract.fields:
        broken = _failure_column(field).is_(exp.null()).not_()
        reason = reason.when(broken, _failure_column(field), copy=False)
        name = name.when(broken, text_of(field.name), copy=False)
    return (
        exp.select(*_RECORD_COLUMNS, "_extra", exp.alias_(reason, "_reason"), exp.alias_(name, "_field"))
        .select(*(value_column(field) for field in contract.fields))
        .from_("failures")
    )


def _kept(contract: StreamContract) -> exp.Select:
    """Keep the text of broken records only, before the keys are ranked: ranking holds every row in memory."""
    text = exp.func("IF", exp.column("_reason").is_(exp.null()).not_(), exp.column("_raw_text"))
    return (
        exp.select(*_RECORD_COLUMNS[:4], exp.alias_(text, "_raw_text"), "_extra", "_reason", "_field")
        .select(*(value_column(field) for field in contract.fields))
        .from_("checked")
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
