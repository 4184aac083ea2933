"""The page docs/reference/local-cloud.md, made from the code it describes."""
