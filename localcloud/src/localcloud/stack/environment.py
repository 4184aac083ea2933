"""The environment that the stack's processes and its clients get."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from localcloud.stack.layout import Layout
from localcloud.stack.ports import HOST, Ports
from localcloud.stack.secrets import write_private

MARKER = "LANDFALL_STACK"
"""Every process of a stack carries the stack's state folder in this variable, by which leftovers are found."""

PROGRAM = "LANDFALL_PROGRAM"
"""The process of a stack that another one descends from: what a killed one leaves is found by it."""

REGION = "us-east-1"
AIRFLOW_USER = "admin"
DROPPED_PREFIXES = ("AIRFLOW", "AWS_", "DBT_", "LANDFALL_", "OPENLINEAGE", "PYTHON", "VIRTUAL_ENV")


def inherited(layout: Layout, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The caller's environment without what would change the stack: AWS credentials, an Airflow of his own, proxies."""
    kept = {name: value for name, value in environ.items() if not name.startswith(DROPPED_PREFIXES)}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (environ.get(name), HOST, "localhost")))
    # Airflow renames its processes; without SPT_NOENV the new name would overwrite the environment and so the mark.
    return kept | {MARKER: str(layout.state), "SPT_NOENV": "1", "PYTHONUNBUFFERED": "1"}


def cloud_client(ports: Ports) -> dict[str, str]:
    """What sends an unmodified AWS client to the local cloud."""
    redshift_api = ports.url("redshift_api")
    return {
        "AWS_ENDPOINT_URL": ports.url("aws"),
        "AWS_ENDPOINT_URL_ATHENA": ports.url("athena"),
        "AWS_ENDPOINT_URL_REDSHIFT_DATA": redshift_api,
        "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS": redshift_api,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        # dbt-redshift's other modes all verify Amazon's certificate authority, which signs nothing on a laptop.
        "LANDFALL_REDSHIFT_SSLMODE": "disable",
    }


def lineage_client(layout: Layout) -> dict[str, str]:
    """What makes OpenLineage's client keep events, a file each: several writers of one would mix their lines."""
    return {
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(layout.lineage / "event"),
        # Puts the job into the file's name, so that two processes do not choose the same one.
        "OPENLINEAGE__TRANSPORT__DEBUG_MODE": "true",
    }


def airflow_client(ports: Ports, password: str) -> dict[str, str]:
    """What lets a client into Airflow and the extract API."""
    url = ports.url("airflow")
    return {
        "LANDFALL_AIRFLOW_URL": url,
        "LANDFALL_AIRFLOW_USER": AIRFLOW_USER,
        "LANDFALL_AIRFLOW_PASSWORD": password,
        "LANDFALL_API_URL": f"{url}/landfall/v1",
    }


def read_env_file(file: Path) -> dict[str, str]:
    """Read lines of `export NAME=value` as a shell would; empty when there is no file."""
    if not file.exists():
        return {}
    words = shlex.split(file.read_text(), comments=True)
    return dict(word.split("=", 1) for word in words if "=" in word)


def write_env_file(file: Path, values: Mapping[str, str]) -> None:
    """Write `values` as lines of `export NAME='value'`, readable by their owner only."""
    write_private(file, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(values.items())))
