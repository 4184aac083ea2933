"""Asks a PostgreSQL server for the answers in postgres.json: `python record.py <connection URL>`.

The expressions are those whose meaning Redshift shares with PostgreSQL; only their answers are written anew.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psycopg

RECORD = Path(__file__).with_name("postgres.json")


def main() -> None:
    record = json.loads(RECORD.read_text())
    with psycopg.connect(sys.argv[1], autocommit=True, options="-c timezone=UTC -c extra_float_digits=0") as connection:
        record["server"] = f"PostgreSQL {connection.info.parameter_status('server_version')}"
        record["probes"] = [_ask(connection, probe["expression"]) for probe in record["probes"]]
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _ask(connection: psycopg.Connection, expression: str) -> dict[str, str | None]:
    """The value as text and the type as format_type prints it, or the error's SQLSTATE."""
    try:
        row = connection.execute(f"SELECT ({expression})::text, pg_typeof({expression})::text".encode()).fetchone()
    except psycopg.Error as error:
        return {"expression": expression, "error": error.sqlstate}
    return {"expression": expression, "value": row[0], "type": row[1]} if row else {"expression": expression}


if __name__ == "__main__":
    main()
