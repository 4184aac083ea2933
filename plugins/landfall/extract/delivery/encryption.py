"""Files of an attempt under the customer's own key: the key is tried first, and no file stays that is not under it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from landfall.aws import s3
from landfall.aws.encryption import key_of
from landfall.aws.sts import narrowed
from landfall.errors import DestinationError, EngineError, KeyUnusableError, VerificationError
from landfall.extract.door.pinning import Admission
from landfall.extract.engines.isolation import encryption_policy
from landfall.settings import Settings

logger = logging.getLogger(__name__)


@contextmanager
def under_customers_key(admission: Admission, *, prefix: str, is_begun: bool, settings: Settings) -> Iterator[None]:
    """Within it the attempt writes its files to `prefix`; afterwards all of them are encrypted with the customer's key.

    Redshift writes them so from the first byte. Athena's UNLOAD takes no key: its workgroup's settings hold for every
    statement. Its files are copied to themselves. `is_begun`: the attempt is taken up again. Nothing happens without a
    key of the customer's. Raises KeyUnusableError, with nothing left at `prefix`, for a key that we may not use.
    """
    key_arn, destination = admission.key_arn, admission.destination
    if key_arn is None or destination is None:
        yield
        return
    policy = encryption_policy(prefix, key_arn=key_arn, settings=settings)
    as_encrypter = narrowed(settings.extract_role_arn, policy=policy, name=admission.request.extract_id)
    try:
        if not is_begun:
            with as_encrypter:
                require_usable(key_arn, prefix=prefix, settings=settings)
        try:
            yield
        except EngineError:
            # The engine's own words of a key may hold what is not the customer's to read: the key is asked again.
            with as_encrypter:
                require_usable(key_arn, prefix=prefix, settings=settings)
            raise
        with as_encrypter:
            _encrypt_rest(key_arn, prefix=prefix, settings=settings)
    except KeyUnusableError as error:
        with as_encrypter:
            s3.delete_prefix(bucket=settings.extracts_bucket, prefix=prefix)
        raise at_destination(destination.name, error) from error


def at_destination(name: str, error: DestinationError) -> DestinationError:
    """Return `error` with the name of the destination before it, as the customer knows it."""
    return type(error)(f"destination: {name}: {error}")


def require_usable(key_arn: str, *, prefix: str, settings: Settings) -> None:
    """Write a probe under the key to `prefix`, read it, and remove it. Raises KeyUnusableError if that is refused."""
    bucket, probe = settings.extracts_bucket, f"{prefix}key-probe"
    try:
        s3.write_object(bucket=bucket, key=probe, body=b"", encrypted_with=key_arn)
        s3.read_object(bucket=bucket, key=probe)
    finally:
        s3.delete_objects(bucket=bucket, keys=[probe])


def require_encrypted(key: str, *, key_arn: str | None, settings: Settings) -> None:
    """Raise VerificationError unless S3 says of an object that it is under the customer's key, if there is one."""
    if key_arn is None:
        return
    found = key_of(bucket=settings.extracts_bucket, key=key)
    if found != key_arn:
        raise VerificationError(f"{key}: encrypted with {found or 'the key of S3'}, asked for is {key_arn}")


def _encrypt_rest(key_arn: str, *, prefix: str, settings: Settings) -> None:
    """Copy every object below `prefix` that is not under the key to itself, under the key."""
    bucket = settings.extracts_bucket
    for found in list(s3.list_objects(bucket=bucket, prefix=prefix)):
        if key_of(bucket=bucket, key=found.key) != key_arn:
            s3.copy_object(bucket=bucket, source=found.key, target=found.key, encrypted_with=key_arn)
            logger.info("%s: encrypted with the customer's key", found.key)
