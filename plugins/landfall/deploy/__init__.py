"""Deploy the infrastructure: the platform once, then what stands on it, and a stack a stream contract."""
