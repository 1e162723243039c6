"""Sign-ins of apps at venues that want a secret, or another way of naming the app, and redirects with TLS."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault
from keyguard.core.findings import Kind
from keyguard.core.keys import KeyKind, Origin, Scope, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.redirect import listening
from keyguard.gateway.venues import HttpGateway
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, inspect_key, radar_keys, refresh, sign_in, sign_out
from keyguard.workflows.enrol import Declared
from keyguard.workflows.identity import Actor
from keyguard_simulators.authority import App
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.serve import Running
from tests.fakes.world import World
from tests.simulators.clients import Got, Sent, call, send
from tests.simulators.signed import TimeOuts
from tests.simulators.test_gemini_oauth import CHALLENGE, LONG, VERIFIER, Browser, _Counters

RELAY = "https://desk.test/keyguard"
SECRET = "FAKEofTheApp"
GRANTS = {
    "coinbase": ("offline_access", "wallet:transactions:send", "wallet:user:read"),
    "kraken": ("account.fast-api-key:write", "account.info:basic"),
}
PATHS = {"coinbase": ("/oauth2/auth", "/oauth2/token"), "kraken": ("/oauth/authorize", "/oauth/token")}
FORM = "application/x-www-form-urlencoded"


class Desk:
    """A firm with an app at one venue, whose registered redirect is a page of its own that leads here."""

    def __init__(self, served: Running, venue: str) -> None:
        self.venue, self.base = venue, served.urls[venue]
        self.site: Any = served.venues[venue]
        self.account = self.site.open_account("desk", "").id
        self.app = f"FAKE-app-{len(self.site.authority.apps)}"
        self.secret = SECRET if venue == "coinbase" else ""
        grants = frozenset(GRANTS[venue])
        self.site.authority.register(App(self.app, (RELAY,), grants, self.account, self.secret))
        self.world = World()
        for key in self.world.inventory.keys():  # noqa: SIM118 - a method of the port
            self.world.inventory.remove_key(key.id)
        self.clock = self.world.clock
        self.site.state.clock.frozen_ms = int(self.clock.now().timestamp() * 1000)
        patient = TimeOuts(connect=60, read=60, write=60, total=100)
        self.gateway = HttpGateway(self.clock, _Counters(), {venue: self.base}, timeouts=patient)
        self.name = f"{venue}/desk/app"

    @property
    def ports(self) -> Ports:
        return replace(self.world.ports, gateway=self.gateway)

    def sign_in(self, grants: tuple[str, ...] = (), secret: str | None = None) -> Any:
        given = self.secret if secret is None else secret
        with listening(self.clock, LONG, relay=RELAY) as redirects:
            port = redirects._server.server_address[1]
            browser = _Led(self.base, f"http://127.0.0.1:{port}/keyguard")
            try:
                return sign_in.sign_in(
                    self.ports,
                    Declared(self.venue, "desk", "app", "kim"),
                    self.app,
                    grants or GRANTS[self.venue],
                    redirects,
                    browser,
                    client_secret=Secret(given) if given else None,
                )
            finally:
                if browser.thread is not None:
                    browser.done()

    def held(self) -> Any:
        key = self.ports.inventory.find_key(self.name)
        return credentials.load(self.ports, self.ports.inventory.live_version(key.id))

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.site.state.clock.frozen_ms = int(self.clock.now().timestamp() * 1000)

    def code(self, **changes: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.app,
            "redirect_uri": RELAY,
            "scope": GRANTS[self.venue][-1],
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        got = send(Sent("GET", f"{self.base}{PATHS[self.venue][0]}?{urlencode(asked)}", {}, b""))
        told = parse_qs(urlsplit(got.headers.get("location", "")).query)
        return told.get("code", told.get("error", [str(got.status)]))[0]

    def redeem(self, code: str, *, user: str | None = None, **changes: str) -> Got:
        """As another client of this venue would: a form, and the app named in the venue's own way."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": RELAY,
            "code_verifier": VERIFIER,
        }
        headers = {"Content-Type": FORM}
        if self.venue == "coinbase":
            sent |= {"client_id": self.app, "client_secret": self.secret}
        else:
            name = f"{self.app}:" if user is None else user
            headers["Authorization"] = f"Basic {base64.b64encode(name.encode()).decode()}"
        body = urlencode({**sent, **changes}).encode()
        return send(Sent("POST", f"{self.base}{PATHS[self.venue][1]}", headers, body))

    def radar(self) -> list[str]:
        found = radar_keys.keys(self.ports, self.clock.now(), timedelta(days=30))
        return [one.text for one in found if one.kind is Kind.EXPIRY and one.subject == self.name]


