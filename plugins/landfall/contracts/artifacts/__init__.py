"""What is generated from the stream contracts: everything that speaks of a stream and is not its contract.

The Kinesis stream, its Firehose, queue and landing table need no generated text: `landfall deploy` applies
infra/stream.yaml once a contract. The loading statements are syntax trees made at run time; statements.sql shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from landfall.contracts.artifacts.dbt_source import dbt_source
from landfall.contracts.artifacts.json_schema import json_schema
from landfall.contracts.artifacts.raw_suite import raw_suite
from landfall.contracts.artifacts.statements import statements
from landfall.contracts.model import StreamContract
from landfall.contracts.released import released_text

GENERATED = Path("contracts") / "generated"


def released_path(stream: str) -> Path:
    """Return where the contract in force of a stream is kept, from the repository's root."""
    return GENERATED / stream / "released.json"


def artifacts(contracts: Sequence[StreamContract]) -> Mapping[Path, str]:
    """Return every generated file, by its path from the repository's root."""
    files = {Path("dbt_project/models/staging/_staging__sources.yml"): dbt_source(contracts)}
    for contract in contracts:
        folder = GENERATED / contract.stream
        files[released_path(contract.stream)] = released_text(contract)
        files[folder / "event.schema.json"] = json_schema(contract)
        files[folder / "statements.sql"] = statements(contract)
        files[Path("expectations") / "raw" / f"{contract.stream}.yaml"] = raw_suite(contract)
    return files
