"""Redshift SQL: splitting, understanding and translating it to DuckDB."""
