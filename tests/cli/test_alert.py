"""Channels: kept as secrets, tried over TLS, refused where they would talk in the clear."""

from __future__ import annotations

import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest

from tests.cli.desk import desk
from tests.unit.gateway.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.desk import Desk

TOKEN = "FAKEtoken" + "x" * 20


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as opened:
        opened.init()
        yield opened


class Chat:
    """A service that takes messages over TLS."""

    def __init__(self, folder: Path) -> None:
        self.got: list[dict[str, str]] = []
        self.came = threading.Event()
        self.status = 200
        authority = Authority(folder)
        self.roots = authority.roots
        chat = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                chat.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                chat.came.set()
                self.send_response(chat.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = authority.server().wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"jsons://bot:{TOKEN}@127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    made = Chat(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_channel_is_kept_as_a_secret_and_tried(ready: Desk, chat: Chat) -> None:
    ready.keyguard("alert", "add", "desk-chat", "--floor", "high", sent=chat.url)
    listed = ready.keyguard("alert", "list")
    assert "desk-chat" in listed.out
    done = ready.keyguard("alert", "test", environment={"REQUESTS_CA_BUNDLE": str(chat.roots)})
    assert done.out == "desk-chat: taken\n"
    assert chat.got[0]["title"] == "keyguard: a test"
    for file in ready.folder.rglob("*"):
        if file.is_file():
            assert TOKEN.encode() not in file.read_bytes(), file
    ready.keyguard("alert", "remove", "desk-chat")
    assert ready.keyguard("alert", "list", "--json").json == []


def test_a_message_that_is_not_taken_is_said_without_the_url(ready: Desk, chat: Chat) -> None:
    chat.status = 403
    ready.keyguard("alert", "add", "desk-chat", sent=chat.url)
    done = ready.keyguard("alert", "test", expect=4, environment={"REQUESTS_CA_BUNDLE": str(chat.roots)})
    assert "did not take the alert" in done.out
    assert TOKEN not in done.out + done.err


def test_a_service_with_a_certificate_nobody_signed_gets_nothing(ready: Desk, chat: Chat) -> None:
    ready.keyguard("alert", "add", "desk-chat", sent=chat.url)
    ready.keyguard("alert", "test", expect=4)
    assert chat.got == []


@pytest.mark.parametrize(
    "url",
    [f"json://bot:{TOKEN}@chat.example/", f"mailto://u:{TOKEN}@mail.example", "hello", "", "nothing://x"],
)
def test_urls_that_are_none_or_talk_in_the_clear(ready: Desk, url: str) -> None:
    done = ready.keyguard("alert", "add", "desk-chat", sent=url, expect=2)
    assert TOKEN not in done.out + done.err
    assert ready.keyguard("alert", "list", "--json").json == []


def test_names(ready: Desk) -> None:
    url = "jsons://127.0.0.1/"
    ready.keyguard("alert", "add", "a", sent=url)
    assert "already" in ready.keyguard("alert", "add", "a", sent=url, expect=2).errors[0]
    ready.keyguard("alert", "add", "A b", sent=url, expect=2)
    ready.keyguard("alert", "remove", "b", expect=2)
