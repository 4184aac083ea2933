"""An object is put in one signed request, and by boto3 where that will not do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from localcloud.lake.put_object import put_object


class Server:
    """An S3 that answers every PUT with `status`; `puts` are the paths and bodies that it was given."""

    def __init__(self) -> None:
        self.status, self.puts = 200, list[tuple[str, bytes]]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert "/s3/aws4_request" in self.headers["Authorization"]
                outer.puts.append((self.path, body))
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever)
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def by_boto3() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def lake(server: Server, by_boto3: list[dict[str, Any]]) -> Any:
    return SimpleNamespace(
        settings=SimpleNamespace(
            aws_endpoint=f"http://127.0.0.1:{server.http.server_port}",
            access_key="test",
            secret_key="test",
            region="us-east-1",
        ),
        local_files=SimpleNamespace(note=lambda _headers: None),
        s3=SimpleNamespace(put_object=lambda **arguments: by_boto3.append(arguments)),
    )


def test_a_key_with_strange_signs_is_quoted(lake: Any, server: Server, by_boto3: list[dict[str, Any]]) -> None:
    put_object(lake, "b", "a b/ü+?.csv", b"text", {})
    assert server.puts == [("/b/a%20b/%C3%BC%2B%3F.csv", b"text")]
    assert by_boto3 == []


def test_boto3_tries_again_what_was_refused(lake: Any, server: Server, by_boto3: list[dict[str, Any]]) -> None:
    server.status = 503
    put_object(lake, "b", "k", b"text", {})
    assert by_boto3 == [{"Bucket": "b", "Key": "k", "Body": b"text"}]


def test_boto3_puts_what_has_options(lake: Any, server: Server, by_boto3: list[dict[str, Any]]) -> None:
    put_object(lake, "b", "k", b"text", {"ServerSideEncryption": "AES256"})
    assert server.puts == []
    assert by_boto3 == [{"Bucket": "b", "Key": "k", "Body": b"text", "ServerSideEncryption": "AES256"}]
