import subprocess

from localcloud.stack.environment import airflow_client, cloud_client, inherited, read_env_file, write_env_file
from localcloud.stack.layout import Layout
from localcloud.stack.plan import Plan
from localcloud.stack.ports import Ports
from localcloud.stack.secrets import Secrets


def test_the_callers_credentials_and_airflow_settings_do_not_reach_the_stack(tmp_path):
    environ = {"AWS_PROFILE": "production", "AIRFLOW_HOME": "/else", "PYTHONPATH": "/else", "PATH": "/bin"}
    kept = inherited(Layout(tmp_path), environ)
    assert kept["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AIRFLOW_HOME", "PYTHONPATH"} & set(kept)


def test_a_proxy_is_not_asked_for_the_stack_itself(tmp_path):
    assert inherited(Layout(tmp_path), {"NO_PROXY": "example.org"})["NO_PROXY"] == "example.org,127.0.0.1,localhost"


def test_every_process_carries_the_mark_of_its_stack(tmp_path):
    assert inherited(Layout(tmp_path), {})["LANDFALL_STACK"] == str(tmp_path)


def test_each_client_variable_names_the_port_that_it_is_for():
    ports = Ports(aws=1, athena=2, redshift_api=3, redshift=4, airflow=5)
    client = cloud_client(ports) | airflow_client(ports, "secret")
    urls = {name: value for name, value in client.items() if value.startswith("http")}
    assert urls == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_ATHENA": "http://127.0.0.1:2",
        "AWS_ENDPOINT_URL_REDSHIFT_DATA": "http://127.0.0.1:3",
        "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS": "http://127.0.0.1:3",
        "LANDFALL_AIRFLOW_URL": "http://127.0.0.1:5",
        "LANDFALL_API_URL": "http://127.0.0.1:5/landfall/v1",
    }


def test_an_env_file_means_the_same_to_a_shell_and_to_the_reader(tmp_path):
    values = {"PLAIN": "a", "STRANGE": 'it\'s $HOME "and" `more`', "EMPTY": ""}
    file = tmp_path / "env"
    write_env_file(file, values)
    assert read_env_file(file) == values
    script = '. "$0"; printf "%s|%s|%s" "$PLAIN" "$STRANGE" "$EMPTY"'
    heard = subprocess.run(["sh", "-c", script, str(file)], capture_output=True, text=True, check=True).stdout
    assert heard == "|".join(values.values())


def test_an_env_file_is_private(tmp_path):
    write_env_file(tmp_path / "env", {"SECRET": "x"})
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600


def test_secrets_are_made_once_kept_private_and_not_shown(tmp_path):
    file = tmp_path / "secrets.json"
    made = Secrets.load_or_create(file)
    assert Secrets.load_or_create(file) == made
    assert file.stat().st_mode & 0o777 == 0o600
    assert made != Secrets.load_or_create(tmp_path / "other.json")
    assert made.airflow_password not in repr(made)
    assert len(made.jwt_secret) >= 64


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan = Plan(Ports(aws=1), with_airflow=False)
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json") == plan
    assert plan.programs == ("aws", "athena", "redshift")
    assert Plan.load(tmp_path / "none.json") is None
