"""The night's report counts what was loaded and names what was published."""

from __future__ import annotations

from landfall.publish.report import as_text, load_counts


def test_a_stream_without_a_load_counts_nothing() -> None:
    assert load_counts(None) == {"records": 0, "loaded": 0, "duplicates": 0, "quarantined": 0}


def test_quarantined_records_are_summed_over_their_reasons() -> None:
    load = {"records": 10, "loaded": 6, "duplicates": 1, "quarantined": {"not_json": 2, "wrong_type": 1}}
    assert load_counts(load) == {"records": 10, "loaded": 6, "duplicates": 1, "quarantined": 3}


def test_the_text_names_versions_gates_and_where_the_warehouse_came_from() -> None:
    text = as_text(
        {
            "run_id": "night_1",
            "streams": {"orders": {"records": 10, "loaded": 6, "duplicates": 1, "quarantined": 3}},
            "publications": {
                "lake": {"version": 7, "built_from": None, "datasets": ["a", "b"], "gate": "lake: 9 of 9 passed"},
                "warehouse": {"version": 3, "built_from": 7, "datasets": ["c"], "gate": "warehouse: 2 of 2 passed"},
            },
        }
    )
    assert "orders" in text
    assert "lake: version 7, 2 datasets, gate lake: 9 of 9 passed" in text
    assert "warehouse: version 3, built from lake 7, 1 datasets" in text
