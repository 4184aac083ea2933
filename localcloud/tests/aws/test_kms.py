"""Keys that sign, and those that S3 encrypts with: made, named, used and kept as KMS does; the rest is refused."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import AwsProcess

ALIAS = "alias/extracts"


def _make_key(process: AwsProcess) -> str:
    kms = process.client("kms")
    key_id: str = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key_id)
    return key_id


def _is_valid(process: AwsProcess, signature: bytes, **message: Any) -> bool:
    request = {"KeyId": ALIAS, "SigningAlgorithm": "ECDSA_SHA_256", "Signature": signature, **message}
    return bool(process.client("kms").verify(**request)["SignatureValid"])


def _sign(process: AwsProcess, **changed: Any) -> bytes:
    request = {"KeyId": ALIAS, "Message": b"x", "MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_256", **changed}
    return bytes(process.client("kms").sign(**request)["Signature"])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_accepts_what_was_signed_before_and_after_a_restart(tmp_path: Path) -> None:
    process = AwsProcess(tmp_path / "state")
    process.start()
    _make_key(process)
    public = process.client("kms").get_public_key(KeyId=ALIAS)
    (tmp_path / "public.der").write_bytes(public["PublicKey"])
    message = b"a manifest" * 100
    (tmp_path / "message").write_bytes(message)
    digest = hashlib.sha256(message).digest()
    signatures = [_sign(process, Message=message), _sign(process, Message=digest, MessageType="DIGEST")]
    assert process.stop() == 0
    process.start()
    signatures.append(_sign(process, Message=message))
    verdicts = [_is_valid(process, signatures[0], Message=digest, MessageType="DIGEST")]
    with pytest.raises(ClientError, match="KMSInvalidSignatureException"):
        _is_valid(process, signatures[0], Message=b"another manifest")
    assert process.stop() == 0

    assert verdicts == [True]
    assert public["KeySpec"] == "ECC_NIST_P256" and public["SigningAlgorithms"] == ["ECDSA_SHA_256"]
    for number, signature in enumerate(signatures):
        (tmp_path / f"{number}.sig").write_bytes(signature)
        verify = ["openssl", "dgst", "-sha256", "-verify", "public.der", "-keyform", "DER"]
        command = [*verify, "-signature", f"{number}.sig", "message"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == "Verified OK\n", done.stderr


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"KeyId": "alias/none"}, "NotFoundException"),
        ({"SigningAlgorithm": "ECDSA_SHA_384"}, "InvalidKeyUsageException"),
        ({"Message": b"short", "MessageType": "DIGEST"}, "invalid length"),
        ({"Message": b"x" * 4097}, "between 1 and 4096"),
    ],
)
def test_a_wrong_request_is_refused_as_kms_does(aws: AwsProcess, changed: dict[str, Any], words: str) -> None:
    if not aws.client("kms").list_aliases()["Aliases"]:
        _make_key(aws)
    with pytest.raises(ClientError, match=words):
        _sign(aws, **changed)


@pytest.mark.parametrize(
    "call",
    [
        lambda kms: kms.create_key(KeyUsage="SIGN_VERIFY"),
        lambda kms: kms.create_key(KeySpec="ECC_NIST_P256"),
        lambda kms: kms.encrypt(KeyId="x", Plaintext=b"x"),
        lambda kms: kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"),
        lambda kms: kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT"),
        lambda kms: kms.generate_random(NumberOfBytes=8),
        lambda kms: kms.list_grants(KeyId="x"),
    ],
)
def test_what_is_not_provided_is_refused(aws: AwsProcess, call: Callable[[Any], object]) -> None:
    with pytest.raises(ClientError, match="not supported by the local cloud"):
        call(aws.client("kms"))
