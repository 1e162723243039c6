"""Sign-ins and sessions, killed at every call that changes something while they are made, refreshed or ended.

A sign-in is named by the journal from before its code is redeemed on. A refresh and an end are no journalled
workflows: the same command, typed again, goes on. A refresh whose answer was lost may have spent the refresh
token; then a person is told to sign in again.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from keyguard.core import oauth
from keyguard.core.errors import KeyguardError, OutcomeUnknown, Refused, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.core.secret import Secret
from keyguard.ports.redirects import Landing
from keyguard.workflows import (
    credentials,
    enrol,
    open_session,
    refresh,
    sign_in,
    sign_in_journal,
    sign_out,
)
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
        world.signed = signing_in(world.ports, registered(world))
    world.clock.sleep(1)
    return world


def registered(world):
    """The world, with the app known to its venue."""
    _, grants, secret = APPS[world.name]
    world.venue.authority.register(App("FAKE-app", (REDIRECT,), frozenset(grants), world.firm.id, secret))
    return world


def signing_in(ports, world):
    grants = APPS[world.name][1]
    browser = Browser(world)
    return sign_in.sign_in(
        ports,
        Declared(world.name, "mm", "app", "kim"),
        "FAKE-app",
        grants,
        browser,
        browser.show,
        client_secret=secret_of(world),
    )


def secret_of(world):
    secret = APPS[world.name][2]
    return Secret(secret) if secret else None


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


@pytest.mark.parametrize("name", APPS)
def test_a_sign_in_that_died_is_named_and_ended_or_registered(name, runner, record_property):
    clean, fate = registered(VenueWorld(name, runner)), Fate()
    signing_in(mortal(clean.ports, fate), clean)
    assert "journal.answered" in fate.names
    told = set()
    for at in range(1, fate.count + 1):
        for side in SIDES:
            world = registered(VenueWorld(name, runner))
            with pytest.raises(Killed):
                signing_in(mortal(world.ports, Fate(at, side)), world)
            told.add(after_the_kill(world))
            assert list(sign_in_journal.unfinished(world.ports)) == []
            assert world.ports.journal.workflows(unfinished=True) == ()
            world.audit.verify()
    assert told == {"nothing was begun", "by hand", "registered", "was over"}
    record_property("kills", 2 * fate.count)


def after_the_kill(world):
    """What a person does then; nothing at the venue is without a name at any time."""
    begun = list(sign_in_journal.unfinished(world.ports))
    if not begun:
        over = any(one.kind == sign_in_journal.SIGN_IN for one in world.ports.journal.workflows())
        assert over or not world.venue.authority.refresh
        return "was over" if over else "nothing was begun"
    (workflow,) = begun
    world.clock.sleep(600)
    (item,) = sign_in_journal.waiting(world.ports, world.clock.now())
    assert (item.subject, item.command) == (
        f"{world.name}/mm/app",
        f"keyguard workflow resume {workflow.id}",
    )
    with pytest.raises(UsageError) as refused:
        signing_in(world.ports, world)
    assert refused.value.code in ("oauth.begun", "key.name_taken")
    try:
        world.signed = sign_in.take_up(world.ports, workflow.id, secret_of(world))
    except OutcomeUnknown as error:
        assert f"keyguard workflow cancel {workflow.id}" in error.hint
        assert sign_in.give_up(world.ports, workflow.id)
        signing_in(world.ports, world)
        return "by hand"
    assert works(world).enabled
    assert len(world.audit.bodies("key.register")) == len(world.inventory.keys())
    return "registered"


@pytest.mark.parametrize("name", ["coinbase", "gemini"])
def test_a_sign_in_that_died_is_given_up_with_what_it_brought(name, runner):
    clean, fate = registered(VenueWorld(name, runner)), Fate()
    signing_in(mortal(clean.ports, fate), clean)
    stored = fate.names.index("secrets.put", fate.names.index("journal.answered"))
    world = registered(VenueWorld(name, runner))
    with pytest.raises(Killed):
        signing_in(mortal(world.ports, Fate(stored + 1, "after")), world)
    (workflow,) = sign_in_journal.unfinished(world.ports)
    assert len(enrol.orphans(world.ports)) == 1
    page = sign_in.give_up(world.ports, workflow.id)
    assert bool(page) == (name == "coinbase"), "without the app's secret a person has to end it"
    assert enrol.orphans(world.ports) == ()
    for act in (sign_in.give_up, sign_in.take_up):
        with pytest.raises(UsageError) as refused:
            act(world.ports, workflow.id)
        assert refused.value.code == "oauth.over"
    signing_in(world.ports, world)


@pytest.mark.parametrize("name", APPS)
def test_what_cannot_be_registered_is_revoked_or_stays_named(name, runner, monkeypatch):
    world = registered(VenueWorld(name, runner))
    with monkeypatch.context() as patched, pytest.raises(UsageError) as caught:
        patched.setattr(enrol, "enrol", refusing)
        signing_in(world.ports, world)
    left = list(sign_in_journal.unfinished(world.ports))
    if world.adapter.oauth.revoke is not None:
        assert (left, world.venue.authority.refresh) == ([], {})
        return
    (workflow,) = left
    assert caught.value.hint.endswith(f"keyguard workflow cancel {workflow.id}")
    assert sign_in.wants_secret(world.ports, workflow.id) == bool(APPS[name][2])
    world.signed = sign_in.take_up(world.ports, workflow.id, secret_of(world))
    assert works(world).enabled
    with pytest.raises(UsageError) as caught:
        sign_in.give_up(world.ports, workflow.id)
    assert caught.value.code == "oauth.over"


def refusing(*_):
    raise UsageError("refused", code="key.account")


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
