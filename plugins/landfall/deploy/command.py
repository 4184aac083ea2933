"""`landfall deploy`: create or update every AWS resource. It takes arguments, for settings come from what it writes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from landfall.aws.redshift_serverless import warehouse_login
from landfall.deploy.environment_file import environment_of, write_environment_file
from landfall.deploy.plan import plan_deployment
from landfall.deploy.stacks import deploy
from landfall.errors import DeploymentError
from landfall.extract.proof.certificate import publish_public_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall deploy` to its parser."""
    parser.add_argument("--environment", default="local", help="name of the deployment (default: local)")
    parser.add_argument("--env-file", type=Path, help="write what the pipeline needs as export lines to this file")
    parser.add_argument(
        "--firehose-buffer-seconds", type=int, metavar="N", help="longest wait before a record lands, 0 to 900"
    )
    parser.add_argument(
        "--firehose-buffer-mebibytes", type=int, metavar="N", help="data that fills a buffer at once, 1 to 128"
    )
    parser.add_argument(
        "--platform-parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of infra/platform.yaml, such as NotificationEmail=you@example.com; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Deploy, write the environment file if one was asked for, and return 0. Raises DeploymentError, ContractError."""
    buffer = {
        "FirehoseBufferSeconds": args.firehose_buffer_seconds,
        "FirehoseBufferMebibytes": args.firehose_buffer_mebibytes,
    }
    plan = plan_deployment(
        environment=args.environment,
        platform_parameters=_parameters(args.platform_parameter),
        stream_parameters={name: str(value) for name, value in buffer.items() if value is not None},
    )
    outputs = deploy(plan, say=_say)
    key = publish_public_key(signing_key_id=outputs["SigningKeyId"], extracts_bucket=outputs["ExtractsBucket"])
    _say(f"extracts are signed with the key in s3://{outputs['ExtractsBucket']}/{key}")
    if args.env_file is not None:
        login = warehouse_login(workgroup=outputs["RedshiftWorkgroup"], secret_arn=outputs["RedshiftSecretArn"])
        variables = environment_of(environment=plan.environment, outputs=outputs, login=login)
        write_environment_file(args.env_file, variables)
        _say(f"{len(variables)} variables written to {args.env_file}")
    return 0


def _parameters(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, separator, _ in pairs if not separator or not name]
    if wrong:
        raise DeploymentError(f"--platform-parameter {wrong[0]!r}: write NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
