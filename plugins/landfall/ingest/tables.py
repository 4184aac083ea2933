"""The Iceberg tables of a stream, made from its contract and widened when the contract grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from landfall.contracts import StreamContract
from landfall.errors import ContractError
from landfall.ingest.checks import text_of
from landfall.ingest.columns import QUARANTINE_COLUMNS, RAW_COLUMNS

_DDL_TYPES = {"varchar": "string", "timestamp(6)": "timestamp", "map(varchar, varchar)": "map<string,string>"}
"""Athena's DDL and Glue have names of their own for what its queries call varchar and timestamp(6)."""


@dataclass(frozen=True, kw_only=True)
class TableShape:
    """A table to be: database, name, columns (name to type of Athena's DDL), their comments, the partition."""

    database: str
    name: str
    columns: Mapping[str, str]
    comments: Mapping[str, str]
    partition: exp.Expr

    @property
    def table(self) -> exp.Table:
        """The table's name in a statement."""
        return exp.table_(self.name, db=self.database, quoted=True)


def raw_shape(contract: StreamContract) -> TableShape:
    """Return the shape of `raw.<stream>`: one row a distinct key, partitioned by day of the contract's time."""
    types = {field.name: field.type.athena_type for field in contract.fields} | RAW_COLUMNS
    day = exp.Anonymous(this="day", expressions=[exp.column(contract.time_field, quoted=True)])
    return TableShape(
        database="raw",
        name=contract.stream,
        columns=_ddl_types(types),
        comments={field.name: field.description for field in contract.fields},
        partition=day,
    )


def quarantine_shape(contract: StreamContract) -> TableShape:
    """Return the shape of `quarantine.<stream>`: one row a record that broke the contract, by day of arrival."""
    return TableShape(
        database="quarantine",
        name=contract.stream,
        columns=_ddl_types(QUARANTINE_COLUMNS),
        comments={},
        partition=exp.column("landed_date", quoted=True),
    )


def create_table(shape: TableShape, *, location: str) -> exp.Create:
    """Return the CREATE TABLE IF NOT EXISTS of an Iceberg table with its files below the address `location`."""
    properties = [
        exp.PartitionedByProperty(this=exp.Schema(expressions=[shape.partition])),
        exp.LocationProperty(this=text_of(location)),
        exp.Property(this=text_of("table_type"), value=text_of("ICEBERG")),
        exp.Property(this=text_of("format"), value=text_of("parquet")),
        exp.Property(this=text_of("write_compression"), value=text_of("zstd")),
    ]
    return exp.Create(
        this=exp.Schema(this=shape.table, expressions=_column_definitions(shape, shape.columns)),
        kind="TABLE",
        exists=True,
        properties=exp.Properties(expressions=properties),
    )


def add_columns(shape: TableShape, existing: Mapping[str, str]) -> exp.Alter | None:
    """Return the ALTER TABLE that adds what `existing` (name to type, as Glue has them) lacks, None if nothing.

    Raises ContractError if a column is there with another type: rows were written under that promise.
    """
    for name, wanted in shape.columns.items():
        found = existing.get(name, wanted)
        if found != wanted:
            raise ContractError(
                f"{shape.database}.{shape.name}.{name} is {found} and the contract now makes it {wanted}: "
                "give the field a new name, or rebuild the table"
            )
    missing = [name for name in shape.columns if name not in existing]
    if not missing:
        return None
    added = exp.Schema(expressions=_column_definitions(shape, missing))
    return exp.Alter(this=shape.table, kind="TABLE", actions=[added])


def _ddl_types(types: Mapping[str, str]) -> dict[str, str]:
    return {name: _DDL_TYPES.get(kind, kind) for name, kind in types.items()}


def _column_definitions(shape: TableShape, names: Mapping[str, str] | list[str]) -> list[exp.Expr]:
    return [
        exp.ColumnDef(
            this=exp.to_identifier(name, quoted=True),
            kind=exp.DataType.build(shape.columns[name], dialect="hive"),
            constraints=[exp.ColumnConstraint(kind=exp.CommentColumnConstraint(this=text_of(shape.comments[name])))]
            if name in shape.comments
            else None,
        )
        for name in names
    ]
