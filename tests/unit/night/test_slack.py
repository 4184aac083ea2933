"""A Slack webhook is one well-formed POST to a real server, tried again as it asks, never named in an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from landfall.night import slack, telling
from landfall.night.messages import held_message
from landfall.night.slack import SlackError


class Webhook(ThreadingHTTPServer):
    """Answers POSTs with the next of `answers` (status, text), and keeps what was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: list[tuple[int, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.types: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/T0/B0/secret"


class Answering(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.types.append(self.headers["Content-Type"])
        status, text = self.server.answers.pop(0) if self.server.answers else (200, "ok")
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setattr(slack.time, "sleep", lambda _: None)
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(telling, "notify", lambda **kwargs: messages.append(kwargs["message"]))
    monkeypatch.setattr(
        telling.Settings, "from_environment", lambda: type("Settings", (), {"notification_topic_arn": "arn"})()
    )
    return messages


MESSAGE = held_message("lake", run_id="night_1", detail="marts.fct_orders: volume. Answer at http://airflow/x")


def test_the_message_arrives_as_json_with_blocks(webhook: Webhook, told: list[str]) -> None:
    assert telling.tell_all(MESSAGE, webhook=webhook.address) == "sent"
    (body,) = webhook.bodies
    assert webhook.types == ["application/json"]
    assert body["blocks"][0]["type"] == "header"
    assert "Answer at http://airflow/x" in body["blocks"][1]["text"]["text"]
    assert "Slack" not in told[0]


@pytest.mark.parametrize("first", [(429, "rate_limited"), (503, "down")])
def test_what_slack_may_take_later_is_sent_again(webhook: Webhook, told: list[str], first: tuple[int, str]) -> None:
    webhook.answers = [first]
    assert telling.tell_all(MESSAGE, webhook=webhook.address) == "sent"
    assert len(webhook.bodies) == 2


def test_what_slack_refuses_is_sent_once_and_the_topic_is_told_of_it(webhook: Webhook, told: list[str]) -> None:
    webhook.answers = [(404, "no_service")]
    outcome = telling.tell_all(MESSAGE, webhook=webhook.address)
    assert "no_service" in outcome
    assert len(webhook.bodies) == 1
    assert "no_service" in told[0]


def test_an_error_never_names_the_address_which_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack.time, "sleep", lambda _: None)
    with pytest.raises(SlackError) as caught:
        slack.post("http://127.0.0.1:1/services/T0/B0/secret", {})
    assert "secret" not in str(caught.value)


def test_without_a_webhook_only_the_topic_is_told(told: list[str]) -> None:
    assert telling.tell_all(MESSAGE, webhook=None) == "not configured"
    assert len(told) == 1
