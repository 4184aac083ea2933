"""`landfall signing-key`: print the public key that extracts are signed with, for `landfall verify --key`."""

from __future__ import annotations

import argparse
import sys

from landfall.aws import kms
from landfall.extract.proof.signature import to_pem
from landfall.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the key is that of the environment's deployment."""


def run(args: argparse.Namespace) -> int:
    """Print the key as PEM and return 0. Raises SettingsError without an environment."""
    sys.stdout.write(to_pem(kms.public_key(Settings.from_environment().signing_key_id)).decode())
    return 0
