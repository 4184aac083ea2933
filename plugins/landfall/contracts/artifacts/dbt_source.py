"""The dbt source `raw`: the tables the streams are loaded into, as the contracts describe them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from landfall.contracts.artifacts.writing import NOTE
from landfall.contracts.model import StreamContract
from landfall.ingest.columns import RAW_COLUMN_MEANINGS


def dbt_source(contracts: Sequence[StreamContract]) -> str:
    """Return the YAML file of the source with one table a stream and its freshness."""
    source = {
        "name": "raw",
        "description": "The streams as loaded and checked by their contracts: Iceberg tables that ingest DAGs write.",
        "schema": "{{ var('raw_schema') }}",
        "config": {"loaded_at_field": "_loaded_at"},
        "tables": [_table(contract) for contract in contracts],
    }
    text = yaml.safe_dump({"version": 2, "sources": [source]}, sort_keys=False, allow_unicode=True, width=110)
    return f"# {NOTE}\n{text}"


def _table(contract: StreamContract) -> dict[str, Any]:
    columns = {field.name: field.description for field in contract.fields} | RAW_COLUMN_MEANINGS
    return {
        "name": contract.stream,
        "description": f"One row per distinct {', '.join(contract.key)}. {contract.description}",
        "config": {"freshness": _freshness(contract)},
        "columns": [{"name": name, "description": meaning} for name, meaning in columns.items()],
    }


def _freshness(contract: StreamContract) -> dict[str, Any]:
    """Warn when the newest row is older than the contract's latency, and fail at twice that."""
    return {
        "warn_after": {"count": contract.freshness_minutes, "period": "minute"},
        "error_after": {"count": 2 * contract.freshness_minutes, "period": "minute"},
    }
