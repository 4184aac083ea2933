"""Deploy the infrastructure: the platform once, then how customers are told, and a stack a stream contract."""
