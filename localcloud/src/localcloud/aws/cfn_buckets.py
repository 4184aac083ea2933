"""Bucket settings that ministack's CloudFormation drops: encryption, lifecycle, and the refusal to delete data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3
from ministack.services.cloudformation import provisioners

_RULE_FIELDS = frozenset(
    {
        "Id",
        "Status",
        "Prefix",
        "ExpirationInDays",
        "Transitions",
        "NoncurrentVersionExpiration",
        "AbortIncompleteMultipartUpload",
    }
)


def install() -> None:
    """Let buckets keep BucketEncryption and LifecycleConfiguration, and refuse to delete one that holds objects."""
    provisioners._S3_BUCKET_CONFIGURATIONS += (
        ("BucketEncryption", encryption_xml, _strict(s3._put_bucket_encryption), s3._delete_bucket_encryption),
        ("LifecycleConfiguration", lifecycle_xml, _strict(s3._put_bucket_lifecycle), s3._delete_bucket_lifecycle),
    )
    provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]["delete"] = _delete


def encryption_xml(encryption: Mapping[str, Any]) -> bytes:
    """Return a template's BucketEncryption as the body of PutBucketEncryption."""
    rules = []
    for rule in encryption["ServerSideEncryptionConfiguration"]:
        default = rule["ServerSideEncryptionByDefault"]
        names = {"SSEAlgorithm": "SSEAlgorithm", "KMSMasterKeyID": "KMSMasterKeyID"}
        answer: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": _renamed(default, names)}
        if "BucketKeyEnabled" in rule:
            answer["BucketKeyEnabled"] = rule["BucketKeyEnabled"]
        rules.append(answer)
    return _xml("ServerSideEncryptionConfiguration", {"Rule": rules})


def lifecycle_xml(lifecycle: Mapping[str, Any]) -> bytes:
    """Return a template's LifecycleConfiguration as the body of PutBucketLifecycleConfiguration.

    Raises ValueError for a rule's field that is not understood.
    """
    return _xml("LifecycleConfiguration", {"Rule": [_rule(rule) for rule in lifecycle["Rules"]]})


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(rule) - _RULE_FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(unknown)} of a lifecycle rule is not supported by the local cloud")
    answer: dict[str, Any] = {
        "ID": rule["Id"],
        "Filter": {"Prefix": rule.get("Prefix", "")},
        "Status": rule["Status"],
    }
    if "ExpirationInDays" in rule:
        answer["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "Transitions" in rule:
        names = {"TransitionInDays": "Days", "StorageClass": "StorageClass"}
        answer["Transition"] = [_renamed(transition, names) for transition in rule["Transitions"]]
    for field in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if field in rule:
            answer[field] = rule[field]
    return answer


def _renamed(source: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    unknown = sorted(set(source) - set(names))
    if unknown:
        raise ValueError(f"{', '.join(unknown)} of a bucket's settings is not supported by the local cloud")
    return {names[field]: value for field, value in source.items()}


def _xml(root_name: str, content: Mapping[str, Any]) -> bytes:
    root = Element(root_name, xmlns=s3.S3_NS)
    _fill(root, content)
    return tostring(root, encoding="utf-8")


def _fill(parent: Element, content: Mapping[str, Any]) -> None:
    for name, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            child = SubElement(parent, name)
            if isinstance(item, Mapping):
                _fill(child, item)
            else:
                child.text = str(item).lower() if isinstance(item, bool) else str(item)


def _strict(put: Callable[[str, bytes], tuple[int, Any, Any]]) -> Callable[[str, bytes], None]:
    """Turn an S3 operation that answers with a status into one that raises: ministack ignores the status."""

    def call(bucket: str, body: bytes) -> None:
        status, _, answer = put(bucket, body)
        if status >= 400:
            raise ValueError(f"s3://{bucket}: {answer!r}")

    return call


def _delete(physical_id: str, _properties: Mapping[str, Any]) -> None:
    # ministack would drop the bucket with all its objects.
    status, _, answer = s3._delete_bucket(physical_id)
    if status >= 400 and b"NoSuchBucket" not in answer:
        raise ValueError(f"s3://{physical_id} can't be deleted: {answer.decode()}")
