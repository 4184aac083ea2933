"""Sessions share what they know of services, never their credentials."""

from __future__ import annotations

import pytest
from botocore.credentials import Credentials
from landfall.aws import clients
from landfall.aws.clients import acting_as, client, new_session


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {"AWS_ACCESS_KEY_ID": "ours", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-west-1"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clients, "_of_process", clients._Clients(new_session))


def signs_as(session_client: object) -> str:
    """Return the access key in the signature of a link that the client makes."""
    link = session_client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})  # type: ignore[attr-defined]
    return str(link).partition("X-Amz-Credential=")[2].partition("%2F")[0]


def test_each_session_signs_with_its_own_credentials_and_the_process_with_those_of_the_environment() -> None:
    first, second = (acting_as(new_session(Credentials(name, "secret", "token"))) for name in ("first", "second"))
    signed = []
    for session in (first, second, first):
        with session:
            signed.append(signs_as(client("s3")))
    signed.append(signs_as(client("s3")))
    assert signed == ["first", "second", "first", "ours"]
    assert clients._pattern()._session._credentials is None  # type: ignore[attr-defined]


def test_a_hook_of_one_sessions_client_is_not_another_ones() -> None:
    called: list[str] = []
    hooked, other = (new_session(Credentials(name, "secret")).client("s3") for name in ("a", "b"))
    hooked.meta.events.register("before-sign.s3", lambda **_: called.append("hooked"))
    signs_as(other)
    assert called == []
    signs_as(hooked)
    assert called == ["hooked"]
