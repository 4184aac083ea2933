"""ministack run in one process, with what the pipeline finds missing in it mended from outside.

Each module here states which hole it mends and why; ministack's own files are never edited.
"""
