"""The columns of the raw and quarantine tables that do not come from a contract's fields."""

from __future__ import annotations

RAW_COLUMNS = {
    "_extra": "map(varchar, varchar)",
    "_content_hash": "varchar",
    "_source_object": "varchar",
    "_line_number": "bigint",
    "_record_number": "bigint",
    "_batch_id": "varchar",
    "_contract_version": "varchar",
    "_loaded_at": "timestamp(6)",
}
"""What a raw row says of its way, besides the contract's fields."""

RAW_COLUMN_MEANINGS = {
    "_extra": "Fields the contract does not know, by name, each as its JSON text; null if there are none.",
    "_content_hash": "MD5 of all the record says: two records of one key are the same event if theirs are equal.",
    "_source_object": "Landed object (s3 address) the record came in.",
    "_line_number": "Line of the record in its object, from 1.",
    "_record_number": "Place of the record among several glued on one line, from 1.",
    "_batch_id": "Batch that loaded the record.",
    "_contract_version": "Version of the stream's contract it was checked by.",
    "_loaded_at": "When the record's batch was merged into raw (UTC).",
}
"""What those columns mean, for the docs."""

QUARANTINE_COLUMNS = {
    "source_object": "varchar",
    "landed_date": "date",
    "line_number": "bigint",
    "record_number": "bigint",
    "reason": "varchar",
    "field": "varchar",
    "raw_text": "varchar",
    "contract_version": "varchar",
    "batch_id": "varchar",
    "quarantined_at": "timestamp(6)",
    "replay_outcome": "varchar",
    "replay_reason": "varchar",
    "replay_field": "varchar",
    "replay_run_id": "varchar",
    "replay_batch_id": "varchar",
    "replay_contract_version": "varchar",
    "replay_correction": "varchar",
    "replayed_at": "timestamp(6)",
}
"""What is known of a record that broke its contract; landed_date, its day of arrival, is the partition.

The columns `replay...` say what its last replay made of it and are null before the first.
"""
