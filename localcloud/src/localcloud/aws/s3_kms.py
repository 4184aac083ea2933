"""Ask KMS for every object that S3 encrypts with a key, and refuse what S3 refuses then.

ministack keeps the headers of SSE-KMS and never looks at the key. Here a write, a copy, a part and a read are refused
when the key is disabled, unknown, about to be deleted, of another kind or region, or when its policy does not let the
caller use it; what is kept names the key by its ARN, as S3 answers it. The files themselves stay plain.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import kms, s3

Response = tuple[int, dict[str, str], bytes]

_SSE: Final = "x-amz-server-side-encryption"
_KEY: Final = "x-amz-server-side-encryption-aws-kms-key-id"
_OWNER: Final = "x-amz-expected-bucket-owner"
_STATES: Final = {
    "Disabled": ("KMS.DisabledException", "{arn} is disabled."),
    "PendingDeletion": ("KMS.KMSInvalidStateException", "{arn} is pending deletion."),
    "PendingImport": ("KMS.KMSInvalidStateException", "{arn} is pending import."),
}


@dataclass(frozen=True)
class _Caller:
    """Who makes the request that is answered: S3 asks KMS in its name. `object_arn` is what it asks for."""

    account: str
    arn: str
    access_key: str
    method: str
    object_arn: str


_caller: ContextVar[_Caller | None] = ContextVar("_caller", default=None)


def install() -> None:
    """Put this module before ministack's S3."""
    handle, write_headers = s3.handle_request, s3._resolve_sse_write_headers
    read_gate, source_gate, part_gate = s3._check_sse_read_headers, s3._check_sse_c_copy_source, s3._check_sse_c_part

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: Any, *args: Any, **more: Any
    ) -> Any:
        bucket, key = s3._parse_bucket_key(path, headers)
        owner = headers.get(_OWNER)
        if owner and bucket and s3._bucket_owner_account(bucket) not in (None, owner):
            return s3._error("AccessDenied", "Access Denied", 403, f"/{bucket}")
        token = _caller.set(_caller_of(method, bucket, key, headers, query))
        try:
            return await handle(method, path, headers, body, query, *args, **more)
        finally:
            _caller.reset(token)

    def resolve_write(headers: dict[str, str], bucket: str) -> tuple[dict[str, str] | None, Response | None]:
        found, error = write_headers(headers, bucket)
        if error is not None or not _named(found):
            return found, error
        arn, refused = _asked(found[_KEY], "kms:GenerateDataKey")
        return (None, refused) if refused is not None else ({**found, _KEY: arn}, None)

    def check_read(headers: dict[str, str], stored: dict[str, Any]) -> Response | None:
        caller = _caller.get()
        # HeadObject tells of an object without its content, and needs no key.
        refused = _decryption(stored) if caller is not None and caller.method == "GET" else None
        return read_gate(headers, stored) or refused

    def check_source(headers: dict[str, str], stored: dict[str, Any]) -> Response | None:
        return source_gate(headers, stored) or _decryption(stored)

    def check_part(headers: dict[str, str], upload: dict[str, Any]) -> Response | None:
        # A part is encrypted with the key of its upload, and the parts are put together with it.
        return part_gate(headers, upload) or _decryption(upload)

    s3.handle_request, s3._resolve_sse_write_headers = handle_request, resolve_write
    s3._check_sse_read_headers, s3._check_sse_c_copy_source = check_read, check_source
    s3._check_sse_c_part = check_part


def _caller_of(method: str, bucket: str, key: str, headers: dict[str, str], query: Any) -> _Caller:
    access_key = extract_access_key_id(headers, query or {}) or ""
    identity = iam_evaluator.resolve_caller_identity(access_key)
    account = get_account_id()
    arn = (identity or {}).get("userArn") or f"arn:aws:iam::{account}:root"
    return _Caller(account, arn, access_key, method, f"arn:aws:s3:::{bucket}/{key}")


def _named(headers: dict[str, str] | None) -> bool:
    return headers is not None and headers.get(_SSE) == "aws:kms" and bool(headers.get(_KEY))


def _decryption(stored: dict[str, Any]) -> Response | None:
    """Return why the caller may not read what is `stored`, None if nothing stands in the way."""
    headers = stored.get("preserved_headers", {})
    return _asked(headers[_KEY], "kms:Decrypt")[1] if _named(headers) else None


def _asked(key: str, action: str) -> tuple[str, Response | None]:
    """Return the ARN of `key` (id, alias or ARN), and S3's refusal of a caller who may not do `action` with it."""
    caller = _caller.get() or _Caller(get_account_id(), f"arn:aws:iam::{get_account_id()}:root", "", "", "")
    account, region, name = _place(key, caller)
    record = None if region != get_region() else _record(account, region, name)
    if record is None:
        return key, s3._error("KMS.NotFoundException", f"Key '{key}' does not exist", 400)
    arn: str = record["Arn"]
    denied = _denial(record, account, caller, action)
    if denied is not None:
        return arn, denied
    if record["KeySpec"] != "SYMMETRIC_DEFAULT":
        words = f"{arn} key usage is {record['KeyUsage']} which is not valid for GenerateDataKey."
        return arn, s3._error("KMS.InvalidKeyUsageException", words, 400)
    if record["KeyState"] in _STATES:
        code, words = _STATES[record["KeyState"]]
        return arn, s3._error(code, words.format(arn=arn), 400)
    return arn, None


def _place(key: str, caller: _Caller) -> tuple[str, str, str]:
    """Return account, region and name (an id, or `alias/...`) of a key; one without an ARN is the caller's own."""
    if not key.startswith("arn:"):
        return caller.account, get_region(), key
    parts = key.split(":", 5)
    if len(parts) < 6 or parts[2] != "kms":
        return "", "", key
    return parts[4], parts[3], parts[5].removeprefix("key/")


def _record(account: str, region: str, name: str) -> dict[str, Any] | None:
    if name.startswith("alias/"):
        name = kms._aliases.get_scoped(account, region, f"arn:aws:kms:{region}:{account}:{name}") or ""
    found: dict[str, Any] | None = kms._keys.get_scoped(account, region, name)
    return found


def _denial(record: dict[str, Any], account: str, caller: _Caller, action: str) -> Response | None:
    """Return AccessDenied unless the key's policy lets the caller do `action` and, where they are enforced, his own."""
    from ministack.app import AUTH

    endpoint = urlsplit(f"//s3.{get_region()}.amazonaws.com").netloc
    context = {
        "kms:viaservice": endpoint,
        "kms:calleraccount": caller.account,
        "kms:encryptioncontext:aws:s3:arn": caller.object_arn,
    }
    evaluated = EvalContext(
        principal_arn=caller.arn,
        principal_type="AssumedRole" if ":assumed-role/" in caller.arn else "Root",
        principal_account=caller.account,
        action=action,
        resource_arn=record["Arn"],
        region=get_region(),
        service_context=context,
    )
    allowed = evaluate_resource_policy(record.get("Policy"), evaluated).decision == "Allow"
    if allowed and AUTH and caller.access_key:
        allowed = iam_evaluator.enforce(caller.access_key, action, "kms", get_region(), record["Arn"], context) is None
    if allowed:
        return None
    words = f"User: {caller.arn} is not authorized to perform: {action} on resource: {record['Arn']}"
    return s3._error("AccessDenied", f"{words} because no policy allows the {action} action", 403)
