"""Objects that S3 encrypts with a key of KMS: what it tells of them, and what it refuses without the key."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from .conftest import AwsProcess

OWN, FOREIGN = "000000000000", "111111111111"
BUCKET = "extracts"
MEBIBYTE = 2**20


def _client(aws: AwsProcess, service: str, account: str = OWN) -> Any:
    """Return a client of an account: a key of twelve digits is its administrator."""
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test" if account == OWN else account,
        aws_secret_access_key="test",
    )


def _key(aws: AwsProcess, account: str = OWN, **policy: Any) -> str:
    """Make a symmetric key and return its ARN."""
    kms = _client(aws, "kms", account)
    return str(kms.create_key(**policy)["KeyMetadata"]["Arn"])


def _sse(key: str) -> dict[str, str]:
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def _shared_with(principal: str, **condition: Any) -> dict[str, str]:
    """Return the policy of a key that its account administers and `principal` may use."""
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{FOREIGN}:root"}, "Action": "kms:*"}
    guest = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]}
    statements = [{**owner, "Resource": "*"}, {**guest, "Resource": "*", **condition}]
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}


@pytest.fixture(scope="module")
def s3(aws: AwsProcess) -> Iterator[Any]:
    client = _client(aws, "s3")
    client.create_bucket(Bucket=BUCKET)
    yield client


def test_the_answers_name_the_key_by_its_arn(aws: AwsProcess, s3: Any) -> None:
    arn = _key(aws)
    alias = "alias/customer"
    _client(aws, "kms").create_alias(AliasName=alias, TargetKeyId=arn)
    for number, name in enumerate([arn, arn.rpartition("/")[2], alias]):
        put = s3.put_object(Bucket=BUCKET, Key=f"named-{number}", Body=b"x", **_sse(name))
        head = s3.head_object(Bucket=BUCKET, Key=f"named-{number}")
        got = s3.get_object(Bucket=BUCKET, Key=f"named-{number}")
        for answer in (put, head, got):
            assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", arn)
        assert got["Body"].read() == b"x"


def test_a_copy_is_encrypted_as_it_says_and_not_as_its_source(aws: AwsProcess, s3: Any) -> None:
    first, second = _key(aws), _key(aws)
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"x", **_sse(first))
    source = {"Bucket": BUCKET, "Key": "source"}
    s3.copy_object(Bucket=BUCKET, Key="other-key", CopySource=source, **_sse(second))
    s3.copy_object(Bucket=BUCKET, Key="no-key", CopySource=source)
    s3.copy_object(Bucket=BUCKET, Key="source", CopySource=source, **_sse(second))
    assert s3.head_object(Bucket=BUCKET, Key="other-key")["SSEKMSKeyId"] == second
    assert "SSEKMSKeyId" not in s3.head_object(Bucket=BUCKET, Key="no-key")
    assert s3.head_object(Bucket=BUCKET, Key="source")["SSEKMSKeyId"] == second


def test_an_upload_in_parts_is_encrypted_and_needs_the_key_for_each_part(aws: AwsProcess, s3: Any) -> None:
    arn = _key(aws)
    transfer = boto3.s3.transfer.TransferConfig(multipart_threshold=5 * MEBIBYTE)  # type: ignore[attr-defined]
    body = io.BytesIO(b"x" * 6 * MEBIBYTE)
    s3.upload_fileobj(body, BUCKET, "parts", ExtraArgs=_sse(arn), Config=transfer)
    assert s3.head_object(Bucket=BUCKET, Key="parts")["SSEKMSKeyId"] == arn
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="cut", **_sse(arn))["UploadId"]
    part = {"Bucket": BUCKET, "Key": "cut", "UploadId": upload, "PartNumber": 1, "Body": b"x"}
    s3.upload_part(**part)
    _client(aws, "kms").disable_key(KeyId=arn)
    assert _code(lambda: s3.upload_part(**part)) == "KMS.DisabledException"


def test_without_the_key_nothing_is_written_copied_or_read_but_told_of(aws: AwsProcess, s3: Any) -> None:
    arn = _key(aws)
    s3.put_object(Bucket=BUCKET, Key="locked", Body=b"x", **_sse(arn))
    kms = _client(aws, "kms")
    calls: dict[str, Callable[[], Any]] = {
        "put": lambda: s3.put_object(Bucket=BUCKET, Key="new", Body=b"x", **_sse(arn)),
        "copy to": lambda: s3.copy_object(
            Bucket=BUCKET, Key="new", CopySource={"Bucket": BUCKET, "Key": "no-key"}, **_sse(arn)
        ),
        "copy from": lambda: s3.copy_object(Bucket=BUCKET, Key="new", CopySource={"Bucket": BUCKET, "Key": "locked"}),
        "get": lambda: s3.get_object(Bucket=BUCKET, Key="locked"),
        "parts": lambda: s3.create_multipart_upload(Bucket=BUCKET, Key="new", **_sse(arn)),
    }
    s3.put_object(Bucket=BUCKET, Key="no-key", Body=b"x")
    kms.disable_key(KeyId=arn)
    assert {_code(call) for call in calls.values()} == {"KMS.DisabledException"}
    assert s3.head_object(Bucket=BUCKET, Key="locked")["SSEKMSKeyId"] == arn
    kms.enable_key(KeyId=arn)
    assert s3.get_object(Bucket=BUCKET, Key="locked")["Body"].read() == b"x"
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert {_code(call) for call in calls.values()} == {"KMS.KMSInvalidStateException"}
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="new")


def test_a_key_that_is_none_or_of_another_kind_is_refused(aws: AwsProcess, s3: Any) -> None:
    signing = _key(aws, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    none = f"arn:aws:kms:us-east-1:{OWN}:key/0f8fad5b-d9cb-469f-a165-70867728950e"
    elsewhere = _key(aws).replace("us-east-1", "eu-west-1")

    def put(key: str) -> str:
        return _code(lambda: s3.put_object(Bucket=BUCKET, Key="refused", Body=b"x", **_sse(key)))

    assert [put(key) for key in (none, elsewhere, "alias/none")] == ["KMS.NotFoundException"] * 3
    assert put(signing) == "KMS.InvalidKeyUsageException"


def test_another_accounts_key_opens_to_whom_its_policy_names(aws: AwsProcess, s3: Any) -> None:
    closed = _key(aws, FOREIGN)
    shared = _key(aws, FOREIGN, **_shared_with(f"arn:aws:iam::{OWN}:root"))
    through = {"Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}}
    conditional = _key(aws, FOREIGN, **_shared_with(f"arn:aws:iam::{OWN}:root", **through))
    other = {"Condition": {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}}
    for_others = _key(aws, FOREIGN, **_shared_with(f"arn:aws:iam::{OWN}:root", **other))
    for key in (shared, conditional):
        s3.put_object(Bucket=BUCKET, Key="shared", Body=b"x", **_sse(key))
        assert s3.get_object(Bucket=BUCKET, Key="shared")["Body"].read() == b"x"
    for key in (closed, for_others):
        call = lambda key=key: s3.put_object(Bucket=BUCKET, Key="closed", Body=b"x", **_sse(key))  # noqa: E731
        assert _code(call) == "AccessDenied"


def test_a_bucket_that_is_not_whose_it_should_be_is_not_written_to(aws: AwsProcess, s3: Any) -> None:
    request = {"Bucket": BUCKET, "Key": "whose", "Body": b"x"}
    assert _code(lambda: s3.put_object(**request, ExpectedBucketOwner=FOREIGN)) == "AccessDenied"
    s3.put_object(**request, ExpectedBucketOwner=OWN)


@pytest.fixture(scope="module")
def role(aws: AwsProcess) -> str:
    """The ARN of a role of another account that our account may assume with an external id."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "agreed"}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = _client(aws, "iam", FOREIGN).create_role(RoleName="delivery", AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


