from datetime import UTC, datetime

import pytest
from localcloud.stack import airflow
from localcloud.stack.airflow import AirflowApi, MetadataSchema
from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.ports import Ports
from localcloud.stack.secrets import Secrets

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def api(monkeypatch):
    """An API whose pages of DAGs and import errors a test sets, two entries a page."""
    answers = {"dags": [], "import_errors": []}

    def fetch(url, **_):
        if url.endswith("/auth/token"):
            return {"access_token": "t"}
        key = "dags" if "/dags?" in url else "import_errors"
        offset = int(url.rsplit("offset=", 1)[1])
        return {key: answers[key][offset : offset + 2], "total_entries": len(answers[key])}

    monkeypatch.setattr(airflow, "fetch_json", fetch)
    return AirflowApi("http://airflow", "password"), answers


def dag(file, minute):
    return {"relative_fileloc": file, "last_parsed_time": f"2026-11-20T12:{minute:02}:00Z"}


def test_a_file_counts_as_parsed_once_it_was_parsed_since_the_start_or_has_failed(api, tmp_path):
    asked, answers = api
    for name in ("old.py", "new.py", "broken.py", "unseen.py"):
        (tmp_path / name).touch()
    answers["dags"] = [dag("old.py", 0), dag("new.py", 30), dag("new.py", 31)]
    answers["import_errors"] = [{"filename": "broken.py", "stack_trace": "SyntaxError\n"}]
    assert asked.unparsed_files(tmp_path, since=NOON.replace(minute=10)) == {"old.py", "unseen.py"}
    assert asked.import_errors() == ["broken.py: SyntaxError"]


def test_airflow_is_healthy_when_all_its_parts_are(monkeypatch):
    health = {name: {"status": "healthy"} for name in airflow.COMPONENTS}
    monkeypatch.setattr(airflow, "fetch_json", lambda url: health)
    asked = AirflowApi("http://airflow", "password")
    assert asked.is_healthy()
    health["scheduler"] = {"status": "unhealthy"}
    assert not asked.is_healthy()
    assert asked.answers()


def test_an_api_that_refuses_connections_does_not_answer():
    asked = AirflowApi(Ports.free().url("airflow"), "password")
    assert not asked.answers()
    assert not asked.is_healthy()


def test_the_settings_keep_to_the_loopback_interface_and_to_the_state(tmp_path):
    layout = Layout(tmp_path / "state")
    variables = airflow.settings(layout, Ports(airflow=8081), Secrets())
    assert variables["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert variables["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8081/execution/"
    kept = ("AIRFLOW_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", "LANDFALL_DBT_MANIFEST_DIR")
    assert all(variables[name].startswith(str(layout.state)) for name in kept)


def test_a_login_is_private_and_that_of_the_secrets(tmp_path):
    layout = Layout(tmp_path)
    layout.make()
    secrets = Secrets()
    airflow.write_login(layout, secrets)
    file = layout.airflow / "passwords.json"
    assert secrets.airflow_password in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_schema_is_migrated_once_for_an_airflow_version(tmp_path, monkeypatch):
    layout = Layout(tmp_path)
    layout.make()
    ran, version = [], ["3.3.2"]
    monkeypatch.setattr(airflow, "run_product", lambda *arguments: ran.append(arguments[2:]))
    monkeypatch.setattr(airflow, "_installed_version", lambda _: version[0])
    schema = MetadataSchema(layout)
    assert schema.is_begun_but_not_made
    schema.migrate({})
    schema.migrate({})
    assert not schema.is_begun_but_not_made
    version[0] = "3.4.0"
    schema.migrate({})
    assert ran == [("airflow", "db", "migrate")] * 2


def test_a_failed_command_is_told_with_its_last_words(tmp_path):
    layout = Layout(tmp_path, repository=tmp_path)
    layout.make()
    layout.product_bin.mkdir(parents=True)
    command = layout.product_bin / "landfall"
    command.write_text("#!/bin/sh\necho bucket name is taken\nexit 3\n")
    command.chmod(0o755)
    with pytest.raises(StackError, match=r"landfall deploy failed \(exit 3; .*\):\nbucket name is taken"):
        airflow.run_product(layout, {}, "landfall", "deploy")
