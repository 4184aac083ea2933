"""sqlalchemy-redshift over both drivers: DDL with keys, the ORM, COPY, UNLOAD and materialized views.

Reflection of columns is left out: sqlalchemy-redshift 1.0.0 calls a method that SQLAlchemy 2.1 changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import boto3
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy_redshift.commands import CopyCommand, Format, RefreshMaterializedView, UnloadFromSelect
from sqlalchemy_redshift.ddl import CreateMaterializedView, DropMaterializedView

from tests.conformance.clients.warehouse import ROLE, Warehouse

NO_TLS = {"psycopg2": {"sslmode": "disable"}, "redshift_connector": {"ssl": False}}


@pytest.fixture(params=sorted(NO_TLS))
def engine(request: pytest.FixtureRequest, warehouse: Warehouse) -> Iterator[sa.Engine]:
    made = sa.create_engine(warehouse.address(request.param), connect_args=NO_TLS[request.param])
    yield made
    made.dispose()


@pytest.fixture
def table(engine: sa.Engine) -> Iterator[sa.Table]:
    made = sa.Table(
        f"sqla_{uuid.uuid4().hex[:8]}",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("word", sa.String(20), redshift_encode="zstd"),
        redshift_diststyle="KEY",
        redshift_distkey="id",
        redshift_sortkey=("id", "word"),
    )
    made.create(engine)
    yield made
    made.drop(engine, checkfirst=False)


def test_keys_and_encodings_reach_the_catalogue(engine: sa.Engine, table: sa.Table) -> None:
    columns = sa.text("SELECT column_name, encoding, distkey, sortkey FROM svv_redshift_columns WHERE table_name = :t")
    with engine.connect() as connection:
        found = {row[0]: tuple(row)[1:] for row in connection.execute(columns, {"t": table.name})}
    assert found["id"][1:] == (True, 1)
    assert found["word"] == ("zstd", False, 2)


def test_the_inspector_lists_names_and_keys(engine: sa.Engine, table: sa.Table) -> None:
    inspector = sa.inspect(engine)
    assert "public" in inspector.get_schema_names()
    assert table.name in inspector.get_table_names()
    assert inspector.has_table(table.name)
    assert inspector.get_pk_constraint(table.name)["constrained_columns"] == ["id"]


def test_the_orm_adds_changes_and_rolls_back(engine: sa.Engine) -> None:
    class Base(DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = f"sqla_{uuid.uuid4().hex[:8]}"
        id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
        word: Mapped[str]

    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Item(id=1, word="one"), Item(id=2, word="two")])
        session.commit()
        session.get(Item, 1).word = "uno"  # type: ignore[union-attr]
        session.rollback()
        assert session.scalars(sa.select(Item.word).order_by(Item.id)).all() == ["one", "two"]
    Base.metadata.drop_all(engine)


def test_files_are_copied_in_and_unloaded(engine: sa.Engine, table: sa.Table, warehouse: Warehouse) -> None:
    prefix = f"client-tests/{table.name}"
    boto3.client("s3").put_object(Bucket=warehouse.bucket, Key=f"{prefix}/in.csv", Body=b"1,a\n2,b\n")
    copy = CopyCommand(
        table, data_location=f"s3://{warehouse.bucket}/{prefix}/in.csv", iam_role_arns=ROLE, format=Format.csv
    )
    unload = UnloadFromSelect(
        sa.select(table),
        unload_location=f"s3://{warehouse.bucket}/{prefix}/out/",
        iam_role_arns=ROLE,
        format=Format.csv,
    )

    def written(command: sa.ClauseElement) -> str:
        """With its values in it: Redshift binds none in COPY and UNLOAD."""
        return str(command.compile(engine, compile_kwargs={"literal_binds": True})).replace(":", "\\:")

    with engine.begin() as connection:
        connection.execute(sa.text(written(copy)))
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 2
        connection.execute(sa.text(written(unload)))
    assert boto3.client("s3").list_objects_v2(Bucket=warehouse.bucket, Prefix=f"{prefix}/out/")["KeyCount"] >= 1


def test_a_materialized_view_is_refreshed(engine: sa.Engine, table: sa.Table) -> None:
    name = f"{table.name}_mv"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.insert(table), [{"id": 1, "word": "a"}])
        connection.execute(CreateMaterializedView(name, sa.select(sa.func.count(table.c.id).label("n"))))
        connection.execute(sa.insert(table), [{"id": 2, "word": "b"}])
        connection.execute(RefreshMaterializedView(name))
        assert connection.execute(sa.text(f"SELECT n FROM {name}")).scalar() == 2
        connection.execute(DropMaterializedView(name))
