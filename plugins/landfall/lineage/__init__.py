"""Where every column comes from, told as OpenLineage events and read back as a graph."""
