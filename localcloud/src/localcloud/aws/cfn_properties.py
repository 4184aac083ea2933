"""Refuse what a template asks for and nothing here would do: ministack skips properties that it does not know.

The table names the resource types that this region provides and, of each, the properties that take effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services.cloudformation import provisioners

PROPERTIES: dict[str, frozenset[str]] = {
    kind: frozenset(names.split())
    for kind, names in {
        "AWS::Athena::WorkGroup": "Name Description State RecursiveDeleteOption WorkGroupConfiguration Tags",
        "AWS::CloudWatch::Alarm": "AlarmName AlarmDescription Namespace MetricName Dimensions Statistic Period "
        "EvaluationPeriods Threshold ComparisonOperator TreatMissingData AlarmActions OKActions Tags",
        "AWS::DynamoDB::Table": "TableName KeySchema AttributeDefinitions GlobalSecondaryIndexes LocalSecondaryIndexes "
        "BillingMode ProvisionedThroughput StreamSpecification DeletionProtectionEnabled "
        "PointInTimeRecoverySpecification TimeToLiveSpecification Tags",
        "AWS::Events::Rule": "Name Description State EventPattern ScheduleExpression EventBusName RoleArn Targets Tags",
        "AWS::Glue::Database": "CatalogId DatabaseName DatabaseInput",
        "AWS::Glue::Table": "CatalogId DatabaseName Name TableInput",
        "AWS::IAM::ManagedPolicy": "ManagedPolicyName Description Path PolicyDocument Roles",
        "AWS::IAM::Role": "RoleName Path Description AssumeRolePolicyDocument MaxSessionDuration ManagedPolicyArns "
        "Policies Tags",
        "AWS::Kinesis::Stream": "Name StreamModeDetails ShardCount RetentionPeriodHours StreamEncryption Tags",
        "AWS::KMS::Alias": "AliasName TargetKeyId",
        "AWS::KMS::Key": "Description Enabled KeyPolicy KeySpec KeyUsage PendingWindowInDays Tags",
        "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName DeliveryStreamType "
        "KinesisStreamSourceConfiguration ExtendedS3DestinationConfiguration S3DestinationConfiguration Tags",
        "AWS::RedshiftServerless::Namespace": "NamespaceName DbName AdminUsername AdminUserPassword DefaultIamRoleArn "
        "IamRoles",
        "AWS::RedshiftServerless::Workgroup": "WorkgroupName NamespaceName BaseCapacity MaxCapacity PubliclyAccessible",
        "AWS::S3::Bucket": "BucketName BucketEncryption LifecycleConfiguration NotificationConfiguration "
        "PublicAccessBlockConfiguration VersioningConfiguration",
        "AWS::S3::BucketPolicy": "Bucket PolicyDocument",
        "AWS::SNS::Subscription": "TopicArn Protocol Endpoint FilterPolicy FilterPolicyScope RawMessageDelivery",
        "AWS::SNS::Topic": "TopicName DisplayName Subscription Tags",
        "AWS::SNS::TopicPolicy": "Topics PolicyDocument",
        "AWS::SQS::Queue": "QueueName VisibilityTimeout MaximumMessageSize MessageRetentionPeriod DelaySeconds "
        "ReceiveMessageWaitTimeSeconds SqsManagedSseEnabled RedrivePolicy RedriveAllowPolicy Tags",
        "AWS::SQS::QueuePolicy": "Queues PolicyDocument",
        "AWS::SecretsManager::Secret": "Name Description SecretString GenerateSecretString KmsKeyId Tags",
    }.items()
}


def install() -> None:
    """Drop the resource types that are not in the table and check the properties of the others; the last mend."""
    handlers = provisioners._RESOURCE_HANDLERS
    for kind in [kind for kind in handlers if not kind.startswith("AWS::CloudFormation::")]:
        if kind in PROPERTIES:
            handlers[kind]["create"] = _checked(kind, handlers[kind]["create"], position=1)
            handlers[kind]["update"] = _checked(kind, handlers[kind]["update"], position=2)
        else:
            # A template that holds it is refused before anything is made, as one with a misspelt type.
            del handlers[kind]


def check(kind: str, properties: Mapping[str, Any]) -> None:
    """Raise ValueError when a resource of `kind` has a property without effect here."""
    unknown = sorted(set(properties) - PROPERTIES[kind])
    if unknown:
        raise ValueError(f"{', '.join(unknown)} of {kind} is not supported by the local cloud")


def _checked(kind: str, operation: Callable[..., Any], *, position: int) -> Callable[..., Any]:
    def checked(*arguments: Any) -> Any:
        check(kind, arguments[position])
        return operation(*arguments)

    return checked
