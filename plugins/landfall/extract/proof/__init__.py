"""What proves an extract: the manifest, its signature, and the check that a customer makes."""
