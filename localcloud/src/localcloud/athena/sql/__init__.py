"""Athena's SQL, which is Trino's, as DuckDB's."""