class _Led(Browser):
    """A browser that the firm's page sends on to this machine, with the query as it came."""

    def __init__(self, base: str, here: str) -> None:
        super().__init__(base)
        self.here = here

    def _go(self, page: str) -> None:
        back = send(Sent("GET", page, {}, b"")).headers["location"]
        assert back.startswith(RELAY)
        self.answers.append(send(Sent("GET", self.here + back.removeprefix(RELAY), {}, b"")))


@pytest.fixture(params=["coinbase", "kraken"])
def desk(request: pytest.FixtureRequest, served: Running) -> Iterator[Desk]:
    opened = Desk(served, request.param)
    yield opened
    opened.gateway.close()


@pytest.fixture
def coinbase(served: Running) -> Iterator[Desk]:
    opened = Desk(served, "coinbase")
    yield opened
    opened.gateway.close()


@pytest.fixture
def kraken(served: Running) -> Iterator[Desk]:
    opened = Desk(served, "kraken")
    yield opened
    opened.gateway.close()


# --- the simulators check ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": VERIFIER + "x"}, {"code_verifier": ""}, {"redirect_uri": RELAY + "/"}, {"code": "x"}],
)
def test_a_code_is_good_once_and_with_what_it_was_given_for(desk: Desk, changes: dict[str, str]) -> None:
    code = desk.code()
    assert desk.redeem(**{"code": code, **changes}).json["error"] == "invalid_grant"
    assert desk.redeem(desk.code()).json["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "orders:teleport"}, "invalid_scope"),
        ({"client_id": "FAKE-other"}, "400"),
        ({"redirect_uri": "https://evil.test/keyguard"}, "400"),
        ({"redirect_uri": "http://127.0.0.1/keyguard"}, "400"),
    ],
)
def test_a_page_asked_for_wrongly_gives_no_code(desk: Desk, changes: dict[str, str], word: str) -> None:
    assert desk.code(**changes) == word


@pytest.mark.parametrize("wrong", ["", "FAKEother"])
def test_coinbases_app_needs_its_secret(coinbase: Desk, wrong: str) -> None:
    assert coinbase.redeem(coinbase.code(), client_secret=wrong).json["error"] == "invalid_client"


@pytest.mark.parametrize("user", ["FAKE-other:", "", "FAKE-app-0:FAKEsecret", "no colon \x00"])
def test_krakens_app_names_itself_by_the_basic_scheme(kraken: Desk, user: str) -> None:
    assert kraken.redeem(kraken.code(), user=user).json["error"] == "invalid_client"


def test_krakens_app_names_itself_nowhere_else(kraken: Desk) -> None:
    assert kraken.redeem(kraken.code(), client_id=kraken.app).json["error"] == "invalid_client"


def test_a_request_for_tokens_is_a_form(desk: Desk) -> None:
    sent = {"grant_type": "authorization_code", "client_id": desk.app, "client_secret": desk.secret}
    got = call(desk.base, "POST", PATHS[desk.venue][1], sent)
    assert (got.status, got.json["error"]) == (400, "invalid_request")


def test_a_spent_refresh_token_ends_the_sign_in(desk: Desk) -> None:
    first = desk.sign_in()
    spent = desk.held().tokens.refresh.reveal()
    refresh.refresh(desk.ports, desk.name)
    again = desk.redeem("x", grant_type="refresh_token", refresh_token=spent)
    assert again.json["error"] == "invalid_grant"
    with pytest.raises(Refused) as caught:
        refresh.refresh(desk.ports, first.key.id)
    assert caught.value.fault is Fault.KEY_UNKNOWN


# --- keyguard -----------------------------------------------------------------------------------------


