"""The statement's first half: the records of a batch of landed objects, one row each, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlglot
from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.ingest.batch import LandedObject
from landfall.ingest.checks import text_of

IDENTITY = ("_source_object", "_line_number", "_record_number")
"""What tells one landed record from any other, whenever and however often its object is read."""

_TOKENS = r'"[^"\\]*(?:\\.[^"\\]*)*"|\}\s*\{|[^"}]+|["}]'
"""JSON strings as wholes, the borders of glued records, anything else: so a border inside a string is none."""

# No name of ours meets one of a contract's fields: these never begin with an underscore.
#
# The landing table yields each line of an object once, and an object is compressed, hence read by one reader from its
# start to its end: the numbers are those of the lines. Blank lines have a number but hold no record.
# A byte order mark at a line's start is the mark of a file that was written or joined with one. Hardly a line has that
# or a carriage return, and to look costs less than to replace.
_LINES = r"""
select "$path" as _source_object, :landed_date as _landed_date,
    row_number() over (partition by "$path") as _line_number,
    if(
        strpos(line, chr(13)) > 0 or strpos(line, chr(65279)) > 0,
        regexp_replace(line, '\A\x{FEFF}|\r+\z', ''),
        line
    ) as _line
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


def with_records(
    query: exp.Select, contract: StreamContract, objects: Sequence[LandedObject], bucket: str
) -> exp.Select:
    """Return `query` with a CTE `records` put before it, one row a record of `objects`.

    Its columns: the record's identity, `_landed_date` (its day of arrival), `_raw_text` (as it came),
    `_document` (JSON, NULL if it is none).
    """
    split_lines = exp.replace_placeholders(_parse(_SPLIT_LINES), tokens=text_of(_TOKENS))
    return with_ctes_before(
        query,
        {
            "lines": _lines(contract, objects, bucket),
            "parsed_lines": _parse(_PARSED_LINES),
            "split_lines": split_lines,
            "records": _parse(_RECORDS),
        },
    )


def with_ctes_before(query: exp.Select, ctes: Mapping[str, exp.Expr]) -> exp.Select:
    """Return `query` with `ctes` put before those it has."""
    own = query.ctes
    query.set("with_", None)
    for name, select in ctes.items():
        query = query.with_(name, as_=select, copy=False)
    query.args["with_"].set("expressions", [*query.ctes, *own])
    return query


def _parse(text: str) -> exp.Select:
    return sqlglot.parse_one(text, dialect="athena", into=exp.Select)


def _lines(contract: StreamContract, objects: Sequence[LandedObject], bucket: str) -> exp.Expr:
    path = exp.column(exp.to_identifier("$path", quoted=True))
    query = (
        _parse(_LINES)
        .from_(exp.table_(contract.stream, db="landing", quoted=True))
        .where(*_partitions(contract, objects))
        .where(path.isin(*(f"s3://{bucket}/{landed.key}" for landed in objects)))
    )
    day = exp.column("dt") if contract.kafka_topic is None else text_of(objects[0].dt)
    return exp.replace_placeholders(query, landed_date=exp.cast(day, "date"))


def _partitions(contract: StreamContract, objects: Sequence[LandedObject]) -> list[exp.Expr]:
    """Which of the landing table's partitions hold the objects."""
    if contract.kafka_topic is not None:
        found = {landed.kafka_partition for landed in objects}
        return [exp.column("partition", quoted=True).isin(*sorted(number for number in found if number is not None))]
    return [
        exp.column("dt").isin(*sorted({landed.dt for landed in objects})),
        exp.column("hr").isin(*sorted({landed.hr for landed in objects})),
    ]
