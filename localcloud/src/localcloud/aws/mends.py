"""Everything that is mended in ministack, in one list."""

from __future__ import annotations

from localcloud.aws import cfn_buckets, cfn_data, cfn_engines, cfn_properties, cfn_secrets, glue_catalog, s3_memory


def install(*, athena_endpoint: str, redshift_endpoint: str) -> None:
    """Mend ministack; call once, after `environment.prepare` and before it serves."""
    s3_memory.install()
    glue_catalog.install()
    cfn_buckets.install()
    cfn_data.install()
    cfn_secrets.install()
    cfn_engines.install(athena_endpoint=athena_endpoint, redshift_endpoint=redshift_endpoint)
    cfn_properties.install()
