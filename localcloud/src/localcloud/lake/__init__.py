"""The lake both engines share: DuckDB over S3, tables kept in Glue, Hive and Iceberg storage."""
