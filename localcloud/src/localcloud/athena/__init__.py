"""Amazon Athena's API and SQL over the local lake."""
