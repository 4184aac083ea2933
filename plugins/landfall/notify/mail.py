"""An e-mail that says in words how an extract ended."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from landfall.errors import DeliveryError
from landfall.notify.contacts import Contact

CONNECTION: Final = "landfall_smtp"
"""Airflow's SMTP connection: host, port, login, password, and `from_email` among its extras."""

_SUBJECTS: Final[Mapping[str, str]] = {
    "extract.done": "Your extract of {product} is ready",
    "extract.failed": "Your extract of {product} failed",
    "extract.held": "Your extract of {product} is held back",
    "extract.cancelled": "Your extract of {product} was cancelled",
}


def subject_of(event: Mapping[str, Any]) -> str:
    """Return the subject of an event's mail."""
    return _SUBJECTS[event["type"]].format(product=event["data"]["product"])


def text_of(event: Mapping[str, Any]) -> str:
    """Return what an event's mail says, as HTML; every value is escaped."""
    data = event["data"]
    told = {"Extract": data["extract_id"], "Product": data["product"]}
    if event["type"] == "extract.done":
        told |= {"Rows": f"{data['rows']:,}", "Files": f"{data['files']:,}", "Available until": data["expires_at"]}
        if data.get("delivered_to"):
            told["Delivered to"] = data["delivered_to"]
    elif data["cause"]:
        told["Why"] = data["cause"]
    lines = "".join(f"<p>{escape(name)}: {escape(str(value))}</p>" for name, value in told.items())
    return f"<p>{escape(subject_of(event))}.</p>{lines}<p>No link is sent: the extract API gives them.</p>"


def send(event: Mapping[str, Any], contact: Contact) -> None:
    """Send the mail of `event` to each of the contact's addresses. Raises DeliveryError when the server refuses."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    try:
        with SmtpHook(smtp_conn_id=CONNECTION) as hook:
            hook.send_email_smtp(to=list(contact.emails), subject=subject_of(event), html_content=text_of(event))
    except Exception as error:  # smtplib's, ssl's and Airflow's have no common ancestor
        raise DeliveryError(f"the mail could not be sent: {type(error).__name__}") from error
