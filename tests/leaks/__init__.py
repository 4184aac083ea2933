"""A search for words that must not be anywhere: secrets, keys, links and rows, in all that a run leaves behind."""
