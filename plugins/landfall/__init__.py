"""Landfall: an exactly-once, audited lake and customer extracts on serverless AWS."""
