"""What the local cloud does not do, it says."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import AwsProcess


def test_an_engine_asked_at_the_wrong_address_names_the_variable(aws: AwsProcess) -> None:
    with pytest.raises(ClientError, match="AWS_ENDPOINT_URL_ATHENA"):
        aws.client("athena").list_work_groups()


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("rds", "describe_db_instances"),
        ("acm", "list_certificates"),
        ("batch", "describe_job_queues"),
        ("ec2", "describe_vpcs"),
    ],
)
def test_a_service_that_is_not_provided_is_refused(aws: AwsProcess, service: str, operation: str) -> None:
    with pytest.raises(ClientError, match="not supported by the local cloud"):
        getattr(aws.client(service), operation)()


def test_a_glue_operation_that_is_not_provided_is_refused(aws: AwsProcess) -> None:
    with pytest.raises(ClientError, match="SearchTables"):
        aws.client("glue").search_tables()
