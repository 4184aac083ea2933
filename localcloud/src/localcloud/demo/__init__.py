"""The independent witness: sends events, keeps its own account of them, and holds the pipeline to it.

Nothing here imports the product or the local cloud's engines: what the pipeline says is compared with what was sent.
"""
