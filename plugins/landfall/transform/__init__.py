"""The models: one `dbt build` a run, and a task of its own for every model that follows it."""
