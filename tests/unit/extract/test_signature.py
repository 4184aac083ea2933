"""A signed manifest is the one that was signed, to the byte, and by whose key; anything else is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from landfall.aws import kms, s3
from landfall.cli import main
from landfall.extract.door.request import ExtractRequest
from landfall.extract.proof import certificate
from landfall.extract.proof.signature import fingerprint, signature_problem, to_pem, with_signature_named
from landfall.settings import Settings

KEY = ec.derive_private_key(7, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(8, ec.SECP256R1())
DOCUMENT: dict[str, Any] = {"manifest_version": 2, "rows": 3, "note": "Grüße, \u2028 and 9007199254740993"}
SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "x"))
REQUEST = ExtractRequest(
    extract_id="run-1", customer_id="cus_000042", product="orders", format="csv", filters={}, columns=("order_id",)
)


def _der(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _sign(message: bytes, *, key_id: str = "x") -> bytes:
    return KEY.sign(message, ec.ECDSA(hashes.SHA256()))


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    """A folder with a signed manifest, its signature and the public key."""
    document = with_signature_named(DOCUMENT, public_key_der=_der(KEY))
    (tmp_path / "manifest.json").write_text(json.dumps(document, indent=2))
    (tmp_path / document["signature"]["path"]).write_bytes(_sign((tmp_path / "manifest.json").read_bytes()))
    (tmp_path / "public.pem").write_bytes(to_pem(_der(KEY)))
    return tmp_path


def _problem(folder: Path, *, manifest: bytes | None = None, key: str = "public.pem") -> str | None:
    written = (folder / "manifest.json").read_bytes()
    return signature_problem(
        written if manifest is None else manifest,
        named=json.loads(written).get("signature"),
        folder=folder,
        key=folder / key,
    )


def test_every_changed_byte_of_the_manifest_is_found(signed: Path) -> None:
    manifest = (signed / "manifest.json").read_bytes()
    assert _problem(signed) is None
    for position in range(len(manifest)):
        changed = bytearray(manifest)
        changed[position] ^= 1
        assert "is no signature of this manifest" in str(_problem(signed, manifest=bytes(changed))), position
    assert _problem(signed, manifest=manifest + b"\n") is not None


def test_every_changed_byte_of_the_signature_is_found(signed: Path) -> None:
    (path,) = signed.glob("manifest-*.sig")
    signature = path.read_bytes()
    for position in range(len(signature)):
        changed = bytearray(signature)
        changed[position] ^= 1
        path.write_bytes(bytes(changed))
        assert "is no signature of this manifest" in str(_problem(signed)), position


def test_another_key_is_named(signed: Path) -> None:
    (signed / "other.pem").write_bytes(to_pem(_der(OTHER_KEY)))
    problem = str(_problem(signed, key="other.pem"))
    assert fingerprint(_der(KEY)) in problem and fingerprint(_der(OTHER_KEY)) in problem


def test_a_manifest_that_claims_a_key_it_was_not_signed_with_is_found(signed: Path) -> None:
    """Whoever writes a manifest of his own can name any key, but cannot sign with it."""
    document = with_signature_named(DOCUMENT, public_key_der=_der(KEY))
    (signed / document["signature"]["path"]).write_bytes(
        OTHER_KEY.sign((signed / "manifest.json").read_bytes(), ec.ECDSA(hashes.SHA256()))
    )
    assert "is no signature of this manifest" in str(_problem(signed))


def test_a_missing_signature_and_an_unsigned_manifest_are_told_apart(signed: Path) -> None:
    (path,) = signed.glob("manifest-*.sig")
    path.unlink()
    assert f"its signature {path.name} is missing" in str(_problem(signed))
    (signed / "manifest.json").write_text(json.dumps(DOCUMENT))
    assert "the manifest is not signed" in str(_problem(signed))


@pytest.mark.parametrize("content", [b"", b"no key", to_pem(_der(KEY))[:60]])
def test_what_is_no_key_ends_with_a_sentence(signed: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (signed / "public.pem").write_bytes(content)
    full = {**json.loads((signed / "manifest.json").read_text()), "files": [], "columns": []}
    full |= {"sorted_by": [], "masked": {}, "options": {}, "extract_id": "e", "format": "csv"}
    full |= {"customer_column": "c", "customer_id": "c"}
    (signed / "manifest.json").write_text(json.dumps(full))
    assert main(["verify", str(signed), "--key", str(signed / "public.pem")]) == 1
    assert "no public key can be read there" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_checks_it_by_hand_as_the_how_to_says(signed: Path) -> None:
    (signature,) = signed.glob("manifest-*.sig")
    command = ["openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", signature.name, "manifest.json"]
    done = subprocess.run(command, cwd=signed, capture_output=True, text=True, check=False)
    assert done.stdout == "Verified OK\n", done.stderr


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Objects by key in the order they were written, in place of the extracts bucket; and a key in place of KMS."""
    stored: dict[str, bytes] = {}

    def write(*, bucket: str, key: str, body: bytes, **_: Any) -> None:
        stored[key] = body

    def write_new(*, bucket: str, key: str, body: bytes, **_: Any) -> bool:
        return stored.setdefault(key, body) is body

    monkeypatch.setattr(s3, "write_object", write)
    monkeypatch.setattr(s3, "write_new_object", write_new)
    monkeypatch.setattr(s3, "read_object", lambda *, bucket, key: stored[key])
    monkeypatch.setattr(kms, "sign", _sign)
    monkeypatch.setattr(kms, "public_key", lambda key_id: _der(KEY))
    certificate._public_key.cache_clear()
    return stored


def test_the_manifest_is_written_after_its_signature(objects: dict[str, bytes]) -> None:
    document = certificate.write_manifest({"request": REQUEST.to_json()}, REQUEST, SETTINGS)
    base = "cus_000042/run-1/"
    assert list(objects) == [base + document["signature"]["path"], base + "manifest.json"]


def test_of_two_runs_that_certify_at_once_one_manifest_stands_with_its_own_signature(
    objects: dict[str, bytes], tmp_path: Path
) -> None:
    first, second = (
        certificate.write_manifest({"request": REQUEST.to_json(), "created_at": moment}, REQUEST, SETTINGS)
        for moment in ("1", "2")
    )
    assert first == second == json.loads(objects["cus_000042/run-1/manifest.json"])
    for name, content in objects.items():
        (tmp_path / name.rpartition("/")[2]).write_bytes(content)
    (tmp_path / "public.pem").write_bytes(to_pem(_der(KEY)))
    assert _problem(tmp_path) is None
