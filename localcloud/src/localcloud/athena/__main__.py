"""python -m localcloud.athena --port P --aws-endpoint URL --state-dir D"""

from __future__ import annotations

import argparse
import gc
import logging
import signal
import sys
from pathlib import Path

import uvicorn

from localcloud.athena.api import AthenaApi
from localcloud.athena.execution_store import ExecutionStore
from localcloud.athena.executions import Executions, Limits
from localcloud.athena.named import NamedStatements
from localcloud.athena.run.engine import Engine
from localcloud.athena.run.plans import Plans
from localcloud.athena.server import create_app
from localcloud.athena.workgroups import WorkGroups
from localcloud.faults.gate import FaultGate
from localcloud.lake.session import Lake, LakeSettings


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="localcloud.athena")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--aws-endpoint", required=True, help="where S3 and Glue answer")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument(
        "--memory-limit", default="1GB", help="DuckDB's memory_limit; beyond it queries spill to the state dir"
    )
    parser.add_argument("--threads", type=int, default=2)
    limits = Limits()
    parser.add_argument(
        "--concurrency", type=int, default=limits.running, help="queries that run at once; more are queued"
    )
    parser.add_argument(
        "--max-active-dml", type=int, default=limits.dml, help="DML queries queued or running; more are refused"
    )
    parser.add_argument(
        "--max-active-ddl", type=int, default=limits.ddl, help="DDL and utility queries queued or running"
    )
    parser.add_argument("--max-history", type=int, default=10_000, help="executions remembered for at most 45 days")
    arguments = parser.parse_args()
    # A thread that answers a request waits this long (s) for one that compiles a query to let it in.
    sys.setswitchinterval(0.0005)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    arguments.state_dir.mkdir(parents=True, exist_ok=True)
    lake = Lake(
        LakeSettings(
            aws_endpoint=arguments.aws_endpoint,
            state_dir=arguments.state_dir,
            region=arguments.region,
            memory_limit=arguments.memory_limit,
            threads=arguments.threads,
        )
    )
    plans = Plans()
    engine = Engine(lake, plans)
    store = ExecutionStore(arguments.state_dir / "executions.sqlite", arguments.max_history)
    limits = Limits(running=arguments.concurrency, dml=arguments.max_active_dml, ddl=arguments.max_active_ddl)
    named = NamedStatements(arguments.state_dir / "statements.json")
    executions = Executions(engine, store, limits, named)
    workgroups = WorkGroups(
        arguments.state_dir / "workgroups.json",
        is_empty=lambda group: not named.of_workgroup(group) and not executions.list(group, 0, 1),
        forget=named.forget,
    )
    app = FaultGate(create_app(AthenaApi(lake, executions, workgroups, named, plans)))
    # What is there now stays: Python need not look through it each time it looks for garbage among syntax trees.
    gc.collect()
    gc.freeze()
    # uvicorn raises the signal again once it has shut down: end with 0 then, by way of `finally`.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        uvicorn.run(
            app,
            host="127.0.0.1",
            port=arguments.port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
    finally:
        executions.close()
        engine.close()


if __name__ == "__main__":
    main()
