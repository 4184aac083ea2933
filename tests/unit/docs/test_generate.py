"""The generated reference is what the code says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs" / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_pages_are_up_to_date(generate: ModuleType) -> None:
    for name, text in generate.pages().items():
        page = REPOSITORY / "docs" / "reference" / name
        assert page.read_text(encoding="utf-8") == text, f"run `make docs`: {page.name} is stale"


def test_a_dag_page_shows_the_runbook_and_the_schedule(generate: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "load_moon.py").write_text(
        '"""Load the moon.\n\n# When it fails\nWait a month.\n"""\n@dag(schedule="@monthly")\ndef load_moon(): ...\n',
        encoding="utf-8",
    )
    page = generate._dags_page([tmp_path / "load_moon.py"])
    assert "## load_moon" in page
    assert "Schedule: `'@monthly'`" in page
    assert "### When it fails" in page


def test_every_stream_and_field_is_on_the_contracts_page(generate: ModuleType) -> None:
    page = generate.pages()["contracts.md"]
    for stream in ("orders", "payments", "page_views", "customers"):
        assert f"## Stream `{stream}`" in page
    assert "| `unit_price_cents` | integer | yes | >= 0 |" in page
    assert "## Extract product `orders`" in page
