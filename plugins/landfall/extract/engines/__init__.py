"""How engines cut an extract: statements, credentials and walls, and attempts that outlive a worker."""
