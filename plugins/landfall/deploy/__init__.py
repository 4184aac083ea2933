"""Deploy the infrastructure: the platform once, then walls, how customers are told, and a stack a stream contract."""
