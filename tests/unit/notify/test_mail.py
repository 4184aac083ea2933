"""Mails as they reach a mail server."""

from __future__ import annotations

import email
import json
import socketserver
import threading
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from landfall.errors import DeliveryError
from landfall.notify import mail
from landfall.notify.contacts import Contact

CONTACT = Contact(emails=("a@example.com", "b@example.com"))


def event(kind: str = "extract.done", **data: Any) -> dict[str, Any]:
    known = {
        "extract_id": "x1",
        "product": "orders",
        "cause": None,
        "rows": 1200,
        "files": 1,
        "expires_at": "2026-12-21",
        "delivered_to": None,
    }
    return {"id": "x1.done", "type": kind, "data": known | data}


class Mailbox:
    """What a mail server on this machine got: recipients and message."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.refuses = False
        self.got: list[tuple[list[str], EmailMessage]] = []


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server (RFC 5321, as much as a sender needs) that Airflow's connection leads to."""

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.answer("220 here")
            recipients: list[str] = []
            for line in self.rfile:
                command = line.decode().strip()
                if command.upper().startswith("RCPT"):
                    recipients.append(command.partition("<")[2].partition(">")[0])
                    self.answer("550 no such mailbox" if box.refuses else "250 ok")
                elif command.upper() == "DATA":
                    self.answer("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    parsed = email.message_from_bytes(b"".join(lines), policy=policy.default)
                    assert isinstance(parsed, EmailMessage)
                    box.got.append((recipients, parsed))
                    self.answer("250 taken")
                elif command.upper() == "QUIT":
                    self.answer("221 bye")
                    return
                else:
                    self.answer("250 ok")

        def answer(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
    box = Mailbox(server.server_address[1])
    extra = {"from_email": "extracts@landfall.example", "disable_ssl": True, "disable_tls": True, "retry_limit": 1}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": box.port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LANDFALL_SMTP", json.dumps(connection))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield box
    server.shutdown()
    server.server_close()


def test_a_finished_extract_is_told_of_to_every_address(mailbox: Mailbox) -> None:
    mail.send(event(), CONTACT)

    ((recipients, message),) = mailbox.got
    assert recipients == ["a@example.com", "b@example.com"]
    assert message["subject"] == "Your extract of orders is ready"
    body = message.get_body(("html",))
    assert body is not None
    text = body.get_content()
    assert "Rows: 1,200" in text
    assert "http" not in text, "a link would open the files to whoever reads the mail"


def test_a_mail_of_delivered_files_says_where_they_are() -> None:
    text = mail.text_of(event(delivered_to="s3://theirs/run-1/"))
    assert "Delivered to: s3://theirs/run-1/" in text
    assert "Delivered" not in mail.text_of(event())


def test_a_cause_cannot_become_markup(mailbox: Mailbox) -> None:
    mail.send(event("extract.failed", cause="<script>alert(1)</script>"), CONTACT)
    body = mailbox.got[0][1].get_body(("html",))
    assert body is not None
    assert "&lt;script&gt;" in body.get_content()


@pytest.mark.parametrize("kind", ["extract.done", "extract.failed", "extract.held", "extract.cancelled"])
def test_each_end_of_an_extract_has_words(kind: str) -> None:
    assert mail.subject_of(event(kind)) in mail.text_of(event(kind, cause="why"))


def test_a_server_that_refuses_is_tried_again_later(mailbox: Mailbox) -> None:
    mailbox.refuses = True
    with pytest.raises(DeliveryError, match="SMTPRecipientsRefused") as raised:
        mail.send(event(), CONTACT)
    assert not raised.value.for_good
