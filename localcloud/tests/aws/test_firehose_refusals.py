"""A delivery stream that could not be served exactly is refused when it is made."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import AwsProcess
from .test_firehose import destination


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"CompressionFormat": "Snappy"}, "Snappy"),
        ({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 901}}, "IntervalInSeconds"),
        ({"DynamicPartitioningConfiguration": {"Enabled": True}}, "DynamicPartitioning"),
        ({"Prefix": "a/!{partitionKeyFromQuery:customer}/"}, "partitionKeyFromQuery"),
        ({"ErrorOutputPrefix": "errors/"}, "error-output-type"),
        ({"ProcessingConfiguration": {"Enabled": True, "Processors": [{"Type": "Lambda"}]}}, "Lambda"),
    ],
)
def test_what_would_be_ignored_is_refused(aws: AwsProcess, change: dict[str, Any], word: str) -> None:
    with pytest.raises(ClientError, match=word):
        aws.client("firehose").create_delivery_stream(
            DeliveryStreamName="orders", ExtendedS3DestinationConfiguration=destination(**change)
        )
