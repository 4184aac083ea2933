"""A Redshift Serverless for the local cloud: PostgreSQL wire, redshift-data and redshift-serverless over DuckDB."""