@pytest.mark.parametrize("external_id", [{}, {"ExternalId": "guessed"}])
def test_a_role_that_asks_for_an_external_id_opens_to_no_other(
    aws: AwsProcess, role: str, external_id: dict[str, str]
) -> None:
    sts = _client(aws, "sts")
    assert _code(lambda: sts.assume_role(RoleArn=role, RoleSessionName="run-1", **external_id)) == "AccessDenied"


def test_a_role_opens_to_whom_it_trusts_with_its_external_id_alone(aws: AwsProcess, role: str) -> None:
    asked = {"RoleSessionName": "run-1", "ExternalId": "agreed"}
    stranger = _client(aws, "sts", "222222222222")
    assert _code(lambda: stranger.assume_role(RoleArn=role, **asked)) == "AccessDenied"
    sts = _client(aws, "sts")
    assert _code(lambda: sts.assume_role(RoleArn=f"{role}-none", **asked)) == "AccessDenied"
    found = sts.assume_role(RoleArn=role, **asked)["Credentials"]
    session = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], "us-east-1")
    who = session.client("sts", endpoint_url=aws.endpoint).get_caller_identity()
    assert who["Account"] == FOREIGN
    # And its buckets are that account's.
    session.client("s3", endpoint_url=aws.endpoint).create_bucket(Bucket="of-the-customer")
    assert _code(lambda: _client(aws, "s3").put_object(Bucket="of-the-customer", Key="x")) == "AccessDenied"


def test_what_was_encrypted_names_its_key_after_a_restart(tmp_path: Path) -> None:
    process = AwsProcess(tmp_path / "state")
    process.start()
    arn = _key(process)
    _client(process, "s3").create_bucket(Bucket=BUCKET)
    _client(process, "s3").put_object(Bucket=BUCKET, Key="kept", Body=b"x", **_sse(arn))
    assert process.stop() == 0
    process.start()
    head = _client(process, "s3").head_object(Bucket=BUCKET, Key="kept")
    assert process.stop() == 0
    assert head["SSEKMSKeyId"] == arn
