"""Sessions: a key's token in its place, from its opening over the next one to its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from keyguard.core.errors import NotOffered, OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential
from keyguard.core.findings import Kind
from keyguard.core.keys import KeyKind, Origin, Scope, VersionStatus
from keyguard.core.secret import Secret
from keyguard.gateway.venues import HttpGateway
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, inspect_key, open_session, radar_keys, refresh, sign_out
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.identity import Actor
from keyguard_simulators.faults import FaultKind, FaultRule
from keyguard_simulators.serve import Running
from keyguard_simulators.venue import KeyForm
from tests.fakes.world import World
from tests.simulators.signed import TimeOuts, _Counters

HELD: dict[str, Any] = {"bullish": ["hmac"], "deribit": "account:read trade:read_write wallet:read"}
ACTOR = Actor("hana", "host-1")
DERIBIT = "deribit/desk/session"
BULLISH = "bullish/desk/session"


class Desk:
    """A firm with one key at one venue, registered here."""

    def __init__(self, served: Running, venue: str) -> None:
        self.site: Any = served.venues[venue]
        self.account = self.site.open_account("desk", "")
        self.at_venue = self.site.issue(KeyForm(self.account.id, HELD[venue]))
        self.world = World()
        for key in self.world.inventory.keys():  # noqa: SIM118 - a method of the port
            self.world.inventory.remove_key(key.id)
        self.clock = self.world.clock
        self.pass_time(0)
        patient = TimeOuts(connect=60, read=60, write=60, total=100)
        urls = {name: served.urls[name] for name in (venue, "upbit")}
        self.gateway = HttpGateway(self.clock, _Counters(), urls, timeouts=patient)
        who = Credential(self.at_venue.public_id, Secret(self.at_venue.secret))
        self.key = enrol(self.ports, Declared(venue, "desk", "bot", "kim"), who).key
        self.pass_time(1)  # tokens given in the same millisecond are one and the same at the simulator

    @property
    def ports(self) -> Ports:
        return replace(self.world.ports, gateway=self.gateway)

    def pass_time(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.site.state.clock.frozen_ms = int(self.clock.now().timestamp() * 1000)

    def open(self, *grants: str) -> Any:
        return open_session.open_session(self.ports, self.key.name, "session", grants=grants)

    def held(self, name: str) -> Credential:
        key = self.ports.inventory.find_key(name)
        return credentials.load(self.ports, self.ports.inventory.live_version(key.id))

    def sign_out(self, name: str) -> Any:
        return sign_out.sign_out(self.ports, name, reason="leaver", actor=ACTOR)

    def status(self, made: Any) -> VersionStatus:
        (version,) = self.ports.inventory.versions(made.key.id)
        return version.status


def opened(served: Running, venue: str) -> Iterator[Desk]:
    desk = Desk(served, venue)
    yield desk
    desk.gateway.close()


@pytest.fixture
def deribit(served: Running) -> Iterator[Desk]:
    yield from opened(served, "deribit")


@pytest.fixture
def bullish(served: Running) -> Iterator[Desk]:
    yield from opened(served, "bullish")


def test_deribits_session_has_what_was_asked_for_and_an_hour(deribit: Desk) -> None:
    made = deribit.open("account:read", "trade:read")
    assert made.key.kind is KeyKind.OAUTH
    assert made.report.grants == ("account:read", "trade:read")
    assert (made.report.scopes, made.report.scopes_origin) == (Scope.READ, Origin.REPORTED)
    assert made.report.expires_at == deribit.clock.now() + timedelta(hours=1)
    assert made.report.account == deribit.account.id
    held = deribit.held(DERIBIT)
    assert held.tokens is not None
    assert (held.tokens.refresh, held.tokens.opened_by) == (None, deribit.key.id)
    told = "".join(entry.record.decode() for entry in deribit.ports.audit.entries())
    assert held.secret.reveal() not in told
    (token,) = [one for text, one in deribit.site.gate.tokens.items() if text == held.secret.reveal()]
    assert token.grants == {"account:read", "trade:read"}


def test_without_a_choice_a_session_has_all_of_the_key(deribit: Desk) -> None:
    made = deribit.open()
    assert set(made.report.grants) == set(HELD["deribit"].split())


def test_more_than_the_key_has_is_not_given(deribit: Desk) -> None:
    assert deribit.open("account:read_write").report.grants == ("account:read",)


def test_the_next_session_is_opened_by_the_key_with_the_same_permissions(deribit: Desk) -> None:
    deribit.open("trade:read")
    first = deribit.held(DERIBIT)
    assert refresh.refresh_due(deribit.ports) == {}
    assert deribit.held(DERIBIT) == first
    deribit.pass_time(41 * 60)
    assert refresh.refresh_due(deribit.ports) == {}
    second = deribit.held(DERIBIT)
    assert second.secret != first.secret
    assert second.key == first.key
    assert second.tokens is not None and second.tokens.grants == ("trade:read",)
    assert inspect_key.inspect_key(deribit.ports, DERIBIT).report is not None


def test_a_key_that_is_gone_opens_no_next_session(deribit: Desk) -> None:
    deribit.open("trade:read")
    deribit.site.state.delete(deribit.at_venue, deribit.site.state.clock.now_ms())
    with pytest.raises(Refused):
        refresh.refresh(deribit.ports, DERIBIT)


def test_the_radar_counts_the_end_of_a_session_nobody_replaced(deribit: Desk) -> None:
    deribit.open("trade:read")

    def ends() -> list[str]:
        found = radar_keys.keys(deribit.ports, deribit.clock.now(), timedelta(days=30))
        return [one.command for one in found if one.kind is Kind.EXPIRY]

    assert ends() == []
    deribit.pass_time(51 * 60)
    assert ends() == [f"keyguard key refresh {DERIBIT}"]


def test_deribits_session_is_dead_when_it_has_ended_and_not_before(deribit: Desk) -> None:
    made = deribit.open("trade:read")
    with pytest.raises(NotOffered) as caught:
        deribit.sign_out(DERIBIT)
    assert caught.value.code == "session.by_itself"
    assert deribit.status(made) is VersionStatus.RETIRED
    assert refresh.refresh_due(deribit.ports) == {}
    deribit.site.gate.tokens.clear()
    with pytest.raises(OutcomeUnknown) as unknown:
        deribit.sign_out(DERIBIT)
    assert "before its end" in unknown.value.message
    deribit.pass_time(3601)
    assert not deribit.sign_out(DERIBIT).worked
    assert deribit.status(made) is VersionStatus.DEAD


def test_bullishs_session_reads_and_is_ended_by_a_call(bullish: Desk) -> None:
    made = bullish.open()
    assert (made.report.scopes, made.report.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert made.report.expires_at == bullish.clock.now() + timedelta(hours=24)
    assert made.report.expiry_origin is Origin.INFERRED
    assert made.report.account == bullish.account.id
    first = bullish.held(BULLISH)
    bullish.pass_time(60)
    refresh.refresh(bullish.ports, BULLISH)
    assert bullish.held(BULLISH).secret != first.secret
    seen = bullish.ports.inventory.last_observation(made.version.id)
    assert seen is not None
    assert (seen.report.scopes_origin, seen.report.expiry_origin) == (Origin.INFERRED, Origin.INFERRED)
    assert bullish.sign_out(BULLISH).worked
    assert bullish.status(made) is VersionStatus.DEAD
    bullish.pass_time(60)
    assert inspect_key.inspect_key(bullish.ports, bullish.key.name).report is not None


@pytest.mark.parametrize(
    ("grants", "code"),
    [(("orders:teleport",), "oauth.scope"), (("wallet:read",), "oauth.blind")],
)
def test_permissions_that_cannot_be_are_said_before_anything_is_sent(
    deribit: Desk, grants: tuple[str, ...], code: str
) -> None:
    asked = len(deribit.site.state.seen)
    with pytest.raises(UsageError) as caught:
        deribit.open(*grants)
    assert caught.value.code == code
    assert len(deribit.site.state.seen) == asked


def test_bullishs_session_cannot_be_narrowed(bullish: Desk) -> None:
    with pytest.raises(UsageError) as caught:
        bullish.open("hmac")
    assert caught.value.code == "session.narrow"


def test_a_session_opens_no_session(deribit: Desk) -> None:
    deribit.open("trade:read")
    with pytest.raises(UsageError) as caught:
        open_session.open_session(deribit.ports, DERIBIT, "other")
    assert caught.value.code == "session.kind"


def test_a_venue_without_sessions_says_so(deribit: Desk) -> None:
    with pytest.raises(UsageError) as caught:
        open_session.offered(deribit.ports, replace(deribit.key, venue="upbit"))
    assert caught.value.code == "session.none"


def test_a_session_whose_token_got_lost_is_said_and_not_registered(deribit: Desk) -> None:
    deribit.site.state.faults.add(FaultRule(FaultKind.MALFORMED, operation="public/auth", times=1))
    with pytest.raises(OutcomeUnknown) as caught:
        deribit.open("trade:read")
    assert "ends by itself" in caught.value.still
    registered = [json.loads(one.record)["type"] for one in deribit.ports.audit.entries(stream="deribit")]
    assert registered.count("key.register") == 1


def test_a_session_that_cannot_be_registered_is_ended_where_a_call_can(bullish: Desk) -> None:
    before = len([token for name, token in bullish.site.state.nonces if name == "logged out"])
    path = "/trading-api/v1/accounts/trading-accounts"
    bullish.site.state.faults.add(FaultRule(FaultKind.RATE_LIMITED, operation=path, times=9))
    with pytest.raises(Refused):
        bullish.open()
    ended = [token for name, token in bullish.site.state.nonces if name == "logged out"]
    assert len(ended) == before + 1
