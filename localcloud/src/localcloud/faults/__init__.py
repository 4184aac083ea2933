"""Faults on demand: rules that make a process of the local cloud fail as its service can, seeded and counted.

A rule is added at `POST /_localcloud/faults` of the process that is to fail, or by `localcloud fault add`.
"""
