"""Running statements."""
