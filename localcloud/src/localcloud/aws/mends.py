"""Everything that is mended in ministack, in one list."""

from __future__ import annotations

from pathlib import Path

from localcloud.aws import (
    cfn_buckets,
    cfn_data,
    cfn_engines,
    cfn_interrupted,
    cfn_properties,
    cfn_secrets,
    glue_catalog,
    kinesis_records,
    kms_keys,
    s3_files,
    s3_kms,
    s3_memory,
    s3_ranges,
    sts_trust,
)


def install(*, state_dir: Path, athena_endpoint: str, redshift_endpoint: str) -> None:
    """Mend ministack; call once, after `environment.prepare` of the same `state_dir` and before it serves."""
    s3_files.install(state_dir / "s3-writing")
    s3_memory.install()
    s3_ranges.install()
    s3_kms.install()
    sts_trust.install()
    kinesis_records.install(state_dir / "kinesis")
    glue_catalog.install()
    kms_keys.install()
    cfn_buckets.install()
    cfn_data.install()
    cfn_secrets.install()
    cfn_engines.install(athena_endpoint=athena_endpoint, redshift_endpoint=redshift_endpoint)
    cfn_properties.install()
    cfn_interrupted.install()
