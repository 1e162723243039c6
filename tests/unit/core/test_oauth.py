"""The sign-in of apps: what leaves, and what of an answer is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from keyguard.core import oauth
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Effect, Reply
from keyguard.core.keys import KeyKind
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens
from keyguard_adapters.gemini import ADAPTER

FACTS = ADAPTER.oauth
TOKENS = Tokens("FAKE-app", Secret("FAKErefresh1"), None, ("balances:read",))
GOOD = {
    "access_token": "FAKEaccess2",
    "refresh_token": "FAKErefresh2",
    "token_type": "bearer",
    "scope": "orders:read,balances:read",
    "expires_in": 86399,
}


def attempt():
    draws = iter((b"s" * 32, b"v" * 32))
    return oauth.begin(
        "FAKE-app", "http://127.0.0.1:7/x", ("orders:read", "balances:read"), lambda _: next(draws)
    )


def read(**changes):
    told = {name: value for name, value in {**GOOD, **changes}.items() if value != "left out"}
    return oauth.read(FACTS, Reply(200, {}, json.dumps(told).encode()), ("balances:read",))


def test_the_challenge_is_that_of_the_standard():
    # RFC 7636, appendix B
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")  # keyguard:allow the standard's example
    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_page_asks_for_a_code_and_holds_no_verifier():
    begun = attempt()
    parts = urlsplit(oauth.page(FACTS, begun))
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://exchange.gemini.com/auth"
    assert asked == {
        "response_type": "code",
        "client_id": "FAKE-app",
        "redirect_uri": "http://127.0.0.1:7/x",
        "scope": "balances:read,orders:read",
        "state": begun.state,
        "code_challenge": oauth.challenge(begun.verifier),
        "code_challenge_method": "S256",
    }
    assert begun.verifier.reveal() not in oauth.page(FACTS, begun)
    assert begun.state not in repr(begun)
    assert len(begun.verifier) == 43


def test_only_the_attempts_own_state_is_taken():
    begun = attempt()
    assert oauth.is_ours(begun, begun.state)
    for state in ("", begun.state[:-1], begun.state + "x", "\udcff"):
        assert not oauth.is_ours(begun, state)


def test_the_code_goes_with_its_verifier_to_the_pinned_host():
    begun = attempt()
    request = next(oauth.redeem(FACTS, begun, Secret("FAKEcode")))
    assert (request.base, request.path, request.signed) == (FACTS.base, "/auth/token", False)
    assert request.effect is Effect.KEY_CREATED
    assert request.body["code_verifier"] == begun.verifier
    assert "FAKEcode" not in repr(request)
    assert begun.verifier.reveal() not in repr(request)


def test_a_refresh_sends_the_spent_token_and_nothing_of_the_access_token():
    request = next(oauth.refresh(FACTS, TOKENS, TOKENS.refresh))
    assert request.body == {
        "grant_type": "refresh_token",
        "client_id": "FAKE-app",
        "refresh_token": TOKENS.refresh,
    }
    assert request.effect is Effect.SECRET_RESET


def test_what_is_read_of_an_answer():
    told = read()
    assert told == oauth.Answer(
        Secret("FAKEaccess2"),
        Secret("FAKErefresh2"),
        timedelta(seconds=86399),
        ("balances:read", "orders:read"),
    )
    assert "FAKE" not in repr(told)


def test_what_is_not_told_is_not_made_up():
    assert read(expires_in="left out").life is None
    assert read(scope="left out").grants == ("balances:read",)


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": "mac"},
        {"token_type": "left out"},
        {"access_token": ""},
        {"access_token": None},
        {"access_token": "FAKE two"},
        {"access_token": "FAKE\n"},
        {"refresh_token": "left out"},  # spent by its use, and no other came
        {"refresh_token": 7},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": True},
        {"expires_in": "86399"},
        {"expires_in": 10**12},
        {"scope": ["orders:read"]},
        {"scope": "orders:teleport"},
    ],
)
def test_an_answer_out_of_bounds_is_refused(changes):
    with pytest.raises((ValueError, LookupError, TypeError)):
        read(**changes)


def test_where_a_refresh_token_lasts_it_is_kept():
    lasting = replace(FACTS, single_use=False)
    step = oauth.refresh(lasting, TOKENS, TOKENS.refresh)
    next(step)
    told = {name: value for name, value in GOOD.items() if name != "refresh_token"}
    with pytest.raises(StopIteration) as done:
        step.send(Reply(200, {}, json.dumps(told).encode()))
    assert done.value.value.refresh == TOKENS.refresh


def test_the_end_is_counted_from_before_the_request():
    at = datetime(2026, 11, 21, tzinfo=UTC)
    made = oauth.credential("oauth-FAKE", "FAKE-app", read(), at)
    assert made.kind is KeyKind.OAUTH
    assert made.tokens.expires_at == at + timedelta(seconds=86399)
    assert oauth.credential("oauth-FAKE", "FAKE-app", read(expires_in=None), at).tokens.expires_at is None


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://desk.test/keyguard",
        "https://",
        "https://desk.test/keyguard?x=1",
        "https://desk.test/#x",
        "https://kim@desk.test/",
        "https://desk.test/a b",
        "https://desk.test:0/",
        "https://desk.test:x/",
        "https://[/",
        "https://desk.test/\u00e9",
    ],
)
def test_a_page_that_leads_here_is_a_plain_https_address(uri):
    with pytest.raises(UsageError) as caught:
        oauth.demand_relay(uri)
    assert caught.value.code == "oauth.redirect"
    assert oauth.demand_relay("https://desk.test:8443/keyguard") == "https://desk.test:8443/keyguard"


def test_of_a_short_life_a_third_is_left_for_its_successor():
    short = replace(FACTS, access_life=timedelta(hours=1))
    assert (FACTS.due, FACTS.late) == (timedelta(hours=2), timedelta(hours=1))
    assert (short.due, short.late) == (timedelta(minutes=20), timedelta(minutes=10))


def test_a_refresh_token_is_missed_only_where_it_was_asked_for():
    told = {name: value for name, value in GOOD.items() if name != "refresh_token"}
    answer = Reply(200, {}, json.dumps(told).encode())
    kept = replace(FACTS, keeps="offline")
    assert oauth.read(kept, answer, ("balances:read",)).refresh is None
    with pytest.raises(ValueError, match="no refresh token"):
        oauth.read(kept, answer, ("balances:read", "offline"))
