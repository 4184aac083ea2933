"""The statements that load a stream, written out for people and reviews: a change of a contract shows what it does.

At run time the same functions make syntax trees with the batch's own values; here a batch of one object stands for it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlglot import exp

from landfall.contracts.artifacts.writing import NOTE
from landfall.contracts.model import StreamContract
from landfall.ingest.batch import LandedObject
from landfall.ingest.kafka import folder_prefix
from landfall.ingest.merge import BatchMark, merge_quarantine, merge_raw
from landfall.ingest.outcomes import count_outcomes
from landfall.ingest.scratch import create_scratch, drop_scratch
from landfall.ingest.tables import create_table, quarantine_shape, raw_shape

_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH = "batch"


def statements(contract: StreamContract) -> str:
    """Return the SQL of the stream's tables and of the load of one batch, in Athena's dialect."""
    day = _MOMENT.date()
    mark = BatchMark(batch_id=_BATCH, contract_version=contract.version, loaded_at=_MOMENT)
    topic = contract.kafka_topic
    firehose_key = f"{contract.stream}/dt={day}/hr=00/object.gz"
    key = firehose_key if topic is None else f"{folder_prefix(topic)}0/{topic}+0+{0:010}.json.gz"
    landed = LandedObject(key=key, bytes=1, landed_at=_MOMENT)
    scratch = create_scratch(
        contract,
        batch_id=_BATCH,
        objects=[landed],
        landing_bucket="landing",
        location=f"s3://lake/scratch/{contract.stream}_{_BATCH}/",
    )
    steps: dict[str, exp.Expression] = {
        "The table of good records.": create_table(raw_shape(contract), location=f"s3://lake/raw/{contract.stream}/"),
        "The table of records that broke the contract.": create_table(
            quarantine_shape(contract), location=f"s3://lake/quarantine/{contract.stream}/"
        ),
        "A batch: read its objects once, and say of every record what becomes of it.": scratch,
        "Insert the good records whose key is new.": merge_raw(contract, mark=mark, days=[day]),
        "Insert the others, with the reason.": merge_quarantine(contract, mark=mark, landing_days=[day]),
        "Count what is there now, by object.": count_outcomes(
            contract, batch_id=_BATCH, days=[day], landing_days=[day]
        ),
        "Drop the batch's own table.": drop_scratch(contract, _BATCH),
    }
    parts = [f"-- {NOTE}", *(f"-- {why}\n{tree.sql(dialect='athena', pretty=True)};" for why, tree in steps.items())]
    return "\n\n".join(parts) + "\n"
