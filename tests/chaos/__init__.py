"""Chaos for the load: seeded schedules of several runs that are killed, starved, lied to and overtaken at every step.

The load's own code runs unchanged, and its statements are executed as they are, by DuckDB. What stands for AWS is in
memory, so that one seed takes milliseconds and always gives the same schedule. What must hold at the end is worked out
from the landed bytes by a reader that shares no code with the product.
"""
