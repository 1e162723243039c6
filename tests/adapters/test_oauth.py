"""What is true of every adapter that signs apps in, and what some do in their own way."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest

from keyguard.core.errors import BadReply, UsageError
from keyguard.core.exchange import Credential, Effect, Fault, Reply, Request, Stamp
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.core.oauth import OAuth, tokens_of, whoami
from keyguard.core.secret import Secret
from keyguard.core.tokens import Tokens
from keyguard_adapters import NAMES
from keyguard_adapters._oauth import parsed
from tests.adapters.scripts import Script, adapter, answer

VENUES = [name for name in NAMES if adapter(name).oauth is not None]
STAMP = Stamp(1767225600000, "1767225600123", "venue.test")
every_venue = pytest.mark.parametrize("venue", VENUES)


def facts(venue: str) -> OAuth:
    found = adapter(venue).oauth
    assert found is not None
    return found


def signed_in(*grants: str) -> Credential:
    tokens = Tokens("FAKE-app", Secret("FAKErefresh"), None, tuple(sorted(grants)), Secret("FAKEofApp"))
    return Credential("oauth-FAKE", Secret("FAKEaccess"), kind=KeyKind.OAUTH, tokens=tokens)


def test_these_venues_sign_apps_in() -> None:
    assert VENUES == ["coinbase", "gemini", "kraken"]


@pytest.mark.parametrize("venue", NAMES)
def test_the_kind_is_offered_exactly_where_tokens_are_given(venue: str) -> None:
    found = adapter(venue)
    assert found.oauth is None or found.sessions is None
    assert (KeyKind.OAUTH in found.facts.kinds) == (tokens_of(found) is not None)


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
    assert found.unverified
    assert all(doubt.startswith("OAuth: ") for doubt in found.unverified)
    assert found.keeps in ("", *found.scopes.names)
    assert (found.revoke is None) == bool(found.apps_page)
    assert timedelta(0) < found.late < found.due < found.access_life


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
        script = Script([answer({"result": {"iban": "AA00 FAKE"}})])
        script.run(found.whoami(signed_in(scope)))
        assert [one.effect for one in script.requests] == [Effect.NONE]
    if found.revoke is not None:
        script = Script([answer({})])
        script.run(found.revoke(signed_in()))
        assert [one.effect for one in script.requests] == [Effect.KEY_DELETED]


@every_venue
@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("invalid_grant", Fault.KEY_UNKNOWN),
        ("invalid_token", Fault.AMBIGUOUS),
        ("insufficient_scope", Fault.SCOPE),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_the_words_of_the_standards_are_known_whatever_the_status(
    venue: str, word: str, fault: Fault, status: int
) -> None:
    assert adapter(venue).fault(answer({"error": word}, status)) == (fault, word)


def test_coinbases_revocation_names_token_and_app_in_a_form_on_the_host_that_gives_tokens() -> None:
    script, found, who = Script([answer({})]), facts("coinbase"), signed_in()
    assert found.revoke is not None
    script.run(found.revoke(who))
    (request,) = script.requests
    assert (request.base, request.path) == ("https://login.coinbase.com", "/oauth2/revoke")
    wire = adapter("coinbase").sign(request, who, STAMP)
    assert wire.body == b"token=FAKEaccess&client_id=FAKE-app&client_secret=FAKEofApp"
    for secret in ("FAKEaccess", "FAKEofApp"):
        assert secret not in repr(request) + repr(wire)


def test_a_file_that_lacks_what_it_needs_is_refused() -> None:
    with pytest.raises(LookupError):
        parsed('authorise = "https://x.test"')


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


def _given(**changes: object) -> Reply:
    result = {"access_token": "FAKE", "expires_in": 3600, "scope": "trade:read connection", **changes}
    return answer({"result": result})


def test_deribits_session_is_asked_for_an_hour_and_marked() -> None:
    sessions = adapter("deribit").sessions
    assert sessions is not None
    script = Script([_given()])
    made = script.run(sessions.open("FAKEkey", ("trade:read",)))
    (request,) = script.requests
    assert request.query["scope"] == "trade:read expires:3600"
    assert request.effect is Effect.KEY_CREATED
    assert (made.refresh, made.life, made.grants) == (None, timedelta(hours=1), ("trade:read",))


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "trade:read_write"},
        {"scope": "trade:read wallet:read"},
        {"scope": "trade:teleport"},
        {"expires_in": 31_536_000},
        {"expires_in": 0},
        {"expires_in": True},
        {"expires_in": "3600"},
        {"access_token": ""},
    ],
)
def test_a_session_beyond_what_was_asked_for_is_refused(
    changes: dict[str, object],
) -> None:
    sessions = adapter("deribit").sessions
    assert sessions is not None
    with pytest.raises(BadReply):
        Script([_given(**changes)]).run(sessions.open("FAKEkey", ("trade:read",)))


def test_a_session_that_reads_nothing_keyguard_asks_for_is_said() -> None:
    sessions = adapter("deribit").sessions
    assert sessions is not None
    with pytest.raises(UsageError, match="may read nothing"):
        Script([]).run(sessions.whoami(signed_in("wallet:read")))
