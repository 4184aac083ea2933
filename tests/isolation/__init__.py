"""A hundred customers who try to see each other's extracts by every door there is."""
