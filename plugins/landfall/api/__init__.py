"""The HTTP door: extracts, Data Docs and dbt's documentation. The server it is mounted in decides who may come in."""
