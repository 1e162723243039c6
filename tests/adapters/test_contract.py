"""What is true of every adapter."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import BadReply, NotOffered, UsageError
from keyguard.core.exchange import Adapter, Credential, Effect, Guide, Reply, Request, Stamp
from keyguard.core.keys import KeyKind, Scope
from keyguard.core.secret import Secret
from keyguard_adapters import NAMES
from tests.adapters.scripts import Scenario, Script, adapter, answer, body, every, reply, told

EFFECTS = {
    "clock": Effect.NONE,
    "whoami": Effect.NONE,
    "list_keys": Effect.NONE,
    "create_key": Effect.KEY_CREATED,
    "edit_key": Effect.KEY_EDITED,
    "reset_key": Effect.SECRET_RESET,
    "disable_key": Effect.KEY_DISABLED,
    "enable_key": Effect.KEY_ENABLED,
    "delete_key": Effect.KEY_DELETED,
    "cancel_all": Effect.ORDERS_CANCELLED,
}
SCENARIOS: list[Scenario] = every("SCENARIOS")
STAMP = Stamp(1763600001000, "11111111-2222-4333-8444-555555555501", "venue.test")
every_venue = pytest.mark.parametrize("venue", NAMES)
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=str)


def operations(venue: Adapter) -> set[str]:
    return {name for name in EFFECTS if getattr(venue, name) is not None}


@every_venue
def test_facts_are_sane(venue: str) -> None:
    facts = adapter(venue).facts
    assert facts.id == venue
    for url in (facts.base, facts.docs, facts.key_page):
        parts = urlsplit(url)
        assert parts.scheme == "https"
        assert parts.netloc
    assert urlsplit(facts.base).path == ""
    assert date(2026, 1, 1) <= date.fromisoformat(facts.checked)
    assert all(life.span > timedelta(0) and life.source.startswith("https://") for life in facts.lives)
    assert facts.clock_window is None or facts.clock_window > timedelta(0)
    assert facts.dead
    assert re.fullmatch(facts.label_pattern, "desk_mm_1")
    assert facts.unverified
    if facts.ip_mandatory:
        assert facts.max_ips != 0


@every_venue
def test_who_cancels_orders_says_since_when_that_is_known_and_by_which_right(venue: str) -> None:
    cancels = adapter(venue).facts.cancels
    assert (cancels is None) == (adapter(venue).cancel_all is None)
    if cancels is not None:
        assert date(2026, 1, 1) <= date.fromisoformat(cancels.checked)
        assert cancels.source.startswith("https://")
        trading = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES
        assert cancels.scopes
        assert cancels.scopes in trading


@every_venue
def test_env_names_cover_the_credential(venue: str) -> None:
    styles = adapter(venue).facts.env_names
    parts = {"key", *({"passphrase"} if adapter(venue).example.passphrase else ())}
    assert "sdk" in styles
    for style, variables in styles.items():
        fields = {field for _, field in variables}
        assert fields - {"secret", "private_key"} == parts
        assert len(fields & {"secret", "private_key"}) == 1
        for name, _ in variables:
            assert re.fullmatch("[a-z_0-9]+" if style == "hummingbot" else "[A-Z_0-9]+", name)


@every_venue
def test_the_module_says_what_was_read_and_what_surprises(venue: str) -> None:
    text = inspect.getmodule(adapter(venue).sign).__doc__ or ""
    assert "\nDocs: https://" in text
    assert "\nSurprises:\n- " in text
    assert adapter(venue).facts.checked in text


@every_venue
def test_nothing_of_the_template_is_left(venue: str) -> None:
    module = inspect.getmodule(adapter(venue).sign)
    assert module is not None and module.__file__ is not None
    assert "FILL IN" not in Path(module.__file__).read_text(encoding="utf-8")
    assert "FILL IN" not in repr((module.FACTS, module.PAGE.words))


@every_venue
def test_every_operation_offered_has_a_scenario(venue: str) -> None:
    asked = set() if adapter(venue).facts.closed else operations(adapter(venue))
    assert {s.operation for s in SCENARIOS if s.venue == venue} == asked


@pytest.mark.parametrize("venue", [name for name in NAMES if adapter(name).facts.closed])
def test_a_closed_venue_is_never_asked(venue: str) -> None:
    found = adapter(venue)
    assert operations(found) == {"whoami"}
    for ask in (
        lambda: found.whoami(found.example.key),
        lambda: found.guide_create(told(venue).SPEC),
        lambda: found.guide_edit(told(venue).CURRENT, told(venue).SPEC),
    ):
        with pytest.raises(NotOffered, match=f"closed on {found.facts.closed}"):
            ask()


@every_venue
def test_the_example_is_obviously_fake_and_signs(venue: str) -> None:
    found = adapter(venue)
    fakes = ("FAKE", "0xfa4e")  # as far as hexadecimal digits can say so
    assert any(fake in found.example.key for fake in fakes)
    assert any(fake in found.example.secret.reveal() for fake in fakes)
    wire = found.sign(Request("GET", "/v1/x", query={"a": "ü b/c+d", "c": [1, True]}), found.example, STAMP)
    assert re.fullmatch(r"/v1/x\?[A-Za-z0-9%&=._~\[\]-]+", wire.target)
    shown = repr(wire) + repr(found.example) + str(found.example.secret)
    assert found.example.secret.reveal() not in shown
    assert found.example.secret.reveal() not in wire.target + str(dict(wire.headers)) + wire.body.decode()


@every_venue
def test_a_public_call_carries_nothing_of_a_credential(venue: str) -> None:
    found = adapter(venue)
    wire = found.sign(Request("GET", "/v1/x", query={"a": "b c"}, signed=False), found.example, STAMP)
    assert (wire.target, dict(wire.headers), wire.body) == ("/v1/x?a=b%20c", {}, b"")


@every_venue
def test_a_kind_of_key_it_cannot_sign_with_is_a_clear_error(venue: str) -> None:
    found = adapter(venue)
    foreign = next(kind for kind in KeyKind if kind not in found.facts.kinds)
    with pytest.raises(UsageError, match=f"cannot sign with a key of kind {foreign.value}"):
        found.sign(Request("GET", "/v1/x"), replace(found.example, kind=foreign), STAMP)


@every_scenario
def test_effects_are_named_exactly_on_what_changes_something(scenario: Scenario) -> None:
    script = scenario.script()
    script.run(scenario.step())
    assert script.requests[0].effect is EFFECTS[scenario.operation]
    for request in script.requests:
        reads = request.path.rsplit("/", 1)[-1].startswith(("list_", "get_", "query-", "sub-apikeys"))
        assert not (reads and request.effect is not Effect.NONE)
        assert (EFFECTS[scenario.operation] is Effect.NONE) == (request.effect is Effect.NONE)


@every_scenario
def test_requests_are_well_formed_and_can_be_signed(scenario: Scenario) -> None:
    script, found = scenario.script(), adapter(scenario.venue)
    script.run(scenario.step())
    for request in script.requests:
        assert request.method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
        assert request.path.startswith("/")
        assert not (request.method == "GET" and request.body is not None)
        wire = found.sign(request, found.example, STAMP)
        assert wire.target.startswith(request.path)
        assert wire.target.isascii()
        assert bool(wire.body) == (request.body is not None)


@every_scenario
def test_the_same_replies_give_the_same_requests(scenario: Scenario) -> None:
    """Resuming after a crash replays journalled replies; see `Call.seq`."""
    first, second = scenario.script(), scenario.script()
    assert first.run(scenario.step()) == second.run(scenario.step())
    assert first.requests == second.requests


@every_scenario
@pytest.mark.parametrize("given_body", [{}, [], None, "text", 7, [{}], {"result": {}}, {"result": [{}]}])
def test_an_answer_without_its_members_is_a_bad_reply(scenario: Scenario, given_body: object) -> None:
    if scenario.operation == "list_keys" and given_body in getattr(told(scenario.venue), "EMPTY_LISTS", ()):
        # There an empty list is an answer: an account without live keys.
        assert scenario.drive(lambda _: answer(given_body)) == ()
        return
    if given_body == body(f"{scenario.venue}/{scenario.replies[0]}"):
        return  # so the venue confirms, in as many words
    if given_body in getattr(told(scenario.venue), "EMPTY_ANSWERS", {}).get(scenario.operation, ()):
        # There an empty answer is all that confirms a change.
        assert scenario.drive(lambda _: answer(given_body)) in (None, 0)
        return
    with pytest.raises(BadReply):
        scenario.drive(lambda _: answer(given_body))


@every_scenario
def test_an_answer_that_is_no_json_is_a_bad_reply(scenario: Scenario) -> None:
    with pytest.raises(BadReply):
        scenario.drive(lambda _: Reply(200, {}, b"<html>"))


@pytest.mark.parametrize(
    ("scenario", "old", "new"),
    [(f"{venue}-{case[0]}", *case[1:]) for venue in NAMES for case in getattr(told(venue), "UNKNOWN", ())],
)
def test_an_unknown_permission_is_an_error(scenario: str, old: str, new: str) -> None:
    found = next(s for s in SCENARIOS if str(s) == scenario)
    replies = [json.dumps(body(f"{found.venue}/{name}")) for name in found.replies]
    assert old in replies[0]
    script = Script([answer(json.loads(text.replace(old, new))) for text in replies], list(found.codes))
    with pytest.raises(BadReply):
        script.run(found.step())


@every_venue
def test_ordinary_answers_are_no_refusals(venue: str) -> None:
    for scenario in SCENARIOS:
        if scenario.venue == venue:
            for name in scenario.replies:
                assert adapter(venue).fault(reply(f"{venue}/{name}")) is None


@every_venue
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
@pytest.mark.parametrize(
    "text", [b"", b"<html>", b"null", b"[]", b'"x"', b'{"error": 1}', b'{"error": null}']
)
def test_an_error_status_is_always_a_refusal(venue: str, status: int, text: bytes) -> None:
    verdict = adapter(venue).fault(Reply(status, {}, text))
    assert verdict is not None
    assert verdict[0].value == {429: "rate"}.get(status, "busy" if status >= 500 else verdict[0].value)


@every_venue
def test_guides_are_plain_lines_on_the_venues_own_page(venue: str) -> None:
    found = adapter(venue)
    spec, current = told(venue).SPEC, told(venue).CURRENT
    guides = [found.guide_delete(current)]
    if not found.facts.closed:
        guides.insert(0, found.guide_create(spec))
        with contextlib.suppress(NotOffered):  # a page that cannot change a key
            guides.insert(0, found.guide_edit(current, spec))
    for guide in guides:
        assert isinstance(guide, Guide)
        assert guide.page == found.facts.key_page
        assert guide.steps
        for line in (guide.title, *guide.steps):
            assert line == line.strip()
            assert line.isprintable()
    for ip in spec.ips:
        assert all(any(ip in step for step in guide.steps) for guide in guides[:-1])
    assert any(current.public_id in step for step in guides[-1].steps)


@every_venue
def test_a_permission_that_does_not_exist_is_wrong_use(venue: str) -> None:
    found, spec = adapter(venue), replace(told(venue).SPEC, grants=("teleport:now",))
    with pytest.raises(UsageError):
        if found.create_key is None:
            found.guide_create(spec)
        else:
            Script([]).run(found.create_key(spec))


@every_venue
@pytest.mark.parametrize("entry", ["*", "203.0.113.7,0.0.0.0/0", "desk.example", "203.0.113.7/24"])
def test_what_is_no_address_is_wrong_use_before_anything_is_sent(venue: str, entry: str) -> None:
    """Where a list travels as one text, an entry with a comma or a star would widen it."""
    found, spec = adapter(venue), replace(told(venue).SPEC, ips=(entry,))
    with pytest.raises(UsageError):
        if found.create_key is None:
            found.guide_create(spec)
        else:
            Script([]).run(found.create_key(spec))
    if found.edit_key is not None:
        with pytest.raises(UsageError):
            Script([]).run(found.edit_key(told(venue).CURRENT, spec))


@every_venue
@given(data=st.data())
def test_narrowing_to_what_a_key_has_keeps_all_of_it(venue: str, data: st.DataObject) -> None:
    names = adapter(venue).scopes
    grants = tuple(sorted(data.draw(st.sets(st.sampled_from(sorted(names.names))))))
    assert names.narrow(grants, names.read(grants)) == grants


@every_venue
@given(data=st.data())
def test_narrowing_never_widens(venue: str, data: st.DataObject) -> None:
    names = adapter(venue).scopes
    grants = tuple(data.draw(st.sets(st.sampled_from(sorted(names.names)))))
    wanted = data.draw(st.sampled_from(list(Scope)))
    try:
        kept = names.narrow(grants, wanted)
    except ValueError:
        return
    assert set(kept) <= set(grants)
    assert names.read(kept) == wanted


def test_a_rsa_key_that_is_none_is_a_clear_error_without_the_key() -> None:
    who = Credential("FAKE", Secret("FAKEnotAkey"), kind=KeyKind.RSA)
    with pytest.raises(UsageError, match="not an unencrypted key in PEM form") as caught:
        adapter("bybit").sign(Request("GET", "/v5/user/query-api"), who, STAMP)
    assert caught.value.__context__ is None
    assert "FAKEnotAkey" not in str(caught.value)


def test_an_elliptic_key_is_no_rsa_key() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    who = Credential("FAKE", Secret(pem.decode()), kind=KeyKind.RSA)
    with pytest.raises(UsageError, match="not of the kind RSA"):
        adapter("bybit").sign(Request("GET", "/v5/user/query-api"), who, STAMP)


@pytest.mark.parametrize(
    ("scenario", "path"),
    [(f"{venue}-{case[0]}", case[1]) for venue in NAMES for case in getattr(told(venue), "SECRETS", ())],
)
@pytest.mark.parametrize("value", ["", None, 7])
def test_a_new_key_without_its_secret_is_a_bad_reply(
    scenario: str, path: tuple[str, ...], value: object
) -> None:
    found = next(s for s in SCENARIOS if str(s) == scenario)
    first = body(f"{found.venue}/{found.replies[0]}")
    holder = first
    for name in path[:-1]:
        holder = holder[name]
    assert holder[path[-1]]
    holder[path[-1]] = value
    with pytest.raises(BadReply):
        Script([answer(first)], list(found.codes)).run(found.step())


@every_venue
def test_an_operation_that_makes_a_secret_names_where_it_stands(venue: str) -> None:
    made = {"create_key", "reset_key"} & operations(adapter(venue))
    assert {case[0] for case in getattr(told(venue), "SECRETS", ())} == made
