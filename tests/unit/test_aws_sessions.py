"""Every request is signed as whom the caller acts as, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from landfall.aws import clients, s3, sts
from landfall.aws.clients import acting_as, client, new_session

FIRST, SECOND = (acting_as(Credentials(name, "secret", "token")) for name in ("first", "second"))
ANSWER = b"<Answer><UploadId>u</UploadId><ETag>e</ETag><CopyPartResult/></Answer>"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {"AWS_ACCESS_KEY_ID": "ours", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-west-1"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clients, "_of_process", clients._Clients())


@pytest.fixture
def signed(environment: None) -> Iterator[list[tuple[str, str]]]:
    """Each request to S3, which answers whatever is asked: its operation, and the access key that signed it."""
    found: list[tuple[str, str]] = []

    def answer(request: AWSRequest, event_name: str, **_: object) -> Any:
        signature = str(request.headers["Authorization"])
        found.append((event_name.rpartition(".")[2], signature.partition("Credential=")[2].partition("/")[0]))
        size = {"ETag": "e", "Content-Length": str(2**31) if request.method == "HEAD" else str(len(ANSWER))}
        return AWSResponse(request.url, 200, size, SimpleNamespace(stream=lambda: [ANSWER]))

    client("s3").meta.events.register("before-send.s3", answer)
    yield found


def signs_as() -> str:
    """Return the access key in the signature of a link."""
    link = s3.presign(bucket="b", key="k", expires_seconds=60)
    return link.partition("X-Amz-Credential=")[2].partition("%2F")[0]


def test_one_client_signs_as_whom_the_caller_acts_and_else_as_the_process() -> None:
    made, signed = client("s3"), []
    with FIRST:
        signed.append(signs_as())
        with SECOND:
            signed.append(signs_as())
        signed.append(signs_as())
        assert client("s3") is made
    signed.append(signs_as())
    assert signed == ["first", "second", "first", "ours"]


def test_what_takes_several_requests_is_signed_by_one(tmp_path: Path, signed: list[tuple[str, str]]) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(20 * 2**20))
    with FIRST:
        s3.upload_file(large, bucket="b", key="k")
        s3.copy_object(bucket="b", source="s", target="t")
    operations = [operation for operation, _ in signed]
    assert operations.count("UploadPart") == 3 and operations.count("UploadPartCopy") == 4
    assert {key for _, key in signed} == {"first"}


def test_who_has_no_credentials_signs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoCredentialsError):
        clients._Signing(None).get_frozen_credentials()


def test_a_session_is_fetched_anew_by_who_opened_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def assume_role(**told: Any) -> dict[str, Any]:
        asked.append((clients._acting.get(), told["RoleArn"]))
        # It is fetched anew when ten minutes are left.
        ends = datetime.now(UTC) + timedelta(minutes=5)
        keys = {"AccessKeyId": f"key{len(asked)}", "SecretAccessKey": "s", "SessionToken": "t"}
        return {"Credentials": {**keys, "Expiration": ends}}

    monkeypatch.setattr(sts, "client", lambda _: SimpleNamespace(assume_role=assume_role))
    with FIRST:
        opened = sts.narrowed("arn:aws:iam::000000000000:role/r", policy={}, name="n")
    with SECOND, opened:
        assert signs_as() == "key2"
    assert [role for _, role in asked] == ["arn:aws:iam::000000000000:role/r"] * 2
    assert [found.access_key for found, _ in asked] == ["first", "first"]


def test_a_hook_of_one_sessions_client_is_not_another_ones() -> None:
    called: list[str] = []
    hooked, other = (new_session(Credentials(name, "secret")).client("s3") for name in ("a", "b"))
    hooked.meta.events.register("before-sign.s3", lambda **_: called.append("hooked"))
    told = {"Params": {"Bucket": "b", "Key": "k"}}
    other.generate_presigned_url("get_object", **told)
    assert called == []
    hooked.generate_presigned_url("get_object", **told)
    assert called == ["hooked"]
