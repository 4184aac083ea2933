"""Carry a deployment plan out."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from landfall.aws.cloudformation import bring_up
from landfall.deploy.plan import DeploymentPlan, StackPlan

_AT_ONCE = 8


def deploy(plan: DeploymentPlan, *, say: Callable[[str], None]) -> dict[str, str]:
    """Create or update every stack of `plan` and return what the pipeline is to know; `say` is given a line a step.

    Repeatable: a stack that is as planned stays untouched. Raises DeploymentError with the first stack's reason when
    one fails; the others are brought to their end first, so that nothing is left half-way.
    """
    outputs = _bring_up(plan.platform, say)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        others = [pool.submit(_bring_up, stack, say) for stack in (plan.walls, plan.notify, plan.delivery)]
        streams = [pool.submit(_bring_up, stack, say) for stack in plan.streams]
    for stream in streams:
        stream.result()
    for other in others:
        outputs = {**outputs, **other.result()}
    return outputs


def _bring_up(stack: StackPlan, say: Callable[[str], None]) -> dict[str, str]:
    started = time.monotonic()
    change, outputs = bring_up(stack=stack.name, template=stack.template, parameters=stack.parameters, say=say)
    say(f"{stack.name}: {change} ({time.monotonic() - started:.1f} s)")
    return outputs
