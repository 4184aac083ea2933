"""PyAthena's SQLAlchemy dialects: reflection, DDL with its options, the ORM and pandas' to_sql."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote_plus

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, NoSuchTableError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.conformance.clients.lake import Lake


def engine_of(lake: Lake, driver: str = "rest", **options: str) -> sa.Engine:
    """An engine by the address that PyAthena's documentation gives."""
    staging = quote_plus(lake.staging)
    address = f"awsathena+{driver}://:@athena.us-east-1.amazonaws.com:443/{lake.database}?s3_staging_dir={staging}&location={staging}"
    return sa.create_engine(address + "".join(f"&{name}={quote_plus(value)}" for name, value in options.items()))


@pytest.fixture
def engine(lake: Lake) -> Iterator[sa.Engine]:
    made = engine_of(lake)
    yield made
    made.dispose()


@pytest.mark.parametrize("driver", ["rest", "pandas", "arrow", "s3fs"])
@pytest.mark.usefixtures("arrow_endpoint")
def test_every_driver_reads_a_table(lake: Lake, driver: str) -> None:
    with engine_of(lake, driver).connect() as connection:
        assert connection.execute(sa.text("SELECT * FROM one_row")).scalar() == 1


def test_a_table_is_reflected_with_the_options_that_made_it(engine: sa.Engine, lake: Lake) -> None:
    table = sa.Table("one_row", sa.MetaData(schema=lake.database), autoload_with=engine)
    options = table.dialect_options["awsathena"]
    assert table.comment == "table comment"
    assert table.c.number_of_rows.comment == "some comment"
    assert options["location"] == lake.location("one_row").rstrip("/")
    assert options["row_format"] == "SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'"
    assert options["file_format"] == (
        "INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat' "
        "OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'"
    )
    assert options["serdeproperties"] == {"field.delim": "\t", "serialization.format": "\t"}


def test_the_inspector_lists_what_there_is(engine: sa.Engine, lake: Lake) -> None:
    inspector = sa.inspect(engine)
    assert lake.database in inspector.get_schema_names()
    assert {"one_row", "many_rows", "every_type"} <= set(inspector.get_table_names(schema=lake.database))
    assert inspector.get_view_names(schema=lake.database) == ["view_one_row"]
    assert inspector.has_table("one_row", schema=lake.database)
    assert not inspector.has_table("nothing", schema=lake.database)
    assert inspector.get_indexes("one_row", schema=lake.database) == []
    assert "one_row" in inspector.get_view_definition("view_one_row", schema=lake.database)
    with pytest.raises(NoSuchTableError):
        sa.Table("nothing", sa.MetaData(), autoload_with=engine)


def test_every_type_is_reflected_and_read(engine: sa.Engine, lake: Lake) -> None:
    table = sa.Table("every_type", sa.MetaData(schema=lake.database), autoload_with=engine)
    kinds = {column.name: column.type for column in table.columns}
    for name, kind in {
        "c_boolean": sa.types.BOOLEAN,
        "c_bigint": sa.types.BIGINT,
        "c_double": sa.types.DOUBLE,
        "c_varchar": sa.types.String,
        "c_timestamp": sa.types.TIMESTAMP,
        "c_date": sa.types.DATE,
        "c_varbinary": sa.types.BINARY,
        "c_decimal": sa.types.DECIMAL,
    }.items():
        assert isinstance(kinds[name], kind), name
    with engine.connect() as connection:
        row = connection.execute(table.select()).mappings().one()
    assert (row["c_timestamp"], row["c_date"], row["c_varbinary"], row["c_decimal"]) == (
        datetime(2017, 1, 1),
        date(2017, 1, 2),
        b"123",
        Decimal("0.1"),
    )


