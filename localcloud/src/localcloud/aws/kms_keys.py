"""KMS as far as the pipeline uses it: keys that sign with ECDSA on P-256, and symmetric keys for S3 to encrypt with.

ministack makes the keys, keeps them and signs. What else it can do is refused here: nobody has checked it for this
pipeline. So are requests to sign that KMS refuses and ministack does not. S3 asks for a symmetric key in `s3_kms`.
"""

from __future__ import annotations

import base64
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import kms

Response = tuple[int, dict[str, str], bytes]

_USAGES = {"ECC_NIST_P256": "SIGN_VERIFY", "SYMMETRIC_DEFAULT": "ENCRYPT_DECRYPT"}
"""Spec of a key -> what it is for."""

_LONGEST_RAW_MESSAGE = 4096
"""Bytes that Sign takes as a message; of more a digest is sent (the Sign operation's reference)."""

_SERVED = {
    *("CreateKey", "DescribeKey", "DisableKey", "EnableKey", "GetPublicKey", "ListKeys", "Sign", "Verify"),
    *("UpdateKeyDescription", "ScheduleKeyDeletion", "CancelKeyDeletion"),
    *("CreateAlias", "DeleteAlias", "ListAliases", "UpdateAlias"),
    *("GetKeyPolicy", "ListKeyPolicies", "PutKeyPolicy"),
    *("ListResourceTags", "TagResource", "UntagResource"),
}


def install() -> None:
    """Put this module before ministack's KMS."""
    original_request = kms.handle_request
    original_create, original_sign, original_verify = kms._create_key, kms._sign, kms._verify

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Response:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in _SERVED:
            return _unsupported(action)
        answer: Response = await original_request(method, path, headers, body, query)
        return answer

    def create_key(request: dict[str, Any]) -> Response:
        return _key_refusal(request) or original_create(request)

    def sign(request: dict[str, Any]) -> Response:
        return _message_refusal(request) or original_sign(request)

    def verify(request: dict[str, Any]) -> Response:
        return _message_refusal(request) or original_verify(request)

    kms.handle_request, kms._create_key, kms._sign, kms._verify = handle_request, create_key, sign, verify


def _key_refusal(request: dict[str, Any]) -> Response | None:
    spec = request.get("KeySpec", request.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"))
    if spec not in _USAGES:
        return _unsupported(f"KeySpec {spec}")
    if (usage := request.get("KeyUsage", "ENCRYPT_DECRYPT")) != _USAGES[spec]:
        return _unsupported(f"KeyUsage {usage} of {spec}")
    if request.get("Origin", "AWS_KMS") != "AWS_KMS" or request.get("MultiRegion"):
        return _unsupported("a key of another origin or of several regions")
    return None


def _message_refusal(request: dict[str, Any]) -> Response | None:
    kind = request.get("MessageType", "RAW")
    if kind not in ("RAW", "DIGEST"):
        return _unsupported(f"MessageType {kind}")
    if kind == "RAW" and not 1 <= len(base64.b64decode(request.get("Message", ""))) <= _LONGEST_RAW_MESSAGE:
        return error_response_json(
            "ValidationException",
            "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length "
            f"between 1 and {_LONGEST_RAW_MESSAGE}, inclusive",
            400,
        )
    return None


def _unsupported(what: str) -> Response:
    return error_response_json("UnsupportedOperationException", f"{what} is not supported by the local cloud", 400)
