import os
import subprocess

from localcloud.stack import postgres
from localcloud.stack.environment import inherited


def query(layout, sql):
    command = postgres.unprivileged([*postgres._client(layout, "psql"), "-At", "-c", sql, "airflow"])
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def start(layout, supervisor, *, anew):
    environment = inherited(layout, os.environ)
    postgres.prepare(layout, environment)
    postgres.postgres_program(layout, environment).write(layout)
    supervisor.start_programs(["postgres"])
    postgres.wait_and_create_database(layout, environment, anew=anew)


def test_the_database_serves_on_a_socket_only_and_keeps_its_data(layout, supervisor):
    (layout.state / "postgres.new").mkdir()  # what a killed initdb leaves
    start(layout, supervisor, anew=True)
    assert query(layout, "show listen_addresses") == ""
    query(layout, "create table kept as select 42 as answer")
    supervisor.stop_programs(["postgres"])
    start(layout, supervisor, anew=False)
    assert query(layout, "select answer from kept") == "42"
    start(layout, supervisor, anew=True)
    assert query(layout, "select count(*) from pg_tables where tablename = 'kept'") == "0"
    supervisor.stop_programs(["postgres"])
