"""The files of an extract as the database that its gate asks."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from landfall.contracts.extract_product import load_products
from landfall.errors import VerificationError
from landfall.extract.door.options import FileOptions
from landfall.extract.files.outgoing import database_address, load_files
from landfall.extract.files.reading import FileShape
from sqlglot import exp

SHAPE = FileShape(
    file_format="csv",
    options=FileOptions(compression="gzip"),
    column_types={"order_id": "string", "note": "string"},
    customer_column="customer_id",
    customer_id="cus_000001",
    key=("order_id",),
    masks={},
)


def _part(path: Path, *cells: str) -> Path:
    path.write_bytes(gzip.compress(("order_id,note\n" + "\n".join(cells) + "\n").encode()))
    return path


def test_all_parts_are_one_table_and_a_cell_keeps_its_line_break(tmp_path: Path) -> None:
    parts = [_part(tmp_path / "000.csv.gz", "a,plain", 'b,"two\nlines"'), _part(tmp_path / "001.csv.gz", "c,")]
    load_files(tmp_path / "files.duckdb", "orders", parts, SHAPE)

    address = database_address(tmp_path / "files.duckdb")
    with sa.create_engine(address.url, connect_args=dict(address.connect_args)).connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM outgoing.orders ORDER BY order_id")).all()
    assert [tuple(row) for row in rows] == [("a", "plain"), ("b", "two\nlines"), ("c", None)]


def test_rows_can_be_fetched_after_the_connection_has_gone_back(tmp_path: Path) -> None:
    load_files(tmp_path / "files.duckdb", "orders", [_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
    address = database_address(tmp_path / "files.duckdb")
    with sa.create_engine(address.url, connect_args=dict(address.connect_args)).connect() as connection:
        found = connection.execute(sa.text("SELECT order_id FROM outgoing.orders"))
        connection.rollback()
        assert found.scalar_one() == "a"


def test_the_database_is_not_written_by_the_gate(tmp_path: Path) -> None:
    load_files(tmp_path / "files.duckdb", "orders", [_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
    address = database_address(tmp_path / "files.duckdb")
    with (
        sa.create_engine(address.url, connect_args=dict(address.connect_args)).connect() as connection,
        pytest.raises(sa.exc.DBAPIError, match="read-only"),
    ):
        connection.execute(sa.text("CREATE TABLE outgoing.others (order_id VARCHAR)"))


@pytest.mark.parametrize("product", sorted(load_products()))
def test_each_product_can_be_the_name_of_the_table(product: str, tmp_path: Path) -> None:
    load_files(tmp_path / "files.duckdb", product, [_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
    with duckdb.connect(tmp_path / "files.duckdb", read_only=True) as connection:
        rows = exp.select("*").from_(exp.table_(product, db="outgoing", quoted=True))
        assert connection.execute(rows.sql("duckdb")).fetchall() == [("a", "b")]


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    parts = [_part(tmp_path / "000.csv.gz", "a,b")]
    with pytest.raises(VerificationError, match="its header is"):
        load_files(tmp_path / "files.duckdb", "orders", parts, replace(SHAPE, column_types={"order_id": "string"}))
    (tmp_path / "001.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(VerificationError, match=r"001.csv.gz: cannot be read as csv"):
        load_files(tmp_path / "others.duckdb", "orders", [tmp_path / "001.csv.gz"], SHAPE)