def test_from_the_page_over_a_refresh_to_the_radar(desk: Desk) -> None:
    made = desk.sign_in()
    assert made.key.kind is KeyKind.OAUTH
    assert made.report.grants == tuple(sorted(GRANTS[desk.venue]))
    assert made.report.scopes & (Scope.WITHDRAW | Scope.MANAGE_KEYS)
    facts = desk.gateway.adapter(desk.venue).oauth
    assert facts is not None
    assert made.report.expires_at == desk.clock.now() + facts.access_life
    first = desk.held()
    assert (first.tokens.client_secret is not None) == (desk.venue == "coinbase")
    told = "".join(entry.record.decode() for entry in desk.ports.audit.entries())
    for secret in (first.secret.reveal(), first.tokens.refresh.reveal(), SECRET):
        assert secret not in told
    assert desk.radar() == []

    desk.pass_time((facts.access_life - facts.due).total_seconds() - 1)
    assert refresh.refresh_due(desk.ports) == {}
    assert desk.held() == first
    desk.pass_time(2)
    assert refresh.refresh_due(desk.ports) == {}
    second = desk.held()
    assert second.secret != first.secret
    assert second.tokens.client_secret == first.tokens.client_secret
    assert inspect_key.inspect_key(desk.ports, desk.name).report is not None

    desk.pass_time((facts.access_life - facts.late).total_seconds())
    (text,) = desk.radar()
    assert text.startswith("expires ")
    assert facts.refresh_life is not None
    desk.pass_time((facts.refresh_life - facts.access_life - timedelta(days=1)).total_seconds())
    (text,) = desk.radar()
    assert text.startswith("its refresh token ends ")


def test_what_kraken_tells_of_the_user_is_the_account_and_its_scopes_are_inferred(kraken: Desk) -> None:
    made = kraken.sign_in()
    assert (made.report.account, made.report.scopes_origin) == (kraken.account, Origin.INFERRED)
    refresh.refresh(kraken.ports, kraken.name)
    seen = kraken.ports.inventory.last_observation(made.version.id)
    assert seen is not None
    assert seen.report.scopes_origin is Origin.INFERRED


def test_coinbase_is_signed_out_by_a_call(coinbase: Desk) -> None:
    coinbase.sign_in()
    held = coinbase.held()
    done = sign_out.sign_out(coinbase.ports, coinbase.name, reason="leaver", actor=Actor("hana", "host-1"))
    assert done.worked
    assert done.key.name == coinbase.name
    headers = {"Authorization": f"Bearer {held.secret.reveal()}"}
    got = send(Sent("GET", f"{coinbase.base}/v2/user", headers, b""))
    assert got.json["errors"][0]["id"] == "invalid_token"


def test_kraken_is_signed_out_on_its_page_and_only_then_called_so(kraken: Desk) -> None:
    made = kraken.sign_in()
    act = lambda: sign_out.sign_out(kraken.ports, kraken.name, reason="leaver", actor=Actor("hana", "h"))  # noqa: E731
    with pytest.raises(NotOffered) as caught:
        act()
    assert caught.value.code == "oauth.by_hand"
    assert "kraken.com" in caught.value.hint
    (version,) = kraken.ports.inventory.versions(made.key.id)
    assert version.status is VersionStatus.RETIRED
    (key,) = [one for one in kraken.site.state.book.keys.values() if one.label == kraken.app]
    kraken.site.authority.end(kraken.site.state, key, kraken.site.state.clock.now_ms())
    assert not act().worked
    (version,) = kraken.ports.inventory.versions(made.key.id)
    assert version.status is VersionStatus.DEAD


def test_without_the_scope_that_keeps_it_a_sign_in_lasts_an_hour(coinbase: Desk) -> None:
    coinbase.sign_in(("wallet:user:read",))
    with pytest.raises(UsageError) as caught:
        refresh.refresh(coinbase.ports, coinbase.name)
    assert caught.value.code == "oauth.sign_in_again"


@pytest.mark.parametrize(
    ("venue", "secret"), [("coinbase", ""), ("kraken", SECRET), ("coinbase", "two words")]
)
def test_a_secret_too_many_or_too_few_is_said_before_anybody_is_sent_anywhere(
    served: Running, venue: str, secret: str
) -> None:
    desk = Desk(served, venue)
    with pytest.raises(UsageError) as caught:
        desk.sign_in(secret=secret)
    assert caught.value.code == "oauth.client_secret"
    desk.gateway.close()


def test_what_cannot_be_registered_nor_revoked_is_said(kraken: Desk) -> None:
    kraken.site.state.faults.add(FaultRule(FaultKind.MALFORMED, operation="/oauth/userinfo", times=9))
    with pytest.raises(BadReply) as caught:
        kraken.sign_in()
    assert "signed in at the venue" in caught.value.still
    assert "kraken.com" in caught.value.hint
