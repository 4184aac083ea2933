"""The graph that events make, and what `landfall lineage` shows of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from landfall.cli import main
from landfall.errors import LineageError
from landfall.lineage.reading import read_runs

LANDING, LAKE, OUT = "s3://landing", "awsathena://athena.x.amazonaws.com", "s3://extracts"


def dataset(namespace: str, name: str, *, objects: list[str] | None = None, view: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"namespace": namespace, "name": name, "facets": {}}
    if objects:
        told["inputFacets"] = {"subset": {"inputCondition": {"type": "location", "locations": objects}}}
    if view:
        told["facets"]["datasetType"] = {"datasetType": "VIEW"}
    return told


def made_of(output: dict[str, Any], column: str, source: dict[str, Any], field: str, kind: str = "DIRECT") -> None:
    fields = output["facets"].setdefault("columnLineage", {"fields": {}})["fields"]
    entry = {"namespace": source["namespace"], "name": source["name"], "field": field}
    entry["transformations"] = [{"type": kind, "subtype": "IDENTITY"}]
    fields.setdefault(column, {"inputFields": []})["inputFields"].append(entry)


def event(job: str, hour: int, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": f"2026-11-21T{hour:02}:00:00+00:00",
        "run": {"runId": f"{job}-{hour}"},
        "job": {"namespace": "default", "name": job},
        "inputs": inputs,
        "outputs": outputs,
    }


def load(hour: int) -> dict[str, Any]:
    landing = dataset(LANDING, "orders", objects=[f"s3://landing/orders/dt=2026-11-21/hr={hour:02}/a.gz"])
    raw = dataset(LAKE, "cat.raw.orders")
    made_of(raw, "status", landing, "status")
    return event("load_orders", hour, [landing], [raw])


def events() -> list[dict[str, Any]]:
    raw, view, mart = (dataset(LAKE, f"cat.{name}") for name in ("raw.orders", "staging.stg_orders", "marts.orders"))
    view = dataset(LAKE, "cat.staging.stg_orders", view=True)
    file, other = dataset(OUT, "cus_1/x/orders.csv"), dataset(OUT, "cus_1/x/manifest.json")
    made_of(view, "status", raw, "status")
    made_of(mart, "state", view, "status")
    made_of(mart, "place", view, "status", "INDIRECT")
    made_of(file, "state", mart, "state")
    return [
        load(1),
        event("build_stg_orders", 2, [raw], [view]),
        load(3),
        event("build_orders", 4, [view], [mart]),
        load(5),
        event("extract_orders_csv", 6, [mart], [file, other]),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, told in enumerate(events()):
        (tmp_path / f"event-{number}.json").write_text(json.dumps(told, indent=2))
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    assert main(["lineage", *words, "--events", str(folder)]) == 0
    return capsys.readouterr().out


def test_a_file_leads_to_the_objects_that_were_loaded_before_it_was_made(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(shown(capsys, folder, "upstream", "cus_1/x/orders.csv", "--format", "json"))
    # The view is older than the second load, but was read after it; the third load came after the mart.
    assert [each[-10:] for each in found["objects"]] == ["hr=01/a.gz", "hr=03/a.gz"]
    assert {each["job"] for each in found["edges"]} == {
        "load_orders",
        "build_stg_orders",
        "build_orders",
        "extract_orders_csv",
    }


def test_a_landed_object_leads_to_what_was_made_after_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    early = shown(capsys, folder, "downstream", "orders/dt=2026-11-21/hr=03/a.gz")
    late = shown(capsys, folder, "downstream", "orders/dt=2026-11-21/hr=05/a.gz")
    assert "cus_1/x/orders.csv" in early
    assert "raw.orders" in late
    assert "cus_1/x/orders.csv" not in late


def test_a_column_is_followed_both_ways(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    up = shown(capsys, folder, "upstream", "orders.csv", "--column", "state")
    assert f"{LANDING}/orders#status  (load_orders)" in up
    down = shown(capsys, folder, "downstream", "raw.orders", "--column", "status")
    assert "marts.orders#place  (build_orders, decides)" in down
    assert "orders.csv#state  (extract_orders_csv)" in down


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("mermaid", ("flowchart LR", '["cat.marts.orders"]', "-->|extract_orders_csv|")),
        ("dot", ("digraph lineage {", '"cat.marts.orders" -> "cus_1/x/orders.csv" [label="extract_orders_csv"')),
    ],
)
def test_it_can_be_drawn(form: str, words: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = shown(capsys, folder, "upstream", "orders.csv", "--format", form)
    for word in words:
        assert word in drawn


def test_an_event_told_twice_counts_once_and_json_lines_are_read_too(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(told) + "\n" for told in [*events(), load(1)]))
    assert len(read_runs(file)) == len(events())


def test_a_name_that_no_event_knows_is_refused_with_what_there_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lineage", "upstream", "moon", "--events", str(folder)]) == 1
    said = capsys.readouterr().err
    assert "moon: no such dataset" in said
    assert "cat.marts.orders" in said
    assert main(["lineage", "upstream", "marts.orders", "--column", "moon", "--events", str(folder)]) == 1


def test_no_events_and_broken_ones_are_told_of(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match="no lineage events"):
        read_runs(tmp_path / "event")
    broken = tmp_path / "events.jsonl"
    broken.write_text('{"eventType": "COMPLETE"}\n{broken\n')
    with pytest.raises(LineageError, match="line 2"):
        read_runs(broken)
