"""Sign-ins and sessions, killed at every call that changes something while they are refreshed or ended.

They are no journalled workflows: the same command, typed again, goes on. A refresh whose answer was lost may
have spent the refresh token; then a person is told to sign in again.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from keyguard.core import oauth
from keyguard.core.errors import KeyguardError, Refused, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.secret import Secret
from keyguard.ports.redirects import Landing
from keyguard.workflows import credentials, open_session, refresh, sign_in, sign_out
from keyguard.workflows.enrol import Declared
from keyguard.workflows.operations import ask
from keyguard_simulators.authority import App
from keyguard_simulators.wire import Call
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.world import ACTOR
from tests.venues.world import VenueWorld

SIDES = ("before", "after")
REDIRECT = "https://desk.test/keyguard"
APPS = {
    "coinbase": ("/oauth2/auth", ("offline_access", "wallet:user:read"), "FAKEofTheApp"),
    "gemini": ("/auth", ("account:read", "balances:read"), ""),
    "kraken": ("/oauth/authorize", ("account.info:basic",), ""),
}
SESSIONS = ("bullish", "deribit")


class Browser:
    """A person who agrees on the venue's page, and the redirect that brings the code back."""

    uri = REDIRECT

    def __init__(self, world):
        self.world, self.page = world, ""

    def show(self, page):
        self.page = page

    def wait(self, attempt):
        asked, clock = urlsplit(self.page), self.world.venue.state.clock
        target = f"{asked.path}?{asked.query}"
        call = Call("GET", asked.path, target, asked.query, {}, b"", "127.0.0.1", clock.now_ms())
        told = parse_qs(urlsplit(self.world.venue.answer(call).headers["Location"]).query)
        return Landing(Secret(told["code"][0]))


def signed_in(name, runner):
    world = VenueWorld(name, runner)
    if name in SESSIONS:
        world.signed = open_session.open_session(world.ports, world.key.name, "session")
    else:
        _, grants, secret = APPS[name]
        app = App("FAKE-app", (REDIRECT,), frozenset(grants), world.firm.id, secret)
        world.venue.authority.register(app)
        browser = Browser(world)
        world.signed = sign_in.sign_in(
            world.ports,
            Declared(name, "mm", "app", "kim"),
            "FAKE-app",
            grants,
            browser,
            browser.show,
            client_secret=Secret(secret) if secret else None,
        )
    world.clock.sleep(1)
    return world


def works(world):
    who = credentials.load(world.ports, world.inventory.live_version(world.signed.key.id))
    return ask(world.ports, world.name, oauth.whoami(world.adapter, who), who)


def refreshing(ports, world):
    refresh.refresh(ports, world.signed.key.name)


def ending(ports, world):
    """A session of a venue without a call for it ends by itself."""
    try:
        sign_out.sign_out(ports, world.signed.key.name, reason="leaver", actor=ACTOR)
    except KeyguardError as error:
        if error.code == "key.dead":
            return
        world.clock.sleep(30 * 86_400)
        sign_out.sign_out(ports, world.signed.key.name, reason="leaver", actor=ACTOR)


def left(world):
    """What the store holds of the sign-in."""
    version = world.signed.version.id
    return [item for item in world.store.items if version in item]


@pytest.mark.parametrize("name", [*APPS, *SESSIONS])
def test_a_refresh_that_died_is_done_again_or_a_person_is_told(name, runner, record_property):
    clean, fate = signed_in(name, runner), Fate()
    refreshing(mortal(clean.ports, fate), clean)
    assert fate.count > 3
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = signed_in(name, runner)
            with pytest.raises(Killed):
                refreshing(mortal(world.ports, Fate(at, side)), world)
            try:
                refreshing(world.ports, world)
            except (Refused, UsageError) as error:
                assert "sign in again" in error.hint, error
            else:
                assert works(world).enabled
                assert len(left(world)) == 2, "the first tokens and the newest"
            world.audit.verify()
    record_property("kills", 2 * fate.count)


@pytest.mark.parametrize("name", ["coinbase", "gemini", *SESSIONS])
def test_a_sign_out_that_died_ends_when_asked_again(name, runner, record_property):
    clean, fate = signed_in(name, runner), Fate()
    ending(mortal(clean.ports, fate), clean)
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = signed_in(name, runner)
            with pytest.raises(Killed):
                ending(mortal(world.ports, Fate(at, side)), world)
            ending(world.ports, world)
            (version,) = world.inventory.versions(world.signed.key.id)
            assert version.status is VersionStatus.DEAD
            assert left(world) == [], "no token is kept"
            assert len(world.audit.bodies("key.revoke_confirmed")) == 1
            world.audit.verify()
    record_property("kills", 2 * fate.count)
