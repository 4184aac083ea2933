"""docker-compose.yml without Docker. localcloud/tests/compose runs its services as processes."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
SCHEMA = Path(__file__).with_name("compose-spec.json")
TEXT = (REPOSITORY / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
ONE_SHOT = {"deploy", "models", "migrate"}
PINNED = re.compile(r"[a-z-]+:\d+\.\d+(\.\d+)?(-[a-z]+)*")


def schema_errors(document):
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document)]


def test_it_is_what_the_compose_specification_asks_for():
    assert schema_errors(COMPOSE) == []


def test_the_schema_rejects_a_misspelt_key():
    wrong = COMPOSE | {"services": SERVICES | {"aws": SERVICES["aws"] | {"comand": ["python"]}}}
    assert schema_errors(wrong)


def test_every_part_of_the_system_is_a_service():
    parts = {"api-server", "extract-api", "scheduler", "dag-processor", "triggerer", "worker", "postgres", "redis"}
    assert set(SERVICES) == parts | {"aws", "athena", "redshift"} | ONE_SHOT


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_pinned_by_version(name):
    assert PINNED.fullmatch(SERVICES[name]["image"])


def test_the_images_that_are_built_start_from_a_pinned_one():
    lines = [line.split() for line in (REPOSITORY / "Dockerfile").read_text().splitlines() if line.startswith("FROM")]
    stages = {line[3] for line in lines}
    assert PINNED.fullmatch(lines[0][1])
    assert {line[1] for line in lines[1:]} == {"base"}
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} <= stages


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_every_service_that_stays_has_a_health_check_and_is_started_again(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_every_published_port_is_on_the_loopback_interface():
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_secret_must_be_given():
    secrets = [match for match in re.findall(r"\$\{([^}]+)\}", TEXT) if re.search("PASSWORD|SECRET|KEY", match)]
    assert len(secrets) > 5
    assert all(":?" in secret for secret in secrets)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_is_written_out(name):
    values = SERVICES[name].get("environment", {})
    written = {
        key: value
        for key, value in values.items()
        if re.search("PASSWORD$|SECRET|FERNET|AUTH$", key) and "${" not in value
    }
    # The emulated AWS takes any credentials, so these are none.
    assert written == ({"AWS_SECRET_ACCESS_KEY": "test"} if "AWS_SECRET_ACCESS_KEY" in values else {})


def test_what_customers_reach_knows_no_secret_of_airflows():
    served = SERVICES["extract-api"]
    assert [name for name in served["environment"] if re.search("PASSWORD|SECRET|KEY|AIRFLOW__", name)] == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "LANDFALL_AIRFLOW_PASSWORD",
    ]
    assert "${LANDFALL_API_PASSWORD" in served["environment"]["LANDFALL_AIRFLOW_PASSWORD"]
    assert "extract-api:user" in SERVICES["api-server"]["environment"]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]


def test_services_wait_for_what_they_need():
    for name, service in SERVICES.items():
        for needed, when in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert when["condition"] == wanted, f"{name} waits for {needed}"
