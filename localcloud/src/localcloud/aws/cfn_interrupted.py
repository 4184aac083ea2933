"""End the stack operations that a killed process left: their tasks are gone, and nobody would ever end them."""

from __future__ import annotations

from typing import Any

from ministack.services import cloudformation

_ENDS = {"CREATE": "CREATE_FAILED", "ROLLBACK": "CREATE_FAILED", "DELETE": "DELETE_FAILED", "UPDATE": "UPDATE_FAILED"}
"""Each lets the stack be deployed again, after its removal where AWS asks for one."""


def install() -> None:
    """Look at each stack when the state is restored."""
    restore = cloudformation.load_persisted_state

    def restore_and_end(data: dict[str, Any]) -> None:
        restore(data)
        for stack in cloudformation._stacks.all_values():
            operation = stack["StackStatus"].split("_")[0]
            if stack["StackStatus"].endswith("_IN_PROGRESS") and operation in _ENDS:
                stack["StackStatus"] = _ENDS[operation]
                stack["StackStatusReason"] = "The local cloud was killed during the operation"

    cloudformation.load_persisted_state = restore_and_end
