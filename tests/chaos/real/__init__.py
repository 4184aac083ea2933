"""Chaos with real processes on the running local cloud: workers are killed, frozen and raced, services fail.

A worker is a process of its own that runs the tasks of ingest_<stream> as they are. The harness strikes it from the
outside of the product: hooks of botocore, put into the worker's session, see each call of AWS before and after it.
"""
