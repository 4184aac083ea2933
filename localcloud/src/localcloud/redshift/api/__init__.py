"""The two JSON APIs: redshift-data and redshift-serverless."""
