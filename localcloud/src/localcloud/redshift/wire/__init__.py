"""The PostgreSQL v3 wire protocol as Redshift speaks it."""
