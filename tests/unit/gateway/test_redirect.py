"""The loopback listener that ends a sign-in: what it takes, what it refuses, what it says."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest

from keyguard.core import oauth
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.gateway.redirect import PATH, listening
from keyguard.ports.redirects import Landing
from tests.fakes.clock import FakeClock
from tests.simulators.clients import Got, Sent, send

LONG = timedelta(hours=1)
GRANTS = ("balances:read",)


class Visit:
    """Requests put to the listener one after the other, the last of them a good redirect."""

    def __init__(self, *wrong, good="code=FAKEcode"):
        self.wrong, self.good = wrong, good
        self.answers: list[Got] = []

    def run(self) -> Landing:
        with listening(FakeClock(), LONG) as redirects:
            attempt = oauth.begin("FAKE-app", redirects.uri, GRANTS, FakeClock().token)
            self.uri, self.state = redirects.uri, attempt.state
            browser = threading.Thread(target=self._browse)
            browser.start()
            try:
                return redirects.wait(attempt)
            finally:
                browser.join()

    def _browse(self) -> None:
        base = self.uri.removesuffix(PATH)
        for one in self.wrong:
            self.answers.append(send(one(base, self.state)))
        self.answers.append(send(get(f"{PATH}?{self.good}&state={{state}}")(base, self.state)))


def get(target, method="GET", **headers):
    return lambda base, state: Sent(method, base + target.format(state=state), headers, b"")


def test_the_code_of_a_good_redirect_comes_back():
    visit = Visit()
    assert visit.run() == Landing(Secret("FAKEcode"))
    (answer,) = visit.answers
    assert answer.status == 200
    assert urlsplit(visit.uri).hostname == "127.0.0.1"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (get(f"{PATH}?code=x&state=x"), 400),
        (get(f"{PATH}?code=x"), 400),
        (get(f"{PATH}?state={{state}}"), 400),
        (get(f"{PATH}?code=x&error=y&state={{state}}"), 400),
        (get(f"{PATH}?code=x&code=y&state={{state}}"), 400),
        (get(f"{PATH}?code=x&state={{state}}&state={{state}}"), 400),
        (get(f"{PATH}?%"), 400),
        (get(f"{PATH}?" + "a=b&" * 50 + "code=x&state={state}"), 400),
        (get("/?code=x&state={state}"), 404),
        (get(f"{PATH}/more?code=x&state={{state}}"), 404),
        (get("/favicon.ico"), 404),
        (get(f"{PATH}?code={'x' * 9000}&state={{state}}"), 404),
        (get(f"{PATH}?code=x&state={{state}}", Host="evil.test"), 421),
        (get(f"{PATH}?code=x&state={{state}}", Host="localhost"), 421),
        (get(f"{PATH}?code=x&state={{state}}", "POST"), 501),
    ],
)
def test_everything_else_is_refused_and_the_sign_in_goes_on(wrong, status):
    visit = Visit(wrong)
    assert visit.run() == Landing(Secret("FAKEcode"))
    assert [answer.status for answer in visit.answers] == [status, 200]


def test_a_refusal_of_the_venue_comes_back_as_such():
    assert Visit(good="error=access_denied").run() == Landing(None, "access_denied")


def test_the_page_shows_nothing_it_was_sent_and_loads_nothing():
    visit = Visit(
        get(f"{PATH}?code=<script>alert(1)</script>FAKE&state=<b>"), good=urlencode({"code": "FAKE<i>"})
    )
    visit.run()
    for answer in visit.answers:
        page = answer.body.decode()
        assert "FAKE" not in page
        assert "script" not in page
        assert "http" not in page
        assert visit.state not in page
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "python" not in str(answer.headers).lower()


def test_nothing_is_logged(capfd):
    Visit(get("/favicon.ico"), get(f"{PATH}?code=FAKE&state=x")).run()
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_a_browser_that_hangs_up_ends_nothing(capfd):
    def hang_up(base, state):
        parts = urlsplit(base)
        socket.create_connection((parts.hostname, parts.port)).close()
        return get("/favicon.ico")(base, state)

    assert Visit(hang_up).run().code is not None
    assert capfd.readouterr().err == ""


def test_it_is_closed_when_the_sign_in_is_over():
    with listening(FakeClock(), LONG) as redirects:
        assert redirects._server.fileno() >= 0
    assert redirects._server.fileno() == -1


def test_nobody_who_comes_back_is_waited_for_but_so_long():
    with listening(FakeClock(), timedelta(0)) as redirects, pytest.raises(UsageError) as caught:
        redirects.wait(oauth.begin("FAKE-app", redirects.uri, GRANTS, FakeClock().token))
    assert caught.value.code == "oauth.time_out"


def test_a_port_that_is_taken_is_said():
    with listening(FakeClock(), LONG) as redirects:
        port = urlsplit(redirects.uri).port
        with pytest.raises(UsageError) as caught, listening(FakeClock(), LONG, port):
            pass
    assert caught.value.code == "oauth.port"
