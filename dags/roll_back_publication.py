"""# roll_back_publication

Gives readers of the lake the content of an older published version again, all datasets at once, or releases the lake
after that.

**Starts** by hand. `landfall rollback` does the same from a command line; `landfall published --history` lists the
versions.

**Reads** the publication record and `published.<dataset>__v<N>`. **Writes** a new version with the content of
`to_version`, the publication record (who, why, which versions were withdrawn) and the asset `published_lake`, upon
which `transform_warehouse` builds the warehouse anew from it.

With `hold`, the default, nothing new is published until somebody releases the lake: the marts still hold what was
withdrawn, and the next night would bring it back. Mend the marts, then start this with `"action": "release"`. Even
then a candidate that is a withdrawn version unchanged is refused.

**If it fails**, readers stay where they were, and the task may be cleared.

- `RequestError`: the message says which version or word is wrong.
- `PublicationError ... cannot be read any more`: that version's tables were dropped or its files expired; choose
  another.
- `PublicationError ... another publication moved it`: look at what is current now, and start again if it is
  still wrong.

**Example conf.** `{"to_version": 6, "why": "refunds of 20 November are doubled"}`
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from landfall.assets import published_lake
from landfall.dag_defaults import DEFAULT_ARGS, START_DATE, Tag


@dag(
    schedule=None,
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=[Tag.PUBLISH, Tag.ON_DEMAND],
    params={
        "action": Param("roll_back", type="string", enum=["roll_back", "release"], title="Action"),
        "to_version": Param(
            None, type=["null", "integer"], minimum=1, title="Version", description="The version to go back to."
        ),
        "why": Param(type="string", minLength=5, maxLength=500, title="Why", description="The reason, for the record."),
        "hold": Param(True, type="boolean", title="Hold", description="Publish nothing until the lake is released."),
    },
)
def roll_back_publication() -> None:
    @task.branch
    def choose_action(params: dict[str, Any]) -> str:
        """Roll back, or release."""
        return f"{params['action']}_lake"

    @task(outlets=[published_lake])
    def roll_back_lake(params: dict[str, Any]) -> dict[str, Any]:
        """Move readers to the older version's content."""
        from landfall.publish import rollback_steps

        context = get_current_context()
        moved = rollback_steps.roll_back_lake(
            params, who=context["dag_run"].triggering_user_name or "unknown", run_id=context["run_id"]
        )
        context["outlet_events"][published_lake].extra = moved
        return moved

    @task
    def release_lake(params: dict[str, Any]) -> dict[str, Any]:
        """Let publications pass again."""
        from landfall.publish import rollback_steps

        who = get_current_context()["dag_run"].triggering_user_name or "unknown"
        return rollback_steps.release_lake(params, who=who)

    choose_action() >> [roll_back_lake(), release_lake()]


roll_back_publication()
