"""KMS as far as the pipeline uses it: keys that sign with ECDSA on P-256.

ministack makes and uses asymmetric keys only where a library is installed that the local cloud does not have. What else
KMS can do is refused here: nobody has checked it for this pipeline.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import kms

from localcloud.aws import p256

Response = tuple[int, dict[str, str], bytes]

_SPEC, _USAGE, _ALGORITHM = "ECC_NIST_P256", "SIGN_VERIFY", "ECDSA_SHA_256"
_DIGEST_BYTES = hashlib.sha256().digest_size
_LONGEST_RAW_MESSAGE = 4096
"""Bytes that Sign takes as a message; of more a digest is sent (the Sign operation's reference)."""

_SCALAR = "p256_scalar"
"""Field of a key's record, beside those that ministack keeps, so that the key is saved with the record."""

_SERVED = {
    *("CreateKey", "DescribeKey", "DisableKey", "EnableKey", "GetPublicKey", "ListKeys", "Sign"),
    *("UpdateKeyDescription", "ScheduleKeyDeletion", "CancelKeyDeletion"),
    *("CreateAlias", "DeleteAlias", "ListAliases", "UpdateAlias"),
    *("GetKeyPolicy", "ListKeyPolicies", "PutKeyPolicy"),
    *("ListResourceTags", "TagResource", "UntagResource"),
}


def install() -> None:
    """Put this module before ministack's KMS."""
    original_request, original_create = kms.handle_request, kms._create_key

    async def handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Response:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in _SERVED:
            return _unsupported(action)
        answer: Response = await original_request(method, path, headers, body, query)
        return answer

    def create_key(request: dict[str, Any]) -> Response:
        if (spec := request.get("KeySpec", request.get("CustomerMasterKeySpec"))) != _SPEC:
            return _unsupported(f"KeySpec {spec or 'SYMMETRIC_DEFAULT'}")
        if (usage := request.get("KeyUsage")) != _USAGE:
            return _unsupported(f"KeyUsage {usage or 'ENCRYPT_DECRYPT'} of {_SPEC}")
        if request.get("Origin", "AWS_KMS") != "AWS_KMS" or request.get("MultiRegion"):
            return _unsupported("a key of another origin or of several regions")
        # A record that needs no key material, made into one of ours.
        status, headers, body = original_create({**request, "KeySpec": "SYMMETRIC_DEFAULT"})
        if status != 200:
            return status, headers, body
        record = kms._keys[json.loads(body)["KeyMetadata"]["KeyId"]]
        del record["_symmetric_key"]
        scalar = p256.new_scalar()
        record.update({"KeySpec": _SPEC, "SigningAlgorithms": [_ALGORITHM], "EncryptionAlgorithms": []})
        record.update({_SCALAR: scalar, "_public_key_der": p256.public_key_der(scalar)})
        return json_response({"KeyMetadata": kms._key_metadata(record)})

    kms.handle_request, kms._create_key, kms._sign = handle_request, create_key, sign


def sign(request: dict[str, Any]) -> Response:
    """Answer Sign."""
    record = kms._resolve_key(request.get("KeyId", ""))
    if not record:
        return error_response_json("NotFoundException", f"Key {request.get('KeyId', '')} not found", 400)
    algorithm = request.get("SigningAlgorithm", "")
    message, kind = base64.b64decode(request.get("Message", "")), request.get("MessageType", "RAW")
    refusal = kms._check_key_state(record) or kms._algorithm_error(record, algorithm, "SigningAlgorithms")
    refusal = refusal or _message_error(message, kind)
    if refusal:
        return refusal
    digest = message if kind == "DIGEST" else hashlib.sha256(message).digest()
    signature = base64.b64encode(p256.sign(digest, record[_SCALAR])).decode()
    return json_response({"KeyId": record["Arn"], "Signature": signature, "SigningAlgorithm": algorithm})


def _message_error(message: bytes, kind: str) -> Response | None:
    if kind == "DIGEST" and len(message) != _DIGEST_BYTES:
        return error_response_json("ValidationException", f"Digest is invalid length for algorithm {_ALGORITHM}.", 400)
    if kind == "RAW" and not 1 <= len(message) <= _LONGEST_RAW_MESSAGE:
        return error_response_json(
            "ValidationException",
            "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length "
            f"between 1 and {_LONGEST_RAW_MESSAGE}, inclusive",
            400,
        )
    return None if kind in ("RAW", "DIGEST") else _unsupported(f"MessageType {kind}")


def _unsupported(what: str) -> Response:
    return error_response_json("UnsupportedOperationException", f"{what} is not supported by the local cloud", 400)
