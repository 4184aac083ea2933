"""The forms of replays: typed fields, so that most of what cannot be right cannot be sent."""

from __future__ import annotations

from airflow.sdk import Param

from landfall.contracts import load_stream_contracts
from landfall.ingest.checks import REASONS
from landfall.settings import REPOSITORY

MOST_UNAPPROVED = 1000
"""Records one person may replay alone; a caller can only ask for approval earlier."""

_DAY = r"^\d{4}-\d{2}-\d{2}$"


def replay_form() -> dict[str, Param]:
    """Return the fields of the form; one without a default must be filled in."""
    return stream_and_days() | {
        "reasons": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "enum": list(REASONS)},
            examples=list(REASONS),
            title="Reasons",
            description="Why they are in quarantine; none for any reason.",
        ),
        "correction": Param(
            None,
            type=["null", "string"],
            pattern="^[a-z][a-z0-9_]{0,62}$",
            title="Correction",
            description="A file of contracts/corrections, without .yaml; none to check again by the contract alone.",
        ),
        "contract_version": Param(
            None,
            type=["null", "string"],
            pattern=r"^\d+\.\d+\.\d+$",
            title="Contract version",
            description="The version that must be in force; refused if another is.",
        ),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Only count what would become of them."),
        "approval_above": Param(
            MOST_UNAPPROVED,
            type="integer",
            minimum=0,
            maximum=MOST_UNAPPROVED,
            title="Approval above",
            description="Somebody must approve a replay of more records than this.",
        ),
    }


def source_errors_form() -> dict[str, Param]:
    """Return the fields of replay_source_errors' form."""
    return stream_and_days() | {
        "codes": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "minLength": 1, "maxLength": 200},
            title="Error codes",
            description="Such as Lambda.FunctionError; none for all.",
        ),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Only show what is there."),
    }


def stream_and_days() -> dict[str, Param]:
    """Return the fields that say which stream and which days of arrival are meant."""
    streams = [contract.stream for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")]
    day = {"type": "string", "format": "date", "pattern": _DAY}
    return {
        "stream": Param(type="string", enum=streams, title="Stream"),
        "from_date": Param(**day, title="From", description="First day (UTC) on which the records arrived."),
        "to_date": Param(**day, title="To", description="Last day (UTC) on which the records arrived, included."),
    }
