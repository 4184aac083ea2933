"""What is changed in data and models, one change at a time, to see which check says so before anybody reads it.

`make mutations` plays them on the running local cloud by the product's own steps: load, raw gate, dbt, candidate gate.
"""
