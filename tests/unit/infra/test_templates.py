"""What every template keeps, whoever edits it: narrow roles, private and bounded buckets, and a clean linter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml
from landfall.aws.cloudformation import MAX_TEMPLATE_BYTES
from landfall.extract.delivery.destination import ROLE_PREFIX, new_destination
from landfall.settings import REPOSITORY, Settings

from tests.unit.extract.test_delivery import GOOD

TEMPLATES = sorted((REPOSITORY / "infra").glob("*.yaml"))
PLATFORM, NOTIFY, WALLS, DELIVERY = (
    REPOSITORY / "infra" / f"{name}.yaml" for name in ("platform", "notify", "walls", "delivery")
)
ONE_RESOURCE_ONLY = {
    "redshift-data:CancelStatement",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
}
"""Actions that know no resource (the service authorization reference); a condition must narrow them instead."""


def resources(path: Path, kind: str) -> dict[str, dict[str, Any]]:
    found = cfn_yaml.load(str(path))["Resources"]
    return {name: resource["Properties"] for name, resource in found.items() if resource["Type"] == kind}


def statements(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every statement of every role and managed policy with the name of its resource."""
    for name, role in resources(path, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, policy in resources(path, "AWS::IAM::ManagedPolicy").items():
        yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    run = subprocess.run([str(linter), *map(str, TEMPLATES)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_fits_into_a_request(path: Path) -> None:
    assert len(path.read_bytes()) <= MAX_TEMPLATE_BYTES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_role_has_a_star_action(path: Path) -> None:
    found = list(statements(path))
    assert found
    for name, statement in found:
        assert statement["Effect"] == "Allow"
        assert not [action for action in listed(statement["Action"]) if "*" in action], name


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_every_resource_is_named_or_its_action_is_bound_by_a_condition(path: Path) -> None:
    for name, statement in statements(path):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= ONE_RESOURCE_ONLY, (name, statement["Sid"])
            assert statement["Condition"], (name, statement["Sid"])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_role_can_be_assumed_by_somebody_named(path: Path) -> None:
    for name, role in resources(path, "AWS::IAM::Role").items():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert statement["Principal"] != "*", name
            if "Service" in statement["Principal"]:
                assert "aws:SourceAccount" in statement["Condition"]["StringEquals"], name


def test_every_bucket_is_encrypted_private_and_bounded() -> None:
    buckets = resources(PLATFORM, "AWS::S3::Bucket")
    assert len(buckets) == 4
    for name, bucket in buckets.items():
        rules = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], name
        block = bucket["PublicAccessBlockConfiguration"]
        assert len(block) == 4, name
        assert all(block.values()), name
        lifecycle = bucket["LifecycleConfiguration"]["Rules"]
        assert any("AbortIncompleteMultipartUpload" in rule for rule in lifecycle), name
        assert all(rule["Status"] == "Enabled" for rule in lifecycle), name


def test_every_bucket_takes_tls_only() -> None:
    policies = resources(PLATFORM, "AWS::S3::BucketPolicy").values()
    bound = {policy["Bucket"]["Ref"] for policy in policies}
    assert bound == set(resources(PLATFORM, "AWS::S3::Bucket"))
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert len(statement["Resource"]) == 2  # the bucket and its objects


def test_extract_files_expire_and_landed_objects_never_do() -> None:
    buckets = resources(PLATFORM, "AWS::S3::Bucket")
    expiring = [
        rule for rule in buckets["ExtractsBucket"]["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule
    ]
    # The public keys in signing-keys/ must outlive what was signed.
    assert {rule["Prefix"] for rule in expiring} == {"cus_"}
    assert all(rule["ExpirationInDays"] == {"Ref": "ExtractRetentionDays"} for rule in expiring)
    assert not any("ExpirationInDays" in rule for rule in buckets["LandingBucket"]["LifecycleConfiguration"]["Rules"])


def test_what_holds_data_or_signs_it_outlives_its_stack() -> None:
    kinds = {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::RedshiftServerless::Namespace", "AWS::KMS::Key"}
    for name, resource in cfn_yaml.load(str(PLATFORM))["Resources"].items():
        if resource["Type"] in kinds:
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
            assert resource["UpdateReplacePolicy"] == "Retain", name


def test_the_stacks_of_an_environment_give_every_setting_that_is_not_an_address() -> None:
    outputs = {output for path in (PLATFORM, NOTIFY, WALLS, DELIVERY) for output in cfn_yaml.load(str(path))["Outputs"]}
    given_otherwise = {"environment", "aws_region"}
    needed = set(Settings.__dataclass_fields__) - given_otherwise
    assert {"".join(word.title() for word in name.split("_")) for name in needed} <= outputs


def test_the_landing_table_reads_the_prefix_that_firehose_writes() -> None:
    stream = REPOSITORY / "infra" / "stream.yaml"
    (delivery,) = resources(stream, "AWS::KinesisFirehose::DeliveryStream").values()
    prefix = delivery["ExtendedS3DestinationConfiguration"]["Prefix"]["Fn::Sub"]
    table = resources(stream, "AWS::Glue::Table")["LandingTable"]
    template = table["TableInput"]["Parameters"]["storage.location.template"]["Fn::Sub"][0]
    written = prefix.replace("!{timestamp:yyyy-MM-dd}", "${!dt}").replace("!{timestamp:HH}", "${!hr}")
    assert template == "s3://${Bucket}/" + written


def test_only_the_extract_role_signs_and_only_with_the_signing_key() -> None:
    signing = [(name, found) for name, found in statements(PLATFORM) if "kms:Sign" in listed(found["Action"])]
    ((name, statement),) = signing
    assert name == "ExtractRole"
    assert statement["Resource"] == {"Fn::GetAtt": ["SigningKey", "Arn"]}
    assert statement["Condition"] == {"StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_256"}}


def test_customers_keys_are_used_through_s3_for_extracts_and_never_one_of_ours() -> None:
    found = [each for _, each in statements(DELIVERY) if any("kms:" in action for action in listed(each["Action"]))]
    assert len(found) == 2
    for statement in found:
        assert set(listed(statement["Action"])) <= {"kms:Decrypt", "kms:GenerateDataKey"}
        condition = statement["Condition"]
        assert condition["StringEquals"]["kms:ViaService"]["Fn::Sub"].startswith("s3.")
        assert condition["StringNotEquals"] == {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}
        place = condition["StringLike"]["kms:EncryptionContext:aws:s3:arn"]["Fn::Sub"]
        assert place.endswith("-${AWS::AccountId}-extracts*")


def test_customers_roles_are_assumed_with_an_external_id_of_ours_and_never_one_of_ours() -> None:
    (statement,) = [each for _, each in statements(DELIVERY) if each["Action"] == "sts:AssumeRole"]
    assert statement["Resource"]["Fn::Sub"].endswith(f":role/{ROLE_PREFIX}*")
    made = new_destination(**GOOD)
    agreed = statement["Condition"]["StringLike"]["sts:ExternalId"]["Fn::Sub"].replace("${Environment}", "local")
    assert fnmatchcase(str(made.external_id), agreed) and agreed != "*"
    assert statement["Condition"]["StringNotEquals"] == {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}


def test_no_role_of_the_pipeline_writes_the_register_of_destinations() -> None:
    found = [
        each for _, each in statements(DELIVERY) if any("dynamodb:" in action for action in listed(each["Action"]))
    ]
    assert [listed(each["Action"]) for each in found] == [["dynamodb:GetItem"]]
