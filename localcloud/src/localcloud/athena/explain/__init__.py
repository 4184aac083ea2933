"""EXPLAIN: the plan of a query in the forms that Trino prints."""
