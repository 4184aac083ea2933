"""Sessions and databases: where statements are executed."""
