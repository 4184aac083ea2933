"""The files of an extract as the database that its gate asks."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from landfall.contracts.extract_product import load_products
from landfall.errors import VerificationError
from landfall.extract.door.options import FileOptions
from landfall.extract.files import outgoing
from landfall.extract.files.inspection import inspect_file
from landfall.extract.files.outgoing import FilesDatabase
from landfall.extract.files.reading import FileShape

SHAPE = FileShape(
    file_format="csv",
    options=FileOptions(compression="gzip"),
    column_types={"order_id": "string", "note": "string"},
    customer_column="order_id",
    customer_id="cus_000001",
    key=("order_id",),
    masks={},
)


@pytest.fixture(autouse=True, params=["as Parquet", "as tables"])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the rows are kept: the files of these tests are small."""
    if request.param == "as Parquet":
        monkeypatch.setattr(outgoing, "_SMALL_BYTES", 0)
    return str(request.param)


def _part(path: Path, *cells: str) -> Path:
    path.write_bytes(gzip.compress(("order_id,note\n" + "\n".join(cells) + "\n").encode()))
    return path


def _rows(files: FilesDatabase) -> Sequence[Any]:
    """Return the rows as another connection to the database finds them, fetched after it has gone back."""
    with sa.create_engine(files.address.url, connect_args=dict(files.address.connect_args)).connect() as connection:
        found = connection.execute(sa.text(f"SELECT * FROM {files.relation} ORDER BY order_id"))
        connection.rollback()
        return [tuple(row) for row in found]


def test_all_parts_are_one_table_and_a_cell_keeps_its_line_break(tmp_path: Path) -> None:
    parts = [_part(tmp_path / "000.csv.gz", "a,plain", 'b,"two\nlines"'), _part(tmp_path / "001.csv.gz", "c,")]
    files = FilesDatabase("orders")
    with closing(files):
        files.load(parts, SHAPE)
        assert _rows(files) == [("a", "plain"), ("b", "two\nlines"), ("c", None)]


def test_what_is_told_of_each_part_is_what_a_look_at_it_finds(tmp_path: Path) -> None:
    shape = replace(SHAPE, column_types={"order_id": "string", "customer_id": "string"}, customer_column="customer_id")
    parts = []
    for number, cells in enumerate((("a,cus_000001", "=b,cus_000001"), ("c,cus_000002",), ())):
        lines = "\n".join(("order_id,customer_id", *cells, ""))
        parts.append(tmp_path / f"00{number}.csv.gz")
        parts[-1].write_bytes(gzip.compress(lines.encode()))
    files = FilesDatabase("orders")
    with closing(files):
        told = files.load(parts, shape)
    assert told == [inspect_file(part, shape) for part in parts]
    assert [(each.rows, each.foreign_rows, each.formula_cells) for each in told] == [(2, 0, 1), (1, 1, 0), (0, 0, 0)]
    assert told[0].last_key == {"order_id": "=b"}


def test_only_what_the_gate_asks_about_is_kept_and_every_cell_is_looked_at(tmp_path: Path) -> None:
    files = FilesDatabase("orders")
    with closing(files):
        (facts,) = files.load([_part(tmp_path / "000.csv.gz", "a,=1+1", "b,two")], SHAPE, asked={"order_id"})
        assert _rows(files) == [("a",), ("b",)]
    assert facts.formula_cells == 1


def test_a_gate_that_asks_about_no_column_has_all(tmp_path: Path) -> None:
    files = FilesDatabase("orders")
    with closing(files):
        files.load([_part(tmp_path / "000.csv.gz", "a,b")], SHAPE, asked=frozenset())
        assert _rows(files) == [("a", "b")]


def test_a_column_of_parquet_that_nobody_asks_about_must_be_readable(tmp_path: Path) -> None:
    table = pa.table({"order_id": ["a"], "note": ["a word in plain sight"]})
    path = tmp_path / "part-0"
    pq.write_table(table, path, compression="snappy", use_dictionary=False)
    broken = path.read_bytes().replace(b"in plain sight", b"\xff" * 14)
    path.write_bytes(broken)
    files = FilesDatabase("orders")
    with closing(files), pytest.raises(VerificationError, match="cannot be read as parquet"):
        files.load([path], replace(SHAPE, file_format="parquet"), asked={"order_id"})


def test_two_databases_at_once_know_nothing_of_each_other(tmp_path: Path) -> None:
    first, second = FilesDatabase("orders"), FilesDatabase("orders")
    with closing(first), closing(second):
        first.load([_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
        second.load([_part(tmp_path / "001.csv.gz", "c,d")], SHAPE)
        assert (_rows(first), _rows(second)) == ([("a", "b")], [("c", "d")])


def test_nothing_is_left_of_the_rows(tmp_path: Path, kept: str) -> None:
    files = FilesDatabase("orders")
    with closing(files):
        files.load([_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
        folder = Path(files.address.connect_args["config"]["temp_directory"])
        assert bool(list(folder.glob("*.parquet"))) == (kept == "as Parquet")
    assert not folder.exists()
    with pytest.raises(sa.exc.ProgrammingError, match="does not exist"):
        _rows(files)


@pytest.mark.parametrize("product", sorted(load_products()))
def test_each_product_can_be_the_name_of_the_table(product: str, tmp_path: Path) -> None:
    files = FilesDatabase(product)
    with closing(files):
        files.load([_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
        assert _rows(files) == [("a", "b")]


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    files = FilesDatabase("orders")
    with closing(files):
        with pytest.raises(VerificationError, match="its header is"):
            files.load([_part(tmp_path / "000.csv.gz", "a,b")], replace(SHAPE, column_types={"order_id": "string"}))
        (tmp_path / "001.csv.gz").write_bytes(b"no gzip")
        with pytest.raises(VerificationError, match=r"001.csv.gz: cannot be read as csv"):
            files.load([tmp_path / "001.csv.gz"], SHAPE)


def test_no_thread_is_left_though_somebody_still_knows_the_database(tmp_path: Path) -> None:
    """A process that is forked has not the threads, and would wait for their end."""
    files = FilesDatabase("orders")
    before = _threads()
    with closing(files):
        files.load([_part(tmp_path / "000.csv.gz", "a,b")], SHAPE)
        other = sa.create_engine(files.address.url, connect_args=dict(files.address.connect_args)).connect()
        its_own = _threads() - before
        assert its_own
    with closing(other):
        assert not its_own & _threads()


def _threads() -> set[str]:
    return {task.name for task in Path("/proc/self/task").iterdir()}
