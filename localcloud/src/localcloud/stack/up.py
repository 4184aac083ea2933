"""Starting the stack, in an order in which everything finds what it needs, or healing one that lost a part."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from localcloud.stack import airflow, postgres
from localcloud.stack.airflow import AirflowApi, MetadataSchema, run_product
from localcloud.stack.environment import (
    airflow_client,
    cloud_client,
    inherited,
    lineage_client,
    read_env_file,
    write_env_file,
)
from localcloud.stack.errors import StackError
from localcloud.stack.health import is_healthy, wait_until
from localcloud.stack.layout import Layout
from localcloud.stack.plan import Plan
from localcloud.stack.processes import end_leftovers, family_of
from localcloud.stack.programs import (
    AIRFLOW,
    CLOUD,
    SCHEDULER,
    Program,
    airflow_programs,
    cloud_programs,
    engine_memory,
)
from localcloud.stack.secrets import Secrets
from localcloud.stack.supervisor import Supervisor

CLOUD_SECONDS = 60
AIRFLOW_SECONDS = 300
FIREHOSE_BUFFER_SECONDS = 2
"""On a laptop nobody wants to wait the minutes that make large objects in AWS."""
DBT_SOURCES = ("*.yml", "models/**/*", "macros/**/*")
DBT_TARGETS = ("lake", "warehouse")


@dataclass(frozen=True)
class Address:
    """Where the started stack is found."""

    env_file: str
    airflow_url: str | None
    airflow_user: str | None
    airflow_password: str | None


class Stack:
    """One stack and the steps that bring it up."""

    def __init__(self, layout: Layout, plan: Plan, *, say: Callable[[str], None]) -> None:
        self._layout = layout
        self._plan = plan
        self._ports = plan.ports
        self._say = say
        self._supervisor = Supervisor(layout)
        self._secrets = Secrets.load_or_create(layout.state / "secrets.json")
        self._base = inherited(layout)
        self._memory = engine_memory()

    def up(self) -> Address:
        """Start what does not run yet and return once all of it answers.

        Raises StackError that names what cannot be started and why.
        """
        self._start_supervisor()
        with ThreadPoolExecutor() as pool:
            cloud = pool.submit(self._start_cloud_and_models)
            database = pool.submit(self._start_database) if self._plan.with_airflow else None
            cloud.result()
            if database:
                database.result()
        if self._plan.with_airflow:
            self._start_airflow()
        return self._address()

    def _start_supervisor(self) -> None:
        pid = self._supervisor.pid
        leftovers = end_leftovers(self._layout, spared=[each.pid for each in family_of(pid)] if pid else [])
        if leftovers:
            self._say(f"Ended what an earlier run had left: {', '.join(leftovers)}")
        self._plan.save(self._layout.plan_file)
        if pid:
            return
        busy = list(self._ports.busy())
        if busy:
            raise StackError("\n".join(busy))
        self._supervisor.start(self._base)

    def _start_cloud_and_models(self) -> None:
        self._start_cloud()
        self._deploy()
        if self._plan.with_airflow:
            self._parse_models()

    def _start_cloud(self) -> None:
        started = time.monotonic()
        self._start(cloud_programs(self._layout, self._ports, self._base, memory=self._memory))
        for name, listener in zip(CLOUD, ("aws", "athena", "redshift_api"), strict=True):
            ready = partial(is_healthy, self._ports.url(listener))
            self._wait(ready, what=name, programs=(name,), seconds=CLOUD_SECONDS)
        self._say(f"The local cloud answers ({time.monotonic() - started:.1f} s)")

    def _deploy(self) -> None:
        started = time.monotonic()
        client = self._base | cloud_client(self._ports)
        deploy = ("deploy", "--env-file", str(self._layout.deployed_env_file))
        buffer = ("--firehose-buffer-seconds", str(FIREHOSE_BUFFER_SECONDS))
        run_product(self._layout, client, "landfall", *deploy, *buffer)
        deployed = read_env_file(self._layout.deployed_env_file)
        client = cloud_client(self._ports) | airflow_client(self._ports, self._secrets.airflow_password)
        write_env_file(self._layout.env_file, deployed | client | lineage_client(self._layout))
        self._say(f"The infrastructure is deployed ({time.monotonic() - started:.1f} s)")

    def _start_database(self) -> None:
        started = time.monotonic()
        schema = MetadataSchema(self._layout)
        postgres.prepare(self._layout, self._base)
        self._start([postgres.postgres_program(self._layout, self._base)])
        postgres.wait_and_create_database(self._layout, self._base, anew=schema.is_begun_but_not_made)
        schema.migrate(self._base | airflow.settings(self._layout, self._ports, self._secrets))
        self._say(f"Airflow's database is ready ({time.monotonic() - started:.1f} s)")

    def _start_airflow(self) -> None:
        started = time.monotonic()
        environment = self._base | airflow.settings(self._layout, self._ports, self._secrets) | self._task_environment()
        airflow.write_login(self._layout, self._secrets)
        begun = datetime.now(UTC)
        already_running = {name for name, state in self._supervisor.states().items() if state.is_running}
        programs = airflow_programs(self._layout, self._ports, environment)
        api = AirflowApi(self._ports.url("airflow"), self._secrets.airflow_password)
        # A task that the scheduler starts before the API answers fails its first try.
        self._start([program for program in programs if program.name != SCHEDULER])
        others = tuple(name for name in AIRFLOW if name != SCHEDULER)
        self._wait(api.answers, what="Airflow's API", programs=others, seconds=AIRFLOW_SECONDS)
        self._start([program for program in programs if program.name == SCHEDULER])
        wait = partial(self._wait, programs=AIRFLOW, seconds=AIRFLOW_SECONDS)
        wait(api.is_healthy, what="Airflow")
        if "airflow-dag-processor" not in already_running:
            dags = self._layout.repository / "dags"
            wait(lambda: not api.unparsed_files(dags, since=begun), what="the parsing of dags/")
        errors = api.import_errors()
        if errors:
            raise StackError("Airflow cannot import:\n" + "\n".join(errors))
        self._say(f"Airflow is healthy and has parsed its DAGs ({time.monotonic() - started:.1f} s)")

    def _task_environment(self) -> dict[str, str]:
        """What tasks see of the stack: the addresses of the cloud, not the login of Airflow's user."""
        login = airflow_client(self._ports, self._secrets.airflow_password)
        return {name: value for name, value in read_env_file(self._layout.env_file).items() if name not in login}

    def _parse_models(self) -> None:
        started = time.monotonic()
        environment = self._base | self._task_environment()
        project = self._layout.repository / "dbt_project"
        written = max(file.stat().st_mtime for pattern in DBT_SOURCES for file in project.glob(pattern))
        for target in DBT_TARGETS:
            manifest = self._layout.dbt_manifests / target / "manifest.json"
            if manifest.exists() and manifest.stat().st_mtime > written:
                continue
            # Named as the DAGs name them: a run takes this parse over only if profile and target were told alike.
            names = ("--profile", "landfall", "--target", target)
            options = ("--project-dir", str(project), "--profiles-dir", str(project), *names)
            written_to = ("--target-path", str(manifest.parent), "--log-path", str(self._layout.logs))
            run_product(self._layout, environment, "dbt", "parse", *options, *written_to)
        self._say(f"The dbt models are parsed ({time.monotonic() - started:.1f} s)")

    def _start(self, programs: list[Program]) -> None:
        states = self._supervisor.states()
        missing = [program for program in programs if not states[program.name].is_running]
        for program in missing:
            program.write(self._layout)
        self._supervisor.start_programs(program.name for program in missing)

    def _wait(self, ready: Callable[[], bool], *, what: str, programs: tuple[str, ...], seconds: float) -> None:
        wait_until(
            ready, what=what, programs=programs, supervisor=self._supervisor, layout=self._layout, seconds=seconds
        )

    def _address(self) -> Address:
        env_file = str(self._layout.env_file)
        if not self._plan.with_airflow:
            return Address(env_file, None, None, None)
        login = airflow_client(self._ports, self._secrets.airflow_password)
        return Address(
            env_file,
            login["LANDFALL_AIRFLOW_URL"],
            login["LANDFALL_AIRFLOW_USER"],
            login["LANDFALL_AIRFLOW_PASSWORD"],
        )
