"""Airflow beside the local cloud: its settings, its metadata schema, and when it is ready."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localcloud.stack.environment import AIRFLOW_USER
from localcloud.stack.errors import StackError
from localcloud.stack.health import fetch_json
from localcloud.stack.layout import Layout
from localcloud.stack.ports import HOST, Ports
from localcloud.stack.postgres import database_url
from localcloud.stack.secrets import Secrets, write_private

COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")


def settings(layout: Layout, ports: Ports, secrets: Secrets) -> dict[str, str]:
    """Airflow's whole configuration, as `AIRFLOW__<SECTION>__<KEY>` variables."""
    url = ports.url("airflow")
    sections = {
        "core": {
            "executor": "landfall.workers.LandfallExecutor",
            "parallelism": "8",
            "dags_folder": str(layout.repository / "dags"),
            "plugins_folder": str(layout.repository / "plugins"),
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",
            "fernet_key": secrets.fernet_key,
            # The name of a laptop may not resolve; nothing is reached by it.
            "hostname_callable": "socket.gethostname",
            "execution_api_server_url": f"{url}/execution/",
            "simple_auth_manager_users": f"{AIRFLOW_USER}:admin",
            "simple_auth_manager_passwords_file": str(_passwords_file(layout)),
        },
        "api": {"base_url": url, "host": HOST, "port": str(ports.airflow), "secret_key": secrets.api_secret_key},
        "api_auth": {"jwt_secret": secrets.jwt_secret, "jwt_issuer": "landfall"},
        "database": {
            "sql_alchemy_conn": database_url(layout, "psycopg2"),
            "sql_alchemy_conn_async": database_url(layout, "asyncpg"),
        },
        # The default of 1 s is most of what a short task waits; half of this would cost twice the idle CPU.
        # And tasks of a scheduler that was killed are taken up again within two minutes, not within six.
        "scheduler": {"scheduler_idle_sleep_time": "0.1", "orphaned_tasks_check_interval": "60"},
        "dag_processor": {"min_file_process_interval": "60", "refresh_interval": "10"},
        "logging": {"base_log_folder": str(layout.airflow / "logs"), "colored_console_log": "False"},
        "usage_data_collection": {"enabled": "False"},
        # Landfall tells the lineage; the provider's own events of every task cost each task most of a second of CPU.
        "openlineage": {"disabled": "True"},
        # Cosmos keeps dbt's parse below the machine's /tmp unless told otherwise, where two checkouts would mix.
        "cosmos": {"cache_dir": str(layout.airflow / "cosmos"), "enable_telemetry": "False"},
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": value
        for section, keys in sections.items()
        for key, value in keys.items()
    }
    return variables | {"AIRFLOW_HOME": str(layout.airflow), "LANDFALL_DBT_MANIFEST_DIR": str(layout.dbt_manifests)}


def write_login(layout: Layout, secrets: Secrets) -> None:
    """Tell Airflow's simple auth manager the generated password, which it would else print to its log."""
    write_private(_passwords_file(layout), json.dumps({AIRFLOW_USER: secrets.airflow_password}))


def _passwords_file(layout: Layout) -> Path:
    return layout.airflow / "passwords.json"


@dataclass(frozen=True)
class MetadataSchema:
    """The tables of Airflow's database, made once for a data directory and an Airflow version."""

    layout: Layout

    @property
    def _stamp(self) -> Path:
        return self.layout.airflow / "migrated"

    @property
    def is_begun_but_not_made(self) -> bool:
        """Whether a first migration has not come to its end, so that the database must be made anew."""
        return not self._stamp.exists()

    def migrate(self, environment: Mapping[str, str]) -> None:
        """Bring the schema to the installed Airflow's version; return at once when it is.

        Raises StackError with Airflow's words when that fails.
        """
        version = _installed_version(self.layout)
        if self._stamp.exists() and self._stamp.read_text() == version:
            return
        run_product(self.layout, environment, "airflow", "db", "migrate")
        self._stamp.write_text(version)


def run_product(layout: Layout, environment: Mapping[str, str], command: str, *arguments: str) -> None:
    """Run a command of the product environment to its end, its output in `<state>/logs/<command>.log`.

    Raises StackError with the end of the output when it fails.
    """
    log = layout.log_of(f"{command}-{arguments[0]}")
    with log.open("w") as output:
        ended = subprocess.run(
            [str(layout.product_bin / command), *arguments],
            env=dict(environment),
            cwd=layout.repository,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise StackError(f"{command} {' '.join(arguments)} failed (exit {ended.returncode}; {log}):\n{last}")


def _installed_version(layout: Layout) -> str:
    found = sorted(layout.product_bin.parent.glob("lib/python*/site-packages/apache_airflow_core-*.dist-info"))
    if not found:
        raise StackError(f"Airflow is not installed in {layout.product_bin.parent}: run `make up`")
    return found[-1].name


@dataclass(frozen=True)
class AirflowApi:
    """Airflow's REST API, for what `up` has to know."""

    url: str
    password: str

    def answers(self) -> bool:
        """Whether the API server itself is there."""
        return bool(self._health())

    def is_healthy(self) -> bool:
        """Whether the API answers and all of Airflow's components send their heartbeats."""
        health = self._health()
        return all((health.get(name) or {}).get("status") == "healthy" for name in COMPONENTS)

    def unparsed_files(self, folder: Path, *, since: datetime) -> set[str]:
        """The DAG files (relative to `folder`) that were not parsed since then, with or without success."""
        token = self._token()
        parsed = {
            dag["relative_fileloc"]
            for dag in self._all(token, "dags", "dags")
            if dag["last_parsed_time"] and datetime.fromisoformat(dag["last_parsed_time"]) >= since
        }
        failed = {error["filename"] for error in self._all(token, "importErrors", "import_errors")}
        files = {str(file.relative_to(folder)) for file in folder.rglob("*.py")}
        return {file for file in files - parsed if not any(name.endswith(file) for name in failed)}

    def import_errors(self) -> list[str]:
        """What Airflow says of each DAG file that it cannot import."""
        errors = self._all(self._token(), "importErrors", "import_errors")
        return [f"{error['filename']}: {error['stack_trace'].strip()}" for error in errors]

    def _health(self) -> dict[str, dict[str, str]]:
        try:
            return dict(fetch_json(f"{self.url}/api/v2/monitor/health"))
        except (OSError, ValueError):
            return {}

    def _token(self) -> str:
        login = {"username": AIRFLOW_USER, "password": self.password}
        return str(fetch_json(f"{self.url}/auth/token", body=login)["access_token"])

    def _all(self, token: str, path: str, key: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        while True:
            page = fetch_json(f"{self.url}/api/v2/{path}?limit=100&offset={len(found)}", token=token)
            found += page[key]
            if len(found) >= page["total_entries"] or not page[key]:
                return found