def test_statements_are_compiled_for_athena(engine: sa.Engine, lake: Lake) -> None:
    many = sa.Table("many_rows", sa.MetaData(schema=lake.database), autoload_with=engine)
    with engine.connect() as connection:
        assert connection.execute(many.select().order_by(many.c.a).offset(10).limit(2)).fetchall() == [(10,), (11,)]
        assert connection.execute(sa.select(sa.func.count()).where(many.c.a.in_([1, 2, 99_999]))).scalar() == 2
        text = sa.text("SELECT date_parse('20191030', '%Y%m%d'), :word").bindparams(word="b%")
        assert connection.execute(text).one() == (datetime(2019, 10, 30), "b%")


def test_a_hive_table_is_created_from_its_options(engine: sa.Engine, lake: Lake) -> None:
    name = f"made_{uuid.uuid4().hex[:8]}"
    table = sa.Table(
        name,
        sa.MetaData(schema=lake.database),
        sa.Column("a", sa.types.VARCHAR(10)),
        sa.Column("b", sa.types.Integer),
        sa.Column("p", sa.types.String, awsathena_partition=True),
        awsathena_location=lake.location(name),
        awsathena_file_format="PARQUET",
        awsathena_compression="SNAPPY",
    )
    table.create(engine)
    read = sa.Table(name, sa.MetaData(schema=lake.database), autoload_with=engine)
    assert read.dialect_options["awsathena"]["compression"] == "SNAPPY"
    assert read.c.p.dialect_options["awsathena"]["partition"]
    table.drop(engine)
    assert not sa.inspect(engine).has_table(name, schema=lake.database)


def test_an_iceberg_table_takes_what_the_orm_adds_changes_and_deletes(lake: Lake) -> None:
    engine = engine_of(lake, tblproperties="'table_type'='ICEBERG'")

    class Base(DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = f"items_{uuid.uuid4().hex[:8]}"
        __table_args__ = {"schema": lake.database}  # noqa: RUF012 - as SQLAlchemy's documentation writes it
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(sa.insert(Item), [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}])
        connection.execute(sa.update(Item).where(Item.id == 1).values(name="uno"))
        connection.execute(sa.delete(Item).where(Item.id == 2))
    with Session(engine) as session:
        assert [(item.id, item.name) for item in session.scalars(sa.select(Item))] == [(1, "uno")]
    Base.metadata.drop_all(engine)


@pytest.mark.parametrize(
    "options",
    [
        {"file_format": "parquet", "compression": "snappy"},
        {
            "row_format": "SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'",
            "serdeproperties": "'ignore.malformed.json'='1'",
        },
        {"file_format": "parquet", "partition": "word"},
    ],
    ids=["parquet", "json", "partitioned"],
)
def test_pandas_writes_a_frame_and_reads_it_again(lake: Lake, options: dict[str, str]) -> None:
    engine, name = engine_of(lake, **options), f"to_sql_{uuid.uuid4().hex[:8]}"
    frame = pd.DataFrame(
        {
            "number": [1, 2],
            "real": [1.5, -2.25],
            "truth": [True, False],
            "at": [datetime(2020, 1, 1)] * 2,
            "day": [date(2020, 12, 31)] * 2,
            "word": ["a", "b"],
        }
    )
    frame.to_sql(name, engine, schema=lake.database, index=False, if_exists="replace", method="multi")
    table = sa.Table(name, sa.MetaData(schema=lake.database), autoload_with=engine)
    with engine.connect() as connection:
        assert connection.execute(table.select().order_by(table.c.number)).fetchall() == [
            (1, 1.5, True, datetime(2020, 1, 1), date(2020, 12, 31), "a"),
            (2, -2.25, False, datetime(2020, 1, 1), date(2020, 12, 31), "b"),
        ]


def test_returning_is_no_part_of_athena(engine: sa.Engine, lake: Lake) -> None:
    with engine.connect() as connection, pytest.raises(DatabaseError):
        connection.execute(sa.text(f"DELETE FROM {lake.database}.one_row WHERE false RETURNING number_of_rows"))
