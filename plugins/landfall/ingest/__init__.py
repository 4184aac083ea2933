"""From landed objects to raw and quarantine rows: nothing lost, nothing twice."""
