"""`landfall serve-api`: the extract API alone, so that customers' systems never reach Airflow itself."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.routing import Mount

from landfall.api.app import Doors, create_app
from landfall.api.rest_runs import RestRuns
from landfall.errors import SettingsError

PREFIX = "/landfall"
"""Where the API is found, here as in Airflow's own server."""

_LOGIN = ("LANDFALL_AIRFLOW_URL", "LANDFALL_AIRFLOW_USER", "LANDFALL_AIRFLOW_PASSWORD")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `landfall serve-api` to its parser."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8081, help="port to listen at (default: 8081)")
    parser.add_argument(
        "--trusted-proxy",
        metavar="ADDRESSES",
        default="",
        help="whose X-Forwarded-For is believed, comma-separated; the audit log has the caller's address from it",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it, and return 0. Raises SettingsError when the technical login is missing."""
    import uvicorn

    served = served_alone(os.environ)
    uvicorn.run(
        served,
        host=args.host,
        port=args.port,
        proxy_headers=bool(args.trusted_proxy),
        forwarded_allow_ips=args.trusted_proxy or None,
        server_header=False,
    )
    return 0


def served_alone(environ: Mapping[str, str]) -> Starlette:
    """Return the application under its prefix, with runs by Airflow's REST API and no staff's login."""
    missing = [name for name in _LOGIN if not environ.get(name)]
    if missing:
        raise SettingsError(f"{', '.join(missing)} not set: the API starts runs with a login of its own in Airflow")
    url, user, password = (environ[name] for name in _LOGIN)
    app = create_app(Doors(runs=RestRuns.at(url, user=user, password=password)))
    return Starlette(routes=[Mount(PREFIX, app)])
