"""Deploy the infrastructure: the platform once, then a stack a stream contract."""
