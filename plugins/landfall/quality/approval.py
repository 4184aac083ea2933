"""The task in which a human lets a held candidate pass, or not: the decision and its way into the overrides."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param

if TYPE_CHECKING:
    from airflow.sdk import Context

    from landfall.quality.overrides import Override

logger = logging.getLogger(__name__)

LONGEST_WAIT: Final = timedelta(hours=12)
"""How long a publication waits for an answer; then the run fails and readers stay where they are."""

LONGEST_OVERRIDE_HOURS: Final = 720
"""A check that may be broken for longer than a month has the wrong bounds."""


class HeldGateApproval(ApprovalOperator):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Ask a human whether the checks that hold a candidate may be let pass; ask nobody if none does.

    `audited` is what `steps.audit` returned for the group's `gate`. The task waits without a worker. An approval is
    written down as overrides of those checks; a rejection, or no answer in time, fails the task.
    """

    template_fields: Sequence[str] = (*ApprovalOperator.template_fields, "audited")

    def __init__(self, *, gate: str, audited: Any, **kwargs: Any) -> None:
        super().__init__(
            subject=f"Publish although {gate} holds it?",
            params=approval_form(),
            response_timeout=LONGEST_WAIT,
            fail_on_reject=True,
            # The wait is bounded above, and a task that is tried again would ask the same question twice.
            execution_timeout=None,
            retries=0,
            **kwargs,
        )
        self.gate = gate
        self.audited = audited

    def execute(self, context: Context) -> None:
        """Ask and tell the owners, or end at once if no check holds the candidate."""
        held = self.audited["held"]
        if not held:
            logger.info("gate %s holds nothing: nobody is asked", self.gate)
            return
        link = self.generate_link_to_ui_from_context(context=context)
        docs = data_docs_page(link, dag_id=context["ti"].dag_id, run_id=context["run_id"])
        self.body = question(held, data_docs_url=docs)
        _record_held(context, self.audited, link=link)
        _tell(self.subject, f"{self.body}\n\nAnswer at {link}")
        super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Write the approval down and return its overrides; a rejection or an incomplete answer fails the task."""
        answer = super().execute_complete(context, event)
        from landfall.publish import steps
        from landfall.publish.task_context import causes
        from landfall.quality.overrides import record_overrides
        from landfall.quality.results import GateRun, mark_overridden
        from landfall.settings import Settings

        run = {"dag_id": context["ti"].dag_id, "run_id": context["ti"].run_id}
        overrides = decided(answer, self.audited["held"], gate=self.gate, **run)
        bucket = Settings.from_environment().ops_bucket
        record_overrides(overrides, bucket=bucket)
        mark_overridden(
            GateRun(gate=self.gate, engine="", **run),
            {(override.relation, override.expectation): override for override in overrides},
            bucket=bucket,
        )
        steps.record_approved(self.audited["candidate"]["group"], causes=causes(context), run_id=run["run_id"])
        rows = [override.to_row() for override in overrides]
        for row in rows:
            logger.warning("override: %s", row)
        return rows


def approval_form() -> dict[str, Param]:
    """Return what an approval must say: why, and for how long."""
    return {
        "reason": Param(
            None,
            type=["null", "string"],
            minLength=10,
            maxLength=500,
            title="Reason",
            description="Why the data may be published all the same. It is kept, and shown on the gate's page.",
        ),
        "valid_hours": Param(
            24,
            type="integer",
            minimum=1,
            maximum=LONGEST_OVERRIDE_HOURS,
            title="Valid for (hours)",
            description="These checks hold no publication of this group for as long; then a human is asked again.",
        ),
    }


def question(held: Sequence[Mapping[str, Any]], *, data_docs_url: str) -> str:
    """Return the question's body in Markdown: each check that holds, whose it is and why it is there."""
    lines = [f"- `{check['relation']}`: `{check['check']}` (owner: {check['owner']}). {check['why']}" for check in held]
    return "\n".join([*lines, "", f"Data Docs: {data_docs_url}", "", "Without an answer readers stay where they are."])


def data_docs_page(link: str, *, dag_id: str, run_id: str) -> str:
    """Return the address of a run's Data Docs on the server of `link`, which leads to a task of that run."""
    # An address in the bucket is of no use to a human in a browser.
    server = link.partition("/dags/")[0]
    return f"{server}/landfall/data-docs/{quote(dag_id, safe='')}/{quote(run_id, safe='')}/"


def decided(
    answer: Mapping[str, Any], held: Sequence[Mapping[str, Any]], *, gate: str, dag_id: str, run_id: str
) -> list[Override]:
    """Return the overrides that an approval stands for.

    `answer` is what Airflow's HITL operators return. Raises RequestError for one without a person or a reason.
    """
    from landfall.errors import RequestError
    from landfall.quality.overrides import Override

    user, form = answer["responded_by_user"], answer["params_input"]
    if not user or not form.get("reason") or not form.get("valid_hours"):
        raise RequestError("an approval needs a person, a reason and its hours: clear the task and answer again")
    decided_at: datetime = answer["responded_at"]
    return [
        Override(
            gate=gate,
            relation=check["relation"],
            expectation=check["check"],
            decided_by=user["name"],
            reason=str(form["reason"]),
            decided_at=decided_at,
            valid_until=decided_at + timedelta(hours=form["valid_hours"]),
            dag_id=dag_id,
            run_id=run_id,
        )
        for check in held
    ]


def _record_held(context: Context, audited: Mapping[str, Any], *, link: str) -> None:
    """Let whoever waits for the publication know what holds it, where to answer and until when."""
    from landfall.publish import steps
    from landfall.publish.task_context import causes

    until = datetime.now(UTC) + LONGEST_WAIT
    checks = "; ".join(f"{check['relation']}: {check['check']} (owner: {check['owner']})" for check in audited["held"])
    detail = f"{checks}. Answer at {link} before {until:%Y-%m-%d %H:%M} UTC."
    steps.record_held(audited["candidate"]["group"], causes=causes(context), run_id=context["run_id"], detail=detail)


def _tell(subject: str, message: str) -> None:
    from landfall.aws.notifications import notify
    from landfall.settings import Settings

    notify(
        topic_arn=Settings.from_environment().notification_topic_arn, subject=f"Landfall: {subject}", message=message
    )
