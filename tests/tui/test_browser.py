"""`keyguard tui --serve` in a real browser: opens, shows, takes keys, and refuses whoever has no link."""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.tui import homes

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")


class Served:
    """A `keyguard tui --serve` under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def link(self) -> str:
        """The next link it prints."""
        for line in self._process.stderr:
            if found := re.match(r"http://\S+", line):
                return found[0]
        raise AssertionError("it ended")


@contextlib.contextmanager
def served(home, *words):
    process = subprocess.Popen(
        homes.keyguard(home, "tui", "--serve", *words),
        stderr=subprocess.PIPE,
        text=True,
        env=homes.environment(),
    )
    try:
        yield Served(process)
    finally:
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0


def asked(link: str, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(link).netloc, timeout=60)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return homes.home(tmp_path_factory.mktemp("served") / "home")


@contextlib.contextmanager
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield found
        finally:
            found.close()


def test_a_browser_opens_the_link_once_sees_the_keys_and_cannot_change_any(home) -> None:
    drawn, asked_for = [], []
    with served(home, "--lang", "en") as serving, browser() as chromium:
        link = serving.link()
        page = chromium.new_page()
        page.on("request", lambda request: asked_for.append(request.url))
        page.on(
            "websocket",
            lambda socket: socket.on(
                "framereceived", lambda data: drawn.append(data.encode() if isinstance(data, str) else data)
            ),
        )

        def shows(text: str) -> None:
            while text.encode() not in b"".join(drawn):
                page.wait_for_timeout(20)

        page.goto(link)
        shows("READ ONLY")
        page.click("#terminal")
        page.keyboard.press("2")
        shows("upbit/krw/maker")
        page.keyboard.type("!")
        shows("What is in danger?")
        page.keyboard.press("Enter")
        shows("die, ")
        page.keyboard.press("Enter")
        shows("This view is read-only")

        again = chromium.new_page()
        assert again.goto(link).status == 403
        assert "This link was used" in again.content()
        assert again.goto(link.split("?")[0]).status == 403
        page.reload()
        assert serving.link() != link
        origin = link.split("/?")[0]
        assert all(url.startswith((origin, origin.replace("http", "ws"))) for url in asked_for)


def test_other_names_other_sites_and_guesses_are_refused(home) -> None:
    with served(home, "--lang", "ko") as serving:
        link = serving.link()
        path = link.split("/", 3)[3]
        assert asked(link, "/?token=guessed")[0] == 403
        assert asked(link, f"/{path}", Host="keyguard.example")[0] == 403
        status, page = asked(link, f"/{path}")
        assert status == 200
        socket = re.search(r"/ws/[\w-]+", page)[0]
        for origin in ("http://evil.example", ""):
            assert asked(link, socket, Origin=origin)[0] == 403
        assert asked(link, "/ws/guessed", Origin=link.split("/?")[0])[0] == 403
        assert asked(link, "/static/../../pyproject.toml")[0] in (403, 404)
