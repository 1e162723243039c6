"""Token requests go to the origin the adapter pins for them, to its simulator, or nowhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
import respx

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Effect, Request
from keyguard.core.secret import Secret
from keyguard_adapters.gemini import ADAPTER
from tests.unit.gateway.server import Server
from tests.unit.gateway.venue import adapter

OAUTH = ADAPTER.oauth
assert OAUTH is not None
TOKEN = Request(
    "POST",
    "/auth/token",
    body={"code": Secret("FAKEcode")},
    effect=Effect.KEY_CREATED,
    signed=False,
    base=OAUTH.base,
)


def test_a_code_goes_to_the_pinned_origin_and_not_to_the_api(open_gateway):
    with respx.mock() as router:
        route = router.post(f"{OAUTH.base}/auth/token").respond(json={})
        open_gateway(replace(adapter(), oauth=OAUTH)).send("fakex", TOKEN, None)
    assert route.calls[0].request.content == b'{"code":"FAKEcode"}'
    assert "authorization" not in route.calls[0].request.headers


@pytest.mark.parametrize("pinned", [None, OAUTH])
def test_another_origin_gets_nothing(open_gateway, pinned):
    gateway = open_gateway(replace(adapter(), oauth=pinned))
    with pytest.raises(UsageError) as caught:
        gateway.send("fakex", replace(TOKEN, base="https://evil.test"), None)
    assert caught.value.code == "venue.base"
    assert "FAKE" not in caught.value.message


def test_a_simulator_stands_in_for_both(open_gateway):
    with Server() as server:
        gateway = open_gateway(replace(adapter(), oauth=OAUTH), simulators={"fakex": server.http})
        gateway.send("fakex", TOKEN, None)
        assert gateway.page("fakex", f"{OAUTH.authorise}?a=b") == f"{server.http}/auth?a=b"
    assert server.connections == 1


def test_a_page_of_the_venue_is_the_venues(open_gateway):
    gateway = open_gateway(replace(adapter(), oauth=OAUTH))
    assert gateway.page("fakex", f"{OAUTH.authorise}?a=b") == f"{OAUTH.authorise}?a=b"
