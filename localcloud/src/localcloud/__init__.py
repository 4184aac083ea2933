"""The stand-in for AWS on a laptop: ministack with its holes mended, an Athena and a Redshift Serverless."""
