"""How a customer wants to be told, kept as one secret a customer since it holds the key that signs webhooks."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from landfall.aws.clients import client
from landfall.errors import AddressError
from landfall.notify.addresses import check_url
from landfall.notify.signing import new_secret
from landfall.settings import Settings

MOST_EMAILS: Final = 5

_EMAIL = re.compile(r"(?=.{6,254}$)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_NOT_FOUND: Final = "ResourceNotFoundException"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A customer's webhook address, the keys that sign it (the newest first, two while one is replaced) and e-mails."""

    webhook: str | None = None
    keys: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    def with_webhook(self, url: str) -> Contact:
        """Return the contact with another webhook; the first one gets a key. Raises AddressError for a bad address."""
        check_url(url)
        return replace(self, webhook=url, keys=self.keys or (new_secret(),))

    def with_emails(self, emails: Sequence[str]) -> Contact:
        """Return the contact with these e-mail addresses instead. Raises AddressError for a bad one, or too many."""
        if len(emails) > MOST_EMAILS:
            raise AddressError(f"email: {len(emails)} addresses are more than the {MOST_EMAILS} there may be")
        for email in emails:
            if not _EMAIL.fullmatch(email):
                raise AddressError(f"email: {email[:60]!a} is no address; use one such as data@example.com")
        return replace(self, emails=tuple(emails))

    def with_new_key(self) -> Contact:
        """Return the contact whose webhooks a new key signs too; the last one goes on until the next new one."""
        return replace(self, keys=(new_secret(), *self.keys[:1]))


class Contacts:
    """The contacts of a deployment, in Secrets Manager at `landfall-<environment>/contacts/<customer_id>`."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = f"landfall-{settings.environment}/contacts/"

    def of(self, customer_id: str) -> Contact:
        """Return a customer's contact; an empty one if there is none."""
        secrets = client("secretsmanager")
        try:
            held: dict[str, Any] = json.loads(
                secrets.get_secret_value(SecretId=self._prefix + customer_id)["SecretString"]
            )
        except secrets.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == _NOT_FOUND:
                return Contact()
            raise
        return Contact(webhook=held["webhook"], keys=tuple(held["keys"]), emails=tuple(held["emails"]))

    def keep(self, customer_id: str, contact: Contact) -> None:
        """Write a customer's contact in place of what is there."""
        secrets, name, text = client("secretsmanager"), self._prefix + customer_id, json.dumps(asdict(contact))
        try:
            secrets.put_secret_value(SecretId=name, SecretString=text)
        except secrets.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != _NOT_FOUND:
                raise
            secrets.create_secret(Name=name, SecretString=text, Description="How a customer is told of extracts.")
