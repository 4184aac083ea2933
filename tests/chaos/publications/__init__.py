"""Histories of publications: publishers that die anywhere, run twice and at once, gates that fail, readers all along.

`history` plays them in memory, where each call of AWS is a crash point; `real` on the running local cloud.
"""
