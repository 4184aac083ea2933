"""The only modules that talk to AWS; everything else is given their results."""
