"""The tasks of `extract_customer_file` and how they wait."""
