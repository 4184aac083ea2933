"""The repository's own templates, deployed by CloudFormation's API, take effect to the last property."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from .conftest import AwsProcess
from .engines import Engines, running_engines

INFRA = Path(__file__).parents[3] / "infra"
WAIT = {"Delay": 1, "MaxAttempts": 30}
LANDING = "landfall-local-000000000000-landing"


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with running_engines() as server:
        yield server


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory, engines: Engines) -> Iterator[AwsProcess]:
    process = AwsProcess(tmp_path_factory.mktemp("aws"), engines.endpoint, engines.endpoint)
    engines.calls_back = process.port
    process.start()
    create(process, "platform", (INFRA / "platform.yaml").read_text())
    create(process, "orders", (INFRA / "stream.yaml").read_text(), Stream="orders")
    yield process
    assert process.stop() == 0


def request(stack: str, template: str, parameters: dict[str, str]) -> dict[str, Any]:
    pairs = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    capabilities = ["CAPABILITY_NAMED_IAM"]
    return {"StackName": stack, "TemplateBody": template, "Parameters": pairs, "Capabilities": capabilities}


def create(aws: AwsProcess, stack: str, template: str, **parameters: str) -> None:
    aws.client("cloudformation").create_stack(**request(stack, template, parameters))
    aws.client("cloudformation").get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=WAIT)


def update(aws: AwsProcess, stack: str, template: str, **parameters: str) -> None:
    aws.client("cloudformation").update_stack(**request(stack, template, parameters))
    aws.client("cloudformation").get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=WAIT)


def failures(aws: AwsProcess, stack: str) -> str:
    events = aws.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return " ".join(e.get("ResourceStatusReason", "") for e in events if e["ResourceStatus"] == "CREATE_FAILED")


def test_a_bucket_has_all_that_its_template_says(aws: AwsProcess) -> None:
    s3 = aws.client("s3")
    rules = s3.get_bucket_encryption(Bucket=LANDING)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=LANDING)["Rules"]
    assert rule["Transitions"] == [
        {"Days": 30, "StorageClass": "STANDARD_IA"},
        {"Days": 90, "StorageClass": "GLACIER_IR"},
    ]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert s3.get_bucket_versioning(Bucket=LANDING)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=LANDING)["PublicAccessBlockConfiguration"].values())
    policy = json.loads(s3.get_bucket_policy(Bucket=LANDING)["Policy"])
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_tables_streams_and_queues_have_what_their_templates_say(aws: AwsProcess) -> None:
    dynamodb = aws.client("dynamodb")
    backups = dynamodb.describe_continuous_backups(TableName="landfall-local-ledger")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName="landfall-local-extracts")["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "delete_after"}
    table = dynamodb.describe_table(TableName="landfall-local-ledger")["Table"]
    assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "by_state"
    stream = aws.client("kinesis").describe_stream_summary(StreamName="landfall-local-orders")
    assert stream["StreamDescriptionSummary"]["EncryptionType"] == "KMS"
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName="landfall-local-landed-orders")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] in (5, "5")
    projection = aws.client("glue").get_table(DatabaseName="landing", Name="orders")["Table"]["Parameters"]
    assert projection["storage.location.template"] == f"s3://{LANDING}/orders/dt=${{dt}}/hr=${{hr}}/"


def test_the_engines_get_their_resources_and_the_generated_password(aws: AwsProcess, engines: Engines) -> None:
    workgroup = engines.made["WorkGroup/landfall-local"]["Configuration"]
    assert workgroup["EnforceWorkGroupConfiguration"] is True
    assert workgroup["BytesScannedCutoffPerQuery"] == 1099511627776
    (output,) = [
        output["OutputValue"]
        for output in aws.client("cloudformation").describe_stacks(StackName="platform")["Stacks"][0]["Outputs"]
        if output["OutputKey"] == "RedshiftSecretArn"
    ]
    assert output.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:landfall-local-redshift-admin-")
    secret = json.loads(aws.client("secretsmanager").get_secret_value(SecretId=output)["SecretString"])
    namespace = engines.made["Namespace/landfall-local"]
    assert (namespace["adminUsername"], namespace["adminUserPassword"]) == (secret["username"], secret["password"])
    assert secret["password"].isalnum()
    assert len(secret["password"]) == 32
    assert engines.made["Workgroup/landfall-local"]["baseCapacity"] == 8


def test_an_unchanged_template_is_no_update(aws: AwsProcess) -> None:
    with pytest.raises(ClientError, match="No updates are to be performed"):
        update(aws, "orders", (INFRA / "stream.yaml").read_text(), Stream="orders")


def test_an_update_changes_only_what_changed(aws: AwsProcess, engines: Engines) -> None:
    secret = engines.made["Namespace/landfall-local"]["adminUserPassword"]
    update(aws, "platform", (INFRA / "platform.yaml").read_text(), AthenaScanLimitBytes="20000000")
    changes = engines.made["WorkGroup/landfall-local"]["ConfigurationUpdates"]
    assert changes["BytesScannedCutoffPerQuery"] == 20000000
    assert "OutputLocation" in changes["ResultConfigurationUpdates"]
    assert engines.made["Namespace/landfall-local"]["adminUserPassword"] == secret
    update(aws, "orders", (INFRA / "stream.yaml").read_text(), Stream="orders", FirehoseBufferSeconds="61")
    firehose = aws.client("firehose")
    found = firehose.describe_delivery_stream(DeliveryStreamName="landfall-local-orders")
    destination = found["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert int(destination["BufferingHints"]["IntervalInSeconds"]) == 61


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("AWS::S3::Bucket", {"BucketName": "b", "ReplicationConfiguration": {}}, "ReplicationConfiguration"),
        ("AWS::SNS::Topic", {"TopicName": "t", "KmsMasterKeyId": "k"}, "KmsMasterKeyId"),
        (
            "AWS::S3::Bucket",
            {"LifecycleConfiguration": {"Rules": [{"Id": "r", "Status": "Enabled", "ObjectSizeLessThan": 1}]}},
            "ObjectSizeLessThan",
        ),
    ],
)
def test_a_property_without_effect_fails_the_stack(
    aws: AwsProcess, kind: str, properties: dict[str, Any], reason: str
) -> None:
    template = json.dumps({"Resources": {"It": {"Type": kind, "Properties": properties}}})
    with pytest.raises(WaiterError):
        create(aws, f"refused-{reason}", template)
    assert f"{reason} of" in failures(aws, f"refused-{reason}")


def test_a_type_that_is_not_provided_is_refused_before_anything_is_made(aws: AwsProcess) -> None:
    template = json.dumps({"Resources": {"It": {"Type": "AWS::RDS::DBInstance"}}})
    with pytest.raises(ClientError, match="AWS::RDS::DBInstance"):
        create(aws, "refused-type", template)


def test_a_bucket_that_holds_objects_is_not_deleted_with_its_stack(aws: AwsProcess) -> None:
    create(
        aws,
        "kept",
        json.dumps({"Resources": {"It": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "kept"}}}}),
    )
    aws.client("s3").put_object(Bucket="kept", Key="a", Body=b"a")
    aws.client("cloudformation").delete_stack(StackName="kept")
    with pytest.raises(WaiterError):
        aws.client("cloudformation").get_waiter("stack_delete_complete").wait(StackName="kept", WaiterConfig=WAIT)
    assert aws.client("s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"a"


def test_the_stacks_survive_a_stop(aws: AwsProcess) -> None:
    assert aws.stop() == 0
    aws.start()
    with pytest.raises(ClientError, match="No updates are to be performed"):
        update(aws, "orders", (INFRA / "stream.yaml").read_text(), Stream="orders", FirehoseBufferSeconds="61")
    assert aws.client("s3").get_bucket_lifecycle_configuration(Bucket=LANDING)["Rules"]
