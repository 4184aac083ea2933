"""Run ministack in this process on 127.0.0.1, one worker (two would split its state), until SIGTERM."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from localcloud.aws import environment, s3_files
from localcloud.aws.saving import SaveFailures


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT and save the state; return 0, or 1 if some of it could not be saved."""
    options = _parser().parse_args(arguments)
    state_dir = options.state_dir.resolve()
    environment.prepare(port=options.port, state_dir=state_dir, region=options.region)
    s3_files.recover(state_dir / "s3-writing")
    # ministack reads the environment and its objects while it is imported.
    from localcloud.aws import mends
    from localcloud.aws.durability import Durability, SavesBeforeItAnswers
    from localcloud.aws.firehose_delivery import FirehoseDelivery
    from localcloud.aws.gateway import Gateway
    from localcloud.aws.objects_folder import TellsWhereObjectsAre
    from localcloud.aws.s3_events import ObjectEvents
    from localcloud.faults.gate import FaultGate

    mends.install(
        state_dir=state_dir,
        athena_endpoint=options.athena_endpoint,
        redshift_endpoint=options.redshift_endpoint,
    )
    events = ObjectEvents()
    events.install()
    durability = Durability(state_dir / "services.sqlite", events)
    durability.install()
    delivery = FirehoseDelivery(saved=durability.save)
    delivery.install()
    failures = SaveFailures()
    failures.install()
    # uvicorn raises the signal again once it has shut down; without this the process would die of it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    config = uvicorn.Config(
        FaultGate(TellsWhereObjectsAre(SavesBeforeItAnswers(Gateway(delivery, events), durability))),
        host="127.0.0.1",
        port=options.port,
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        date_header=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run()
    return 1 if failures.count else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud.aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of this process alone")
    parser.add_argument("--athena-endpoint", required=True, help="where AWS::Athena::WorkGroup is created")
    parser.add_argument("--redshift-endpoint", required=True, help="where AWS::RedshiftServerless::* are created")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION", "us-east-1"))
    return parser
