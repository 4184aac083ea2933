"""`landfall redeliver`: send a channel's dead letters once more."""

from __future__ import annotations

import argparse
import sys
from typing import get_args

from landfall.aws import sqs
from landfall.notify.deliver import Channel, queue_of
from landfall.settings import Settings

MOST = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall redeliver` to its parser."""
    parser.add_argument("channel", choices=get_args(Channel))


def run(args: argparse.Namespace) -> int:
    """Put each dead letter back into its queue and return 0. One may be sent twice; its id says that it is the same."""
    name = queue_of(args.channel, Settings.from_environment())
    queue, dead, moved = sqs.queue_url(name), sqs.queue_url(f"{name}-dead"), 0
    for batch in sqs.receive_batches(url=dead, most=MOST):
        for message in batch:
            sqs.send(url=queue, body=message.body)
        sqs.delete_messages(url=dead, messages=batch)
        moved += len(batch)
    sys.stdout.write(f"{moved} dead letters wait to be sent again\n")
    return 0
