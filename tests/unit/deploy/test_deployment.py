"""What is to be deployed, in which order, and what is written about it."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from landfall.aws.redshift_serverless import WarehouseLogin
from landfall.deploy import stacks
from landfall.deploy.command import _parameters
from landfall.deploy.environment_file import environment_of, write_environment_file
from landfall.deploy.plan import DeploymentPlan, plan_deployment
from landfall.errors import ContractError, DeploymentError
from landfall.settings import REPOSITORY, Settings


def plan(repository: Path = REPOSITORY, environment: str = "local") -> DeploymentPlan:
    return plan_deployment(environment=environment, platform_parameters={}, stream_parameters={}, repository=repository)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for folder in ("infra", "contracts"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    return tmp_path


def test_there_is_a_stack_a_contract_file_and_no_other() -> None:
    contracts = {path.stem for path in (REPOSITORY / "contracts" / "streams").glob("*.yaml")}
    planned = plan().streams
    assert {stack.parameters["Stream"] for stack in planned} == contracts
    assert "landfall-local-stream-page-views" in {stack.name for stack in planned}


def test_a_new_contract_is_a_new_stack_without_an_edit_of_a_template(repository: Path) -> None:
    contracts = repository / "contracts" / "streams"
    text = (contracts / "customers.yaml").read_text()
    (contracts / "suppliers.yaml").write_text(text.replace("name: customers", "name: suppliers"))
    assert "landfall-local-stream-suppliers" in {stack.name for stack in plan(repository).streams}


def test_a_wrong_contract_stops_the_deployment_at_the_door(repository: Path) -> None:
    (repository / "contracts" / "streams" / "orders.yaml").write_text("kind: DataContract\n")
    with pytest.raises(ContractError, match="orders"):
        plan(repository)


@pytest.mark.parametrize("environment", ["", "Prod", "a", "with-dash", "averyverylongname"])
def test_an_unusable_environment_is_refused(environment: str) -> None:
    with pytest.raises(DeploymentError, match="lower-case"):
        plan(environment=environment)


def test_the_platform_comes_first_and_all_others_are_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def bring_up(*, stack: str, template: str, parameters: Mapping[str, str], say: Callable[[str], None]) -> object:
        made.append(stack)
        if stack.endswith("orders"):
            raise DeploymentError("orders failed")
        return "created", {"LakeBucket": "lake"}

    monkeypatch.setattr(stacks, "bring_up", bring_up)
    with pytest.raises(DeploymentError, match="orders failed"):
        stacks.deploy(plan(), say=lambda line: None)
    assert made[0] == "landfall-local-platform"
    assert set(made[1:]) == {
        plan().walls.name,
        plan().notify.name,
        plan().delivery.name,
        *(stream.name for stream in plan().streams),
    }


def test_the_file_holds_every_setting_and_a_shell_reads_it_back(tmp_path: Path) -> None:
    outputs = {"LakeBucket": "lake", "RedshiftSecretArn": "arn:secret"}
    login = WarehouseLogin(host="h", port=5439, user="u", password="it's $HOME")
    variables = environment_of(environment="local", outputs=outputs, login=login)
    path = tmp_path / "new" / "env"
    write_environment_file(path, variables)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = subprocess.run(
        ["sh", "-c", f". {path}; env"], capture_output=True, text=True, check=True, env={}
    ).stdout.splitlines()
    assert "LANDFALL_REDSHIFT_PASSWORD=it's $HOME" in read
    assert "LANDFALL_REDSHIFT_SECRET_ARN=arn:secret" in read
    assert "LANDFALL_LAKE_BUCKET=lake" in read
    assert "LANDFALL_ENVIRONMENT=local" in read


def test_settings_can_be_read_from_what_a_deployment_writes() -> None:
    names = [name for name in Settings.__dataclass_fields__ if name not in ("environment", "aws_region")]
    outputs = {"".join(word.title() for word in name.split("_")): name for name in names}
    login = WarehouseLogin(host="h", port=1, user="u", password="p")
    variables = environment_of(environment="test", outputs=outputs, login=login)
    settings = Settings.from_environment({**variables, "AWS_REGION": "us-east-1"})
    assert settings.notification_topic_arn == "notification_topic_arn"


def test_a_parameter_is_a_name_and_a_value() -> None:
    assert _parameters(["A=1", "B=x=y"]) == {"A": "1", "B": "x=y"}
    with pytest.raises(DeploymentError, match="NAME=VALUE"):
        _parameters(["A"])
