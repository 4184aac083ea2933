import socket

import pytest
from localcloud.stack.errors import StackError
from localcloud.stack.ports import Ports


def test_the_defaults_are_those_of_the_documentation():
    assert Ports.from_environment({}) == Ports(aws=4566, athena=4567, redshift_api=4568, redshift=5439, airflow=8080)


def test_an_offset_moves_every_port_and_a_variable_just_its_own():
    ports = Ports.from_environment({"LANDFALL_PORT_OFFSET": "100", "LANDFALL_AIRFLOW_PORT": "9000"})
    assert ports == Ports(aws=4666, athena=4667, redshift_api=4668, redshift=5539, airflow=9100)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"LANDFALL_AWS_PORT": "http"}, "LANDFALL_AWS_PORT='http' is not a whole number"),
        ({"LANDFALL_PORT_OFFSET": "70000"}, "choose a port from 1 to 65535"),
        ({"LANDFALL_AWS_PORT": "0"}, "LANDFALL_AWS_PORT"),
    ],
)
def test_a_wrong_port_is_refused_by_the_name_of_its_variable(environ, words):
    with pytest.raises(StackError, match=words):
        Ports.from_environment(environ)


def test_free_ports_are_all_different_and_can_be_listened_on():
    ports = Ports.free()
    assert len(set(vars(ports).values())) == len(vars(ports))
    assert list(ports.busy()) == []


def test_a_busy_port_is_named_with_its_variable_and_its_holder():
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", ports.redshift)):
        (sentence,) = ports.busy()
    assert f"port {ports.redshift} is busy (held by process" in sentence
    assert "set LANDFALL_REDSHIFT_PORT (or LANDFALL_PORT_OFFSET)" in sentence
