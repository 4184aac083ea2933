"""One invocation of dbt in this process."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final

from landfall.errors import TransformError
from landfall.transform.models import PROJECT, manifest_path

APPLICATION_NAME: Final = "landfall-dbt"
"""What Redshift's own tables call the sessions of dbt."""


def build(
    *,
    target: str,
    folder: Path,
    environment: Mapping[str, str],
    selectors: Sequence[str] = (),
    on_event: Callable[[Any], None] | None = None,
) -> list[Any]:
    """Run `dbt build` of `target`, of all its nodes or just of those that `selectors` name, and return dbt's results.

    Artifacts and dbt's own log go to `folder`. A result that failed is returned, not raised. Raises TransformError
    when dbt could not begin or broke off.
    """
    arguments = build_arguments(target=target, folder=folder)
    if selectors:
        # Of the tests just those named: others that read the model may read models that were not built again.
        arguments += ["--indirect-selection", "empty", "--select", *selectors]
    return invoke(arguments, environment=environment, on_event=on_event)


def build_arguments(*, target: str, folder: Path) -> list[str]:
    """Return dbt's arguments that build and test all of `target`, with artifacts and log in `folder`."""
    # Unit tests belong to `make test`: they read no data, and the engine bills each of them.
    return ["build", *_common_arguments(target=target, folder=folder), "--exclude-resource-type", "unit_test"]


def docs_arguments(*, target: str, folder: Path) -> list[str]:
    """Return dbt's arguments that document `target` in `folder`, whose manifest.json is taken as it is."""
    return ["docs", "generate", *_common_arguments(target=target, folder=folder), "--static", "--no-compile"]


def _common_arguments(*, target: str, folder: Path) -> list[str]:
    return [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        # dbt takes an earlier parse over only if profile and target were told alike, and parses all anew otherwise.
        *("--profile", "landfall", "--target", target),
        *("--target-path", str(folder), "--log-path", str(folder), "--no-use-colors"),
        # The parse that made the manifest, so that no run parses the whole project again.
        *("--partial-parse-file-path", str(manifest_path(target).with_name("partial_parse.msgpack"))),
    ]


def invoke(
    arguments: Sequence[str], *, environment: Mapping[str, str], on_event: Callable[[Any], None] | None = None
) -> list[Any]:
    """Run dbt with `arguments` and return its results; TransformError when it could not begin or broke off."""
    from dbt.cli.main import dbtRunner  # half a second of imports that no DAG file wants

    # dbt-athena makes a client a statement, and each of them tells where it found its credentials and its endpoint.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    with _in_environment(environment), _named_sessions() if "warehouse" in arguments else nullcontext():
        ended = dbtRunner(callbacks=[on_event] if on_event else []).invoke(list(arguments))
    if ended.exception is not None:
        raise TransformError(f"dbt {arguments[0]} broke off: {ended.exception}") from ended.exception
    return list(getattr(ended.result, "results", ()))


@contextmanager
def _named_sessions() -> Iterator[None]:
    """Give dbt's sessions of Redshift a name, which dbt-redshift has no setting for.

    Without one the driver takes the name of the module that connects, and finds it by `inspect.stack`, which looks
    through every module of the process for every frame, and a task of Airflow has thousands (decision 17).
    """
    import redshift_connector

    connect = redshift_connector.connect
    redshift_connector.connect = partial(connect, application_name=APPLICATION_NAME)
    try:
        yield
    finally:
        redshift_connector.connect = connect


@contextmanager
def _in_environment(environment: Mapping[str, str]) -> Iterator[None]:
    """Add `environment` to this process's, which a task has for itself, while dbt reads it."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
