"""A stand-in for the engines' control APIs: it keeps workgroups and namespaces, and checks nothing."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Engines(ThreadingHTTPServer):
    """Answers Athena's and Redshift Serverless's calls that CloudFormation makes, and remembers what was made."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.made: dict[str, dict[str, Any]] = {}
        self.calls_back: int | None = None

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Carry one call out. As the true engines may, it needs an answer of AWS (at port `calls_back`) for it."""
        if self.calls_back:
            connection = http.client.HTTPConnection("127.0.0.1", self.calls_back, timeout=3)
            connection.request("GET", "/_localcloud/health")
            connection.getresponse().read()
        verb = next(verb for verb in ("Create", "Update", "Delete", "Get") if operation.startswith(verb))
        noun = operation.removeprefix(verb)
        name = request.get("Name") or request.get("WorkGroup") or request.get(f"{noun.lower()}Name")
        key = f"{noun}/{name}"
        if verb in ("Create", "Update"):
            self.made[key] = {**self.made.get(key, {}), **request}
        elif verb == "Delete":
            del self.made[key]
        endpoint = {"address": "127.0.0.1", "port": 5439}
        arn = f"arn:aws:redshift-serverless:us-east-1:000000000000:{noun.lower()}/{name}"
        return {noun.lower(): {"status": "AVAILABLE", f"{noun.lower()}Arn": arn, "endpoint": endpoint}}


class _Handler(BaseHTTPRequestHandler):
    server: Engines

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(self.server.answer(self.headers["X-Amz-Target"].split(".")[-1], request)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Run the stand-in in a thread."""
    server = Engines()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
