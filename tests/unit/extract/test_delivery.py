"""Destinations: what may be registered, what sessions may do there, and a delivery that is killed at any moment."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from landfall.aws import foreign_bucket
from landfall.aws.encryption import fault_of
from landfall.aws.sts import LONGEST_POLICY
from landfall.contracts.extract_product import load_products
from landfall.errors import DestinationError, KeyUnusableError, RequestError
from landfall.extract.delivery import bucket as delivery
from landfall.extract.delivery.destination import Destination, new_destination
from landfall.extract.delivery.register import Register
from landfall.extract.door.pinning import Admission
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.engines.isolation import (
    certificate_policy,
    copy_policy,
    delivered_policy,
    delivery_policy,
    encryption_policy,
)
from landfall.extract.engines.statements import unload_statement
from landfall.extract.files import reuse
from landfall.extract.run import course
from landfall.settings import Settings

from tests.pinned import PINNED
from tests.unit.extract.memory import MemoryRegister

OWN, CUSTOMERS = "123456789012", "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{CUSTOMERS}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{CUSTOMERS}:role/landfall-delivery-in"
GOOD: dict[str, Any] = {
    "customer_id": "cus_000042",
    "name": "lake",
    "kms_key_arn": KEY,
    "bucket": "customers-bucket",
    "prefix": "landfall/in/",
    "role_arn": ROLE,
    "created_at": "2026-11-22T00:00:00Z",
    "created_by": "cli:ada",
    "environment": "local",
    "region": "eu-central-1",
    "own_account": OWN,
}
SETTINGS = Settings(
    **dict.fromkeys(Settings.__dataclass_fields__, "x")
    | {
        "aws_region": "eu-central-1",
        "extracts_bucket": "landfall-production12-123456789012-extracts",
        "extract_role_arn": f"arn:aws-us-gov:iam::{OWN}:role/landfall-production12-extract",
    }
)
PARAMS = {"customer_id": "cus_000042", "product": "orders", "format": "csv"}
PRODUCTS = load_products()
BASE = f"cus_000042/{'r' * 120}/"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"customer_id": "cus_42"}, "customer"),
        ({"name": "Lake"}, "name"),
        ({"name": "a" * 41}, "name"),
        ({"name": "lake\n"}, "name"),
        ({"kms_key_arn": None, "bucket": None, "role_arn": None}, "kms-key"),
        ({"kms_key_arn": "1234abcd-12ab-34cd-56ef-1234567890ab"}, "kms-key"),
        ({"kms_key_arn": KEY.replace("key/", "alias/")}, "kms-key"),
        ({"kms_key_arn": KEY.replace("eu-central-1", "us-east-1")}, "kms-key"),
        ({"kms_key_arn": KEY.replace(CUSTOMERS, OWN)}, "kms-key"),
        ({"kms_key_arn": KEY + "'"}, "kms-key"),
        ({"role_arn": None}, "bucket"),
        ({"bucket": None}, "bucket"),
        ({"bucket": None, "role_arn": None}, "prefix"),
        ({"bucket": "Customers"}, "bucket"),
        ({"bucket": "with.dot"}, "bucket"),
        ({"bucket": "ab"}, "bucket"),
        ({"bucket": "a/../b"}, "bucket"),
        ({"prefix": "landfall"}, "prefix"),
        ({"prefix": "/landfall/"}, "prefix"),
        ({"prefix": "a/../b/"}, "prefix"),
        ({"prefix": "*/"}, "prefix"),
        ({"prefix": "a" * 61 + "/"}, "prefix"),
        ({"role_arn": ROLE.replace("landfall-delivery-", "admin-")}, "role"),
        ({"role_arn": ROLE.replace("role/", "role/path/")}, "role"),
        ({"role_arn": ROLE.replace(CUSTOMERS, OWN)}, "role"),
        ({"role_arn": ROLE.replace("role/", "user/")}, "role"),
    ],
)
def test_what_cannot_be_a_destination_is_refused_by_field_value_and_remedy(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(DestinationError, match=rf"^{field}: .*; (use|give|leave) ") as caught:
        new_destination(**{**GOOD, **changed})
    assert str(caught.value).isprintable()
    new_destination(**GOOD)


def test_each_role_asks_for_an_external_id_of_its_own_that_nobody_guesses() -> None:
    ids = {new_destination(**GOOD).external_id for _ in range(100)}
    assert len(ids) == 100 and all(str(each).startswith("landfall-local-") for each in ids)
    assert new_destination(**{**GOOD, "bucket": None, "role_arn": None, "prefix": ""}).external_id is None


def test_a_destination_is_one_customers_and_is_never_changed() -> None:
    register, made = Register(MemoryRegister()), new_destination(**GOOD)
    register.add(made)
    assert register.find("cus_000042", "lake") == made and list(register.of_customer("cus_000042")) == [made]
    assert register.find("cus_000043", "lake") is None and list(register.of_customer("cus_000043")) == []
    with pytest.raises(DestinationError, match="already"):
        register.add(new_destination(**GOOD))
    with pytest.raises(DestinationError, match="no destination 'lake'"):
        register.remove("cus_000043", "lake")
    assert register.remove("cus_000042", "lake") == made and register.find("cus_000042", "lake") is None


@pytest.mark.parametrize("value", ["Lake", "", " lake", "lake\n", "1", "a" * 41, 7, True, ["lake"], {"name": "lake"}])
def test_a_request_names_a_destination_or_none(value: object) -> None:
    assert parse_request({**PARAMS, "destination": "lake"}, run_id="r", products=PRODUCTS).destination == "lake"
    with pytest.raises(RequestError, match=r"^destination: "):
        parse_request({**PARAMS, "destination": value}, run_id="r", products=PRODUCTS)


def test_a_destination_is_part_of_what_was_asked_for_and_no_destination_is_as_it_was() -> None:
    plain = parse_request({**PARAMS, "destination": None}, run_id="r", products=PRODUCTS)
    to_lake = parse_request({**PARAMS, "destination": "lake"}, run_id="r", products=PRODUCTS)
    assert "destination" not in plain.to_json() and to_lake.to_json()["destination"] == "lake"
    assert ExtractRequest.from_json(plain.to_json()) == plain
    assert ExtractRequest.from_json(to_lake.to_json()) == to_lake


def test_an_admission_keeps_its_destination_over_an_xcom() -> None:
    request = parse_request({**PARAMS, "destination": "lake"}, run_id="r", products=PRODUCTS)
    admission = Admission(request=request, pinned=PINNED, destination=new_destination(**GOOD))
    assert Admission.from_json(json.loads(json.dumps(admission.to_json()))) == admission
    old = {name: each for name, each in replace(admission, destination=None).to_json().items() if name != "destination"}
    assert Admission.from_json(old).destination is None


def test_files_are_the_same_for_the_same_key_whatever_the_destination_is_called() -> None:
    def same(name: str | None, key: str | None) -> str:
        request = parse_request({**PARAMS, "destination": name}, run_id="r", products=PRODUCTS)
        found = replace(new_destination(**GOOD), kms_key_arn=key) if name else None
        return reuse._same(Admission(request=request, pinned=PINNED, destination=found))

    assert same("lake", KEY) == same("sea", KEY)
    assert same(None, None) == same("lake", None)
    assert len({same("lake", KEY), same("lake", KEY.replace("1234a", "1234b")), same(None, None)}) == 3


def test_redshift_writes_under_the_key_and_without_one_as_before() -> None:
    request = parse_request(PARAMS, run_id="r", products=PRODUCTS)
    told: dict[str, Any] = {"destination": "s3://b/p_", "salt": "", "role_arn": "arn:role"}
    with_key = unload_statement(PRODUCTS["orders"], request, "extract_walls.v", **told, key_arn=KEY)
    without = unload_statement(PRODUCTS["orders"], request, "extract_walls.v", **told)
    assert f"IAM_ROLE 'arn:role' KMS_KEY_ID '{KEY}' ENCRYPTED FORMAT AS CSV" in with_key
    assert with_key.replace(f"KMS_KEY_ID '{KEY}' ENCRYPTED ", "") == without


_POLICIES: list[tuple[Callable[[str | None], dict[str, Any]], bool]] = [
    (lambda key: encryption_policy(f"{BASE}attempt-10/", key_arn=str(key), settings=SETTINGS), True),
    (lambda key: copy_policy(source=BASE, target=f"{BASE}attempt-10/", settings=SETTINGS, key_arn=key), False),
    (lambda key: certificate_policy(BASE, settings=SETTINGS, key_arn=key), False),
    (lambda key: delivered_policy(BASE, settings=SETTINGS, key_arn=key), False),
    (lambda key: delivery_policy("arn:aws:s3:::customers-bucket/landfall/in/", key_arn=key), False),
]


@pytest.mark.parametrize(("policy", "always"), _POLICIES, ids=["encrypt", "copy", "certify", "read", "deliver"])
def test_a_session_may_use_the_one_key_and_no_key_without_one(
    policy: Callable[[str | None], dict[str, Any]], always: bool
) -> None:
    found = policy(KEY)
    statements = [each for each in found["Statement"] if "kms:Decrypt" in each["Action"]]
    assert [each["Resource"] for each in statements] == [[KEY]]
    assert statements[0]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert len(json.dumps(found, separators=(",", ":"))) <= LONGEST_POLICY
    assert always or "kms:Decrypt" not in json.dumps(policy(None))


def test_a_delivery_may_write_below_its_prefix_and_remove_its_probe_alone() -> None:
    place = "arn:aws:s3:::customers-bucket/landfall/in/"
    resources = {
        action: each["Resource"]
        for each in delivery_policy(place, key_arn=None)["Statement"]
        for action in each["Action"]
    }
    assert resources["s3:PutObject"] == [f"{place}*"] and resources["s3:DeleteObject"] == [f"{place}landfall-probe-*"]
    assert set(resources) == {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"}


def _refusal(code: str, message: str = "", operation: str = "PutObject", status: int = 403) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


def test_a_refusal_is_of_the_key_only_where_it_says_so() -> None:
    assert fault_of(_refusal("AccessDenied", "Access Denied")) is None
    assert fault_of(_refusal("NoSuchBucket")) is None
    assert "policy" in str(fault_of(_refusal("AccessDenied", "not authorized to perform: kms:GenerateDataKey on")))
    assert "disabled" in str(fault_of(_refusal("KMS.DisabledException")))
    assert fault_of(_refusal("KMS.Other")) == "KMS answers KMS.Other"


def test_a_failure_at_the_customers_side_is_said_to_the_customer() -> None:
    error = KeyUnusableError("destination: lake: the customer's key cannot be used: it is disabled; enable it")
    error.__cause__ = _refusal("KMS.DisabledException", "arn of ours")
    assert course.judged(error) == ("failed", str(error))


class KilledError(BaseException):
    """The process ends."""


class MemoryS3:
    """A customer's bucket; the process ends at the `kill_at`th of the moments before and after each request."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.uploads: dict[str, tuple[str, dict[str, str], list[bytes]]] = {}
        self.written: list[str] = []
        self.moments, self.kill_at = 0, 0

    def __getattr__(self, name: str) -> Any:
        if not hasattr(type(self), f"do_{name}"):
            raise AttributeError(name)

        def called(*, Bucket: str, ExpectedBucketOwner: str, **asked: Any) -> Any:  # noqa: N803 - as boto3 has them
            assert (Bucket, ExpectedBucketOwner) == ("customers-bucket", CUSTOMERS)
            self._moment()
            answer = getattr(self, f"do_{name}")(**asked)
            self._moment()
            return answer

        return called

    def _moment(self) -> None:
        self.moments += 1
        if self.moments == self.kill_at:
            raise KilledError

    def _new(self, key: str, body: bytes, metadata: dict[str, str]) -> None:
        if key in self.objects:
            raise _refusal("PreconditionFailed", status=412)
        self.objects[key] = (body, metadata)
        self.written.append(key)

    def do_put_object(self, *, Key: str, Body: bytes, Metadata: dict[str, str], IfNoneMatch: str, **_: Any) -> None:  # noqa: N803
        assert IfNoneMatch == "*"
        self._new(Key, Body, Metadata)

    def do_head_object(self, *, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key not in self.objects:
            raise _refusal("404", operation="HeadObject", status=404)
        body, metadata = self.objects[Key]
        return {"ContentLength": len(body), "Metadata": metadata, "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}

    def do_create_multipart_upload(self, *, Key: str, Metadata: dict[str, str], **_: Any) -> dict[str, str]:  # noqa: N803
        name = f"upload-{len(self.uploads)}"
        self.uploads[name] = (Key, Metadata, [])
        return {"UploadId": name}

    def do_upload_part(self, *, UploadId: str, Body: bytes, **_: Any) -> dict[str, str]:  # noqa: N803
        self.uploads[UploadId][2].append(Body)
        return {"ETag": "e"}

    def do_complete_multipart_upload(self, *, Key: str, UploadId: str, IfNoneMatch: str, **_: Any) -> None:  # noqa: N803
        assert IfNoneMatch == "*"
        key, metadata, parts = self.uploads[UploadId]
        self._new(key, b"".join(parts), metadata)

    def do_abort_multipart_upload(self, **_: Any) -> None:
        pass


FILES = {"attempt-1/orders_000.csv.gz": b"a" * 25, "attempt-1/orders_001.csv.gz": b"b" * 5, "manifest-1.sig": b"s"}


@pytest.fixture
def customers(monkeypatch: pytest.MonkeyPatch) -> MemoryS3:
    """A customer's bucket, where 10 bytes are a part."""
    found = MemoryS3()
    monkeypatch.setattr(foreign_bucket, "PART_BYTES", 10)
    monkeypatch.setattr(foreign_bucket, "client", lambda _service: found)
    monkeypatch.setattr(delivery, "narrowed", lambda *_args, **_named: nullcontext())
    contents = {**FILES, "manifest.json": json.dumps(DOCUMENT).encode()}
    base = "cus_000042/run-1/"
    opened: Any = lambda *, bucket, key: io.BytesIO(contents[key.removeprefix(base)])  # noqa: E731
    monkeypatch.setattr(delivery.s3, "open_object", opened)
    return found


DOCUMENT: dict[str, Any] = {
    "extract_id": "run-1",
    "customer_id": "cus_000042",
    "files": [
        {"path": path, "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        for path, body in FILES.items()
        if path.startswith("attempt")
    ],
    "signature": {"path": "manifest-1.sig"},
}


def _deliver() -> str:
    return delivery.deliver(DOCUMENT, _destination(), settings=SETTINGS)


def _destination() -> Destination:
    return new_destination(**GOOD)


def test_files_come_first_and_the_manifest_last(customers: MemoryS3) -> None:
    assert _deliver() == "s3://customers-bucket/landfall/in/run-1/"
    folder = "landfall/in/run-1/"
    assert customers.written == [f"{folder}{name}" for name in [*FILES, "manifest.json"]]
    assert {key.removeprefix(folder): body for key, (body, _) in customers.objects.items()} == {
        **FILES,
        "manifest.json": json.dumps(DOCUMENT).encode(),
    }


def test_killed_at_any_moment_it_comes_to_the_same_end_and_no_manifest_is_early(customers: MemoryS3) -> None:
    _deliver()
    whole, moments = dict(customers.objects), customers.moments
    assert moments > 20
    for kill_at in range(1, moments + 1):
        customers.__init__()  # type: ignore[misc]
        customers.kill_at = kill_at
        with pytest.raises(KilledError):
            _deliver()
        is_certified = any(key.endswith("manifest.json") for key in customers.objects)
        assert not is_certified or customers.objects == whole, kill_at
        customers.kill_at = 0
        _deliver()
        assert customers.objects == whole and len(customers.written) == len(whole), kill_at


def test_another_object_stays_and_stops_the_delivery(customers: MemoryS3) -> None:
    for name in FILES:
        customers.__init__()  # type: ignore[misc]
        customers.objects[f"landfall/in/run-1/{name}"] = (b"the customer's", {})
        with pytest.raises(DestinationError, match=r"another object is at s3://customers-bucket/landfall/in/run-1/"):
            _deliver()
        assert customers.objects[f"landfall/in/run-1/{name}"] == (b"the customer's", {})
        assert not any(key.endswith("manifest.json") for key in customers.objects)
