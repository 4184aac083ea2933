"""python -m localcloud.redshift --wire-port P --api-port P --aws-endpoint URL --state-dir D"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from pathlib import Path

import uvicorn

from localcloud.faults.gate import FaultGate
from localcloud.lake.session import Lake, LakeSettings
from localcloud.redshift.api import app
from localcloud.redshift.api.data import DataApi
from localcloud.redshift.api.serverless import ServerlessApi
from localcloud.redshift.namespaces import Registry
from localcloud.redshift.tls import server_context
from localcloud.redshift.wire.server import WireServer


def main() -> None:
    """Serve until SIGTERM or SIGINT, then checkpoint and leave with 0."""
    parser = argparse.ArgumentParser(prog="localcloud.redshift", description=__doc__)
    parser.add_argument("--wire-port", type=int, required=True)
    parser.add_argument("--api-port", type=int, required=True)
    parser.add_argument("--aws-endpoint", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--memory-limit", default="1GB", help="the most DuckDB may use for a database, e.g. 1GB")
    parser.add_argument("--threads", type=int, default=2, help="DuckDB threads")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(serve(arguments))


async def serve(arguments: argparse.Namespace) -> None:
    """Start the wire and the API; both stop together."""
    state_dir: Path = arguments.state_dir
    state_dir.mkdir(parents=True, exist_ok=True)
    settings = LakeSettings(
        aws_endpoint=arguments.aws_endpoint,
        state_dir=state_dir,
        memory_limit=arguments.memory_limit,
        threads=arguments.threads,
    )
    registry = Registry(state_dir=state_dir, wire_port=arguments.wire_port, lake=Lake(settings), settings=settings)
    wire = WireServer(door=registry, tls=server_context(state_dir))
    await wire.start(arguments.wire_port)
    data = DataApi(registry=registry, settings=settings)
    operations = {**ServerlessApi(registry).operations(), **data.operations()}
    config = uvicorn.Config(
        FaultGate(app.build(operations)), host="127.0.0.1", port=arguments.api_port, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    # uvicorn would take the signals for itself and re-raise them: leaving with 0 is ours to decide.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, lambda: setattr(server, "should_exit", True))
    await server._serve()
    await wire.stop()
    data.statements.close()
    registry.close()


if __name__ == "__main__":
    main()
