"""Gemini's sign-in of apps, from the page to the proven end, through the real gateway and redirect."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from keyguard.core.alerts import Manners
from keyguard.core.errors import OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential, Fault
from keyguard.core.findings import Kind
from keyguard.core.keys import KeyKind, Origin, Scope
from keyguard.daemon.custody import Plaintext
from keyguard.daemon.jobs import Jobs
from keyguard.gateway.redirect import PATH, listening
from keyguard.gateway.venues import HttpGateway
from keyguard.ports.all import Ports
from keyguard.workflows import (
    credentials,
    inspect_key,
    radar_keys,
    refresh,
    revoke,
    rotate,
    sign_in,
    sign_in_journal,
    sign_out,
)
from keyguard.workflows.enrol import Declared
from keyguard.workflows.identity import Actor
from keyguard_simulators.authority import ACCESS_LIFE_S, CODE_LIFE_MS, App
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.serve import Running
from tests.fakes.world import World
from tests.simulators.clients import Got, Sent, call, send
from tests.simulators.signed import TimeOuts

REDIRECT = f"http://127.0.0.1{PATH}"
GRANTS = ("balances:read", "orders:create")
ACTOR = Actor("hana", "host-1")
LONG = timedelta(hours=1)
VERIFIER = "FAKE" + "v" * 60
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class _Counters:
    def next(self, scope: str, floor: int) -> int:
        return floor


class Browser:
    """A person who opens the page, agrees, and follows the redirect; `changed` edits what comes back."""

    def __init__(self, base: str, **changed: str) -> None:
        self.base, self.changed = base, changed
        self.answers: list[Got] = []
        self.pages: list[str] = []
        self.thread: threading.Thread | None = None

    def __call__(self, page: str) -> None:
        self.pages.append(page)
        self.thread = threading.Thread(target=self._go, args=(page,))
        self.thread.start()

    def _go(self, page: str) -> None:
        back = send(Sent("GET", page, {}, b"")).headers["location"]
        if self.changed:
            whole, _, query = back.partition("?")
            told = {name: value for name, (value,) in parse_qs(query).items()}
            wrong = f"{whole}?{urlencode({**told, **self.changed})}"
            self.answers.append(send(Sent("GET", wrong, {}, b"")))
        self.answers.append(send(Sent("GET", back, {}, b"")))

    def done(self) -> None:
        assert self.thread is not None
        self.thread.join()


class Desk:
    """A firm with an account at the venue, an app registered there, and nothing at home yet."""

    def __init__(self, served: Running) -> None:
        self.base, self.venue = served.urls["gemini"], served.venues["gemini"]
        self.authority: Any = getattr(self.venue, "authority")  # noqa: B009 - beyond what all venues have
        self.account = self.venue.open_account("desk", "").id
        self.app = "FAKE-app-" + uuid.uuid4().hex[:8]
        self.authority.register(
            App(self.app, (REDIRECT,), frozenset({*GRANTS, "account:read", "crypto:send"}), self.account)
        )
        self.world = World()
        self.clock = self.world.clock
        self.venue.state.clock.frozen_ms = int(self.clock.now().timestamp() * 1000)
        patient = TimeOuts(connect=60, read=60, write=60, total=100)
        self.gateway = HttpGateway(self.clock, _Counters(), {"gemini": self.base}, timeouts=patient)

    @property
    def ports(self) -> Ports:
        return replace(self.world.ports, gateway=self.gateway)

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.venue.state.clock.frozen_ms = int(self.clock.now().timestamp() * 1000)

    def sign_in(self, label: str = "app", grants: tuple[str, ...] = GRANTS, **changed: str) -> Any:
        self.browser = Browser(self.base, **changed)
        declared = Declared("gemini", "desk", label, "kim")
        with listening(self.clock, LONG) as redirects:
            try:
                return sign_in.sign_in(self.ports, declared, self.app, grants, redirects, self.browser)
            finally:
                if self.browser.thread is not None:
                    self.browser.done()

    def held(self) -> Credential:
        key = self.ports.inventory.find_key("gemini/desk/app")
        return credentials.load(self.ports, self.ports.inventory.live_version(key.id))

    def records(self, type_: str) -> list[dict[str, Any]]:
        found = (json.loads(entry.record) for entry in self.ports.audit.entries(stream="gemini"))
        return [record["body"] for record in found if record["type"] == type_]

    def token(self, **sent: Any) -> Got:
        return call(self.base, "POST", "/auth/token", {"client_id": self.app, **sent})

    def code(self, **changes: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.app,
            "redirect_uri": REDIRECT,
            "scope": "balances:read",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        got = send(Sent("GET", f"{self.base}/auth?{urlencode(asked)}", {}, b""))
        told = parse_qs(urlsplit(got.headers.get("location", "")).query)
        return told.get("code", told.get("error", [str(got.status)]))[0]

    def redeem(self, code: str, **changes: str) -> Got:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return self.token(**{**sent, **changes})


@pytest.fixture
def desk(served: Running) -> Iterator[Desk]:
    desk = Desk(served)
    yield desk
    desk.gateway.close()


# --- the simulator checks ------------------------------------------------------------------------------


def test_a_code_is_good_once(desk: Desk) -> None:
    code = desk.code()
    assert desk.redeem(code).json["token_type"] == "Bearer"
    assert desk.redeem(code).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": VERIFIER + "x"},
        {"code_verifier": ""},
        {"redirect_uri": REDIRECT + "/"},
        {"code": "x"},
    ],
)
def test_a_code_with_something_else_than_it_was_given_for_is_refused_and_spent(
    desk: Desk, changes: dict[str, str]
) -> None:
    code = desk.code()
    assert desk.redeem(**{"code": code, **changes}).json["error"] == "invalid_grant"
    if "code" not in changes:
        assert desk.redeem(code).json["error"] == "invalid_grant"


def test_a_code_ends(desk: Desk) -> None:
    code = desk.code()
    desk.pass_time(CODE_LIFE_MS / 1000 + 1)
    assert desk.redeem(code).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "banks:create"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"client_id": "FAKE-other"}, "400"),
        ({"redirect_uri": "https://evil.test/keyguard"}, "400"),
        ({"redirect_uri": "http://127.0.0.1/other"}, "400"),
        ({"redirect_uri": "http://evil@127.0.0.1/keyguard"}, "400"),
    ],
)
def test_a_page_asked_for_wrongly_gives_no_code(desk: Desk, changes: dict[str, str], word: str) -> None:
    assert desk.code(**changes) == word


def test_a_public_app_with_a_secret_is_refused(desk: Desk) -> None:
    got = desk.redeem(desk.code(), client_secret="FAKE")
    assert (got.status, got.json["error"]) == (401, "invalid_client")


def test_a_spent_refresh_token_ends_the_sign_in(desk: Desk) -> None:
    first = desk.redeem(desk.code()).json
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = desk.token(**again).json
    assert second["refresh_token"] != first["refresh_token"]
    assert desk.token(**again).json["error"] == "invalid_grant"
    again["refresh_token"] = second["refresh_token"]
    assert desk.token(**again).json["error"] == "invalid_grant"


# --- signing in ----------------------------------------------------------------------------------------


def test_a_person_signs_in_and_the_sign_in_is_asked_stored_and_recorded(desk: Desk) -> None:
    made = desk.sign_in()
    assert made.key.kind is KeyKind.OAUTH
    assert made.report.grants == GRANTS
    assert made.report.scopes == Scope.READ | Scope.TRADE_SPOT | Scope.TRADE_DERIVATIVES
    assert made.report.scopes_origin is Origin.REPORTED
    assert made.report.expires_at == desk.clock.now() + timedelta(seconds=ACCESS_LIFE_S)
    held = desk.held()
    assert held.tokens is not None and held.tokens.refresh is not None
    assert (held.key, held.tokens.client_id) == (made.version.public_id, desk.app)
    (record,) = desk.records("key.register")
    assert (record["kind"], record["source"]) == ("oauth", "created_here")
    told = "".join(entry.record.decode() for entry in desk.ports.audit.entries())
    for secret in (held.secret, held.tokens.refresh):
        assert secret.reveal() not in told
    assert desk.browser.answers[-1].status == 200


def test_two_sign_ins_of_one_app_are_two_keys(desk: Desk) -> None:
    one, other = desk.sign_in(), desk.sign_in("second")
    assert one.version.public_id != other.version.public_id


@pytest.mark.parametrize("changed", [{"state": "x"}, {"state": ""}, {"error": "access_denied"}])
def test_a_redirect_that_is_not_ours_is_passed_over(desk: Desk, changed: dict[str, str]) -> None:
    desk.sign_in(**changed)
    assert [answer.status for answer in desk.browser.answers] == [400, 200]


def test_a_person_who_declines_leaves_nothing(desk: Desk) -> None:
    desk.authority.apps[desk.app] = replace(desk.authority.apps[desk.app], scopes=frozenset())
    with pytest.raises(Refused, match="declined: invalid_scope"):
        desk.sign_in()
    assert desk.records("key.register") == []


def test_a_sign_in_that_cannot_be_registered_is_revoked(desk: Desk) -> None:
    desk.venue.state.faults.add(FaultRule(FaultKind.RATE_LIMITED, operation="/v1/balances", times=9))
    with pytest.raises(Refused):
        desk.sign_in()
    (key,) = [key for key in desk.venue.state.book.keys.values() if key.label == desk.app]
    assert key.deleted
    assert key.public_id not in {owner for _app, owner in desk.authority.refresh.values()}


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED, FaultKind.ERROR_AFTER])
def test_a_code_whose_tokens_got_lost_is_named_until_a_person_has_ended_it(
    desk: Desk, kind: FaultKind
) -> None:
    desk.venue.state.faults.add(FaultRule(kind, operation="/auth/token", times=1, status=502))
    with pytest.raises(OutcomeUnknown) as caught:
        desk.sign_in()
    (workflow,) = sign_in_journal.unfinished(desk.ports)
    assert caught.value.hint.endswith(f"keyguard workflow cancel {workflow.id}")
    assert desk.records("key.register") == []
    desk.sign_in("second")
    with pytest.raises(OutcomeUnknown):
        sign_in.take_up(desk.ports, workflow.id)
    sign_in.give_up(desk.ports, workflow.id)
    desk.sign_in()


@pytest.mark.parametrize(
    ("grants", "code"),
    [((), "oauth.scope"), (("orders:teleport",), "oauth.scope"), (("orders:create",), "oauth.blind")],
)
def test_scopes_that_cannot_be_are_said_before_anybody_is_sent_anywhere(
    desk: Desk, grants: tuple[str, ...], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        desk.sign_in(grants=grants)
    assert caught.value.code == code
    assert desk.browser.pages == []


def test_a_taken_name_is_said_before_anybody_is_sent_anywhere(desk: Desk) -> None:
    desk.sign_in()
    with pytest.raises(UsageError) as caught:
        desk.sign_in()
    assert caught.value.code == "key.name_taken"
    assert desk.browser.pages == []


def test_a_venue_that_documents_no_sign_in_gets_none(desk: Desk) -> None:
    ports = replace(desk.ports, gateway=desk.world.gateway)
    with pytest.raises(UsageError) as caught:
        sign_in.offered(ports, "examplex")
    assert caught.value.code == "oauth.none"


# --- refreshing ----------------------------------------------------------------------------------------


def test_a_refresh_stores_the_next_tokens_under_the_same_key(desk: Desk) -> None:
    desk.sign_in()
    before = desk.held()
    desk.pass_time(3600)
    told = refresh.refresh(desk.ports, "gemini/desk/app")
    after = desk.held()
    assert (after.key, after.secret == before.secret) == (before.key, False)
    refresh.refresh(desk.ports, "gemini/desk/app")
    names = desk.ports.secrets.names()
    assert len([name for name in names if name.startswith("tokens/")]) == 1
    assert desk.held() != after
    assert told.until == desk.clock.now() + timedelta(seconds=ACCESS_LIFE_S)
    assert inspect_key.inspect_key(desk.ports, "gemini/desk/app").report is not None
    assert desk.records("key.observe")[-1]["expires_at"]


def test_what_is_not_due_is_left_alone_and_what_is_due_refreshed_once(desk: Desk) -> None:
    desk.sign_in()
    first = desk.held()
    assert refresh.refresh_due(desk.ports) == {}
    assert desk.held() == first
    desk.pass_time(ACCESS_LIFE_S - 3600)
    assert refresh.refresh_due(desk.ports) == {}
    second = desk.held()
    assert second != first
    assert refresh.refresh_due(desk.ports) == {}
    assert desk.held() == second


def test_two_at_once_spend_one_refresh_token(desk: Desk) -> None:
    made = desk.sign_in()
    with desk.ports.journal.alone(made.key.id), pytest.raises(UsageError) as caught:
        refresh.refresh(desk.ports, "gemini/desk/app")
    assert caught.value.code == "workflow.busy"
    refresh.refresh(desk.ports, "gemini/desk/app")


def test_a_refused_refresh_says_sign_in_again_and_is_not_repeated(desk: Desk) -> None:
    desk.sign_in()
    desk.authority.refresh.clear()
    before = desk.held()
    asked = len(desk.venue.state.seen)
    with pytest.raises(Refused, match="takes the refresh token of gemini/desk/app no more") as caught:
        refresh.refresh(desk.ports, "gemini/desk/app")
    assert "keyguard key sign-in gemini" in caught.value.hint
    assert len(desk.venue.state.seen) == asked + 1
    assert desk.held() == before
    desk.pass_time(ACCESS_LIFE_S)
    assert list(refresh.refresh_due(desk.ports)) == ["gemini/desk/app"]


@pytest.mark.parametrize("kind", [FaultKind.MALFORMED, FaultKind.ERROR_AFTER])
def test_a_lost_answer_is_an_unknown_outcome_and_the_next_try_tells(desk: Desk, kind: FaultKind) -> None:
    desk.sign_in()
    before = desk.held()
    desk.venue.state.faults.add(FaultRule(kind, operation="/auth/token", times=1, status=502))
    with pytest.raises(OutcomeUnknown) as unknown:
        refresh.refresh(desk.ports, "gemini/desk/app")
    assert "the refresh token may be spent" in unknown.value.still
    assert "keyguard key refresh gemini/desk/app" in unknown.value.hint
    assert desk.held() == before
    with pytest.raises(Refused) as caught:
        refresh.refresh(desk.ports, "gemini/desk/app")
    assert caught.value.fault is Fault.KEY_UNKNOWN


def test_without_a_refresh_token_one_signs_in_again(desk: Desk) -> None:
    made = desk.sign_in()
    held = desk.held()
    assert held.tokens is not None
    bare = replace(held, tokens=replace(held.tokens, refresh=None))
    credentials.store_next(desk.ports, made.version, bare)
    with pytest.raises(UsageError) as caught:
        refresh.refresh(desk.ports, "gemini/desk/app")
    assert caught.value.code == "oauth.sign_in_again"


def test_a_key_is_not_refreshed_and_a_sign_in_not_rotated(desk: Desk) -> None:
    made = desk.sign_in()
    bot = desk.world.key.name
    for act in (
        lambda: refresh.refresh(desk.ports, bot),
        lambda: sign_out.sign_out(desk.ports, bot, reason="leaver", actor=ACTOR),
        lambda: rotate.rotate(
            desk.ports, made.key.id, rotate.Options(), actor=ACTOR, process_alive=lambda *_: False
        ),
        lambda: revoke.revoke(
            desk.ports,
            made.key.id,
            reason="leaver",
            manager="",
            actor=ACTOR,
            process_alive=lambda *_: False,
        ),
    ):
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.code == "oauth.kind"


def test_the_radar_is_silent_while_the_daemon_has_time_and_then_names_the_command(desk: Desk) -> None:
    desk.sign_in()
    for key in desk.ports.inventory.keys():  # noqa: SIM118 - a method of the port
        if key.venue != "gemini":
            desk.ports.inventory.remove_key(key.id)

    def ends() -> list[str]:
        found = radar_keys.keys(desk.ports, desk.clock.now(), timedelta(days=30))
        return [one.command for one in found if one.kind is Kind.EXPIRY and one.subject == "gemini/desk/app"]

    assert ends() == []
    desk.pass_time(ACCESS_LIFE_S - 5400)
    assert ends() == []
    desk.pass_time(3600)
    assert ends() == ["keyguard key refresh gemini/desk/app"]
    refresh.refresh(desk.ports, "gemini/desk/app")
    assert ends() == []


def test_the_daemon_refreshes_what_is_due_and_nothing_while_locked(desk: Desk) -> None:
    desk.sign_in()
    desk.pass_time(ACCESS_LIFE_S - 3600)

    class Custody:
        locked = True

    custody: Any = Custody()

    async def work() -> None:
        messenger: Any = None
        jobs = Jobs(desk.ports, custody, messenger, Manners(), 0)
        await jobs.renew()
        await jobs.idle()
        await jobs.close()

    first = desk.held()
    asyncio.run(work())
    assert desk.held() == first
    custody.locked = False
    asyncio.run(work())
    assert desk.held() != first


def test_the_daemon_keeps_no_token_between_hand_outs(desk: Desk) -> None:
    made = desk.sign_in()
    kept = Plaintext(desk.ports)
    before = kept.credential(made.version)
    refresh.refresh(desk.ports, "gemini/desk/app")
    assert kept.credential(made.version) == desk.held() != before


# --- the end -------------------------------------------------------------------------------------------


def ended(desk: Desk) -> list[str]:
    key = desk.ports.inventory.find_key("gemini/desk/app")
    return [version.status.value for version in desk.ports.inventory.versions(key.id)]


def sign_it_out(desk: Desk) -> sign_out.SignedOut:
    return sign_out.sign_out(desk.ports, "gemini/desk/app", reason="leaver", actor=ACTOR)


def test_a_sign_out_is_recorded_carried_out_proven_and_forgotten(desk: Desk) -> None:
    made = desk.sign_in()
    held = desk.held()
    assert sign_it_out(desk).worked
    assert ended(desk) == ["dead"]
    assert not [name for name in desk.ports.secrets.names() if made.version.id in name]
    (said,), (proof,) = desk.records("key.revoke"), desk.records("key.revoke_confirmed")
    assert said["reason"] == "leaver"
    assert (proof["method"], proof["venue_code"], proof["http_status"]) == (
        "token_refused",
        "invalid_token",
        401,
    )
    assert held.tokens is not None and held.tokens.refresh is not None
    again = {"grant_type": "refresh_token", "refresh_token": held.tokens.refresh.reveal()}
    assert desk.token(**again).json["error"] == "invalid_grant"
    with pytest.raises(UsageError, match="ended already"):
        sign_it_out(desk)


def test_a_sign_in_whose_access_token_has_ended_is_refreshed_to_be_revoked(desk: Desk) -> None:
    desk.sign_in()
    desk.pass_time(ACCESS_LIFE_S + 1)
    assert sign_it_out(desk).worked
    assert ended(desk) == ["dead"]


def test_a_sign_in_that_was_ended_elsewhere_is_seen_to_be_dead(desk: Desk) -> None:
    desk.sign_in()
    (key,) = [key for key in desk.venue.state.book.keys.values() if key.label == desk.app]
    desk.authority.end(desk.venue.state, key, desk.venue.state.clock.now_ms())
    assert not sign_it_out(desk).worked
    assert ended(desk) == ["dead"]


def test_an_ended_token_that_could_come_back_is_not_taken_for_dead(desk: Desk) -> None:
    desk.sign_in()
    (key,) = [key for key in desk.venue.state.book.keys.values() if key.label == desk.app]
    key.enabled = False
    desk.venue.state.faults.add(FaultRule(FaultKind.RATE_LIMITED, operation="/auth/token", times=9))
    with pytest.raises(Refused) as caught:
        sign_it_out(desk)
    assert caught.value.fault is Fault.RATE
    assert ended(desk) == ["live"]


def test_a_token_that_is_still_answered_is_never_called_ended(desk: Desk) -> None:
    desk.sign_in()
    desk.venue.state.switches.dead_key_delay_ms = 60_000
    with pytest.raises(OutcomeUnknown) as caught:
        sign_it_out(desk)
    assert caught.value.code == "oauth.not_ended"
    assert ended(desk) == ["retired"]
    desk.pass_time(61)
    assert not sign_it_out(desk).worked
    assert ended(desk) == ["dead"]
    assert len(desk.records("key.revoke")) == 1


def test_a_reason_nobody_knows_is_refused(desk: Desk) -> None:
    desk.sign_in()
    with pytest.raises(UsageError):
        sign_out.sign_out(desk.ports, "gemini/desk/app", reason="whim", actor=ACTOR)
    assert ended(desk) == ["live"]


def test_a_token_nobody_gave_is_refused(desk: Desk) -> None:
    got = send(Sent("POST", desk.base + "/v1/balances", {"Authorization": "Bearer FAKE"}, b""))
    assert (got.status, got.json["reason"]) == (401, "invalid_token")
