"""What is true of every adapter that signs apps in, and Gemini's own."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Credential, Effect, Request, Stamp
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.oauth import OAuth, whoami
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens
from keyguard_adapters import NAMES
from tests.adapters.scripts import Script, adapter, answer

VENUES = [name for name in NAMES if adapter(name).oauth is not None]
STAMP = Stamp(1767225600000, "1767225600123", "venue.test")
every_venue = pytest.mark.parametrize("venue", VENUES)


def facts(venue: str) -> OAuth:
    found = adapter(venue).oauth
    assert found is not None
    return found


def signed_in(*grants: str) -> Credential:
    tokens = Tokens("FAKE-app", Secret("FAKErefresh"), None, tuple(sorted(grants)))
    return Credential("oauth-FAKE", Secret("FAKEaccess"), kind=KeyKind.OAUTH, tokens=tokens)


def test_gemini_is_one_of_them() -> None:
    assert "gemini" in VENUES


@pytest.mark.parametrize("venue", NAMES)
def test_the_kind_is_offered_exactly_where_apps_are_signed_in(venue: str) -> None:
    assert (KeyKind.OAUTH in adapter(venue).facts.kinds) == (venue in VENUES)


@every_venue
def test_facts_are_sane(venue: str) -> None:
    found = facts(venue)
    for url in (found.authorise, found.base, found.source):
        assert urlsplit(url).scheme == "https"
        assert urlsplit(url).query == ""
    assert urlsplit(found.base).path == ""
    assert re.fullmatch("(/[a-z0-9_.-]+)+", found.token_path)
    assert found.access_life > timedelta(0)
    assert date(2026, 1, 1) <= date.fromisoformat(found.checked)
    assert found.reads <= set(found.scopes.names)
    assert any("OAuth" in doubt for doubt in adapter(venue).facts.unverified)


@every_venue
def test_the_token_leaves_in_its_header_alone(venue: str) -> None:
    who = signed_in(*facts(venue).reads)
    wire = adapter(venue).sign(Request("POST", "/v1/x", body={"a": 1}), who, STAMP)
    assert wire.headers["Authorization"] == "Bearer FAKEaccess"
    rest = {name: value for name, value in wire.headers.items() if name != "Authorization"}
    assert "FAKE" not in str(rest) + wire.target + wire.body.decode()
    assert "FAKE" not in repr(wire)


@every_venue
def test_asking_has_no_effect_and_revoking_says_its_own(venue: str) -> None:
    found = facts(venue)
    for scope in found.reads:
        script = Script([answer({})])
        script.run(found.whoami(signed_in(scope)))
        assert [one.effect for one in script.requests] == [Effect.NONE]
    script = Script([answer({})])
    script.run(found.revoke())
    assert [one.effect for one in script.requests] == [Effect.KEY_DELETED]


def test_a_sign_in_is_asked_in_its_own_way_and_tells_what_came_with_the_token() -> None:
    script = Script([answer([])])
    told = script.run(whoami(adapter("gemini"), signed_in("balances:read", "crypto:send")))
    assert [one.path for one in script.requests] == ["/v1/balances"]
    assert told.scopes == Scope.READ | Scope.WITHDRAW
    assert (told.scopes_origin, told.expiry_origin) == (Origin.REPORTED, Origin.UNKNOWN)


def test_a_sign_in_that_reads_nothing_is_said() -> None:
    for who in (signed_in("orders:create"), replace(signed_in(), tokens=None)):
        with pytest.raises(UsageError, match="may read nothing"):
            Script([]).run(whoami(adapter("gemini"), who))


def test_geminis_payload_of_a_sign_in_has_no_nonce_and_no_signature() -> None:
    wire = adapter("gemini").sign(Request("POST", "/v1/orders"), signed_in("orders:read"), STAMP)
    payload = json.loads(base64.b64decode(wire.headers["X-GEMINI-PAYLOAD"]))
    assert payload == {"request": "/v1/orders"}
    assert set(wire.headers) == {"Authorization", "X-GEMINI-PAYLOAD"}
