"""EXPLAIN and EXPLAIN ANALYZE."""

from __future__ import annotations

import json
import time
from typing import Any

from sqlglot import exp

from localcloud.athena.explain.builder import logical_plan
from localcloud.athena.explain.executed import duration, executed_plan, rows_read
from localcloud.athena.explain.io import io_lines
from localcloud.athena.explain.options import Options, read_options
from localcloud.athena.explain.plan import PlanNode
from localcloud.athena.explain.render import data_size, graphviz_lines, json_lines, text_lines
from localcloud.athena.results import result_text
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.sql.columns_read import columns_read
from localcloud.athena.sql.compile import Analysed
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.sql.nodes import type_of
from localcloud.athena.sql.pushdown import conditions_by_table
from localcloud.athena.sql.resolve import INFORMATION_SCHEMA
from localcloud.athena.sql.rewrite import rewrite
from localcloud.athena.statement import read_statement
from localcloud.lake.errors import NotSupportedError
from localcloud.lake.estimates import Estimate, estimate
from localcloud.lake.glue import Column

_COLUMN = "Query Plan"
_BATCH_ROWS = 10_000


def explain(context: Context, text: str) -> Outcome:
    """EXPLAIN [ANALYZE [VERBOSE]] [(options)] query. As on Athena, the name of the result's column is its first row."""
    options = read_options(text)
    if read_statement(options.body).subtype != "SELECT":
        raise NotSupportedError("EXPLAIN of anything but a query")
    lines = _analyzed(context, options) if options.analyze else _explained(context, options)
    return Outcome(columns=(Column(_COLUMN, "varchar"),), lines=tuple((line,) for line in (_COLUMN, *lines)))


def _explained(context: Context, options: Options) -> list[str]:
    compiler = context.compiler
    if options.type == "VALIDATE":
        compiler.compile(parse_query(options.body), reads=False)
        return ["true"]
    analysed = compiler.analyse(parse_query(options.body))
    estimates = _estimates(context, analysed)
    root = logical_plan(analysed, lambda key: estimates.get(key, Estimate()))
    if options.type == "IO":
        return io_lines(root, lambda node: _evaluated(context, node))
    return _rendered(root, options)


def _rendered(root: PlanNode, options: Options) -> list[str]:
    fragment = options.type == "DISTRIBUTED"
    if options.format == "JSON":
        return json_lines(root, fragment=fragment)
    if options.format == "GRAPHVIZ":
        return graphviz_lines(root, kind=options.type)
    return text_lines(root, fragment=fragment)


def _estimates(context: Context, analysed: Analysed) -> dict[str, Estimate]:
    """What the scan of each table will take, by the table's key."""
    query = rewrite(analysed.query.copy())
    conditions, read = conditions_by_table(query), columns_read(query)
    found = {}
    for key, source in analysed.sources.items():
        if source.suffix or source.table.database == INFORMATION_SCHEMA:
            continue
        version = context.compiler.version(source.version)
        columns = sorted(read.get(key, ()))
        found[key] = estimate(context.lake, context.cursor, source.table, columns, conditions.get(key, []), version)
    return found


def _evaluated(context: Context, node: exp.Expr) -> tuple[Any, str] | None:
    """The value of a constant expression and Trino's text of it; None for NULL."""
    sql = rewrite(exp.Select(expressions=[node.copy()])).expressions[0].sql(dialect="duckdb")
    row = context.cursor.execute(f"SELECT {sql}, {result_text(f'({sql})', type_of(node) or 'varchar')}").fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def _analyzed(context: Context, options: Options) -> list[str]:
    started = time.perf_counter()
    compiled = context.compiler.compile(parse_query(options.body))
    planned = time.perf_counter()
    cursor = context.cursor
    cursor.execute("PRAGMA enable_profiling = 'no_output'")
    try:
        for _ in cursor.execute(compiled.sql).to_arrow_reader(_BATCH_ROWS):
            pass  # every row is made, and dropped
        profile = json.loads(context.lake.local_files.with_uris(cursor.get_profiling_information()))
    finally:
        cursor.execute("PRAGMA disable_profiling")
    root = executed_plan(
        profile, compiled.columns, [source.table for source in context.compiler.resolver.sources.values()]
    )
    if options.format == "JSON":
        return json_lines(root, fragment=True)
    times = (planned - started, time.perf_counter() - planned)
    head = f"Queued: 0.00ns, Analysis: {duration(times[0])}, Planning: 0.00ns, Execution: {duration(times[1])}"
    lines = text_lines(root, fragment=True)
    cpu, rows = float(profile.get("cpu_time") or 0), int(profile.get("rows_returned") or 0)
    read = (
        f"Input: {rows_read(profile.get('cumulative_rows_scanned'))} rows ({data_size(context.compiler.scanned_bytes)})"
    )
    lines.insert(1, f"    CPU: {duration(cpu)}, {read}, Output: {rows} rows ({profile.get('result_set_size', 0)}B)")
    return [head, *lines]
