"""The models: one `dbt build` a run, and a task of its own for every model that follows it."""

from landfall.transform.group import dbt_models

__all__ = ["dbt_models"]
