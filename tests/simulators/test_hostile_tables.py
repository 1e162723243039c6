"""Whatever is sent to a venue that is a table of calls, it answers in its own form and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyguard_simulators import NAMES
from keyguard_simulators.accounts import Key
from keyguard_simulators.serve import make
from keyguard_simulators.state import State
from keyguard_simulators.table import Rules, Table
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Answer, Call
from tests.adapters.scripts import told
from tests.simulators.test_hostile import NESTED, a_call

NOW = 1_763_600_000_000
TABLES = {name: venue for name in NAMES if isinstance(venue := make(name), Table)}
every_table = pytest.mark.parametrize("name", sorted(TABLES))
NAMED = (
    "email subAcct sub subName account accountId subAccountId apiKey apikey subAccountApiKey apiKeyId id uid"
    " key label remark note name apiName passphrase ip ips ipAddress ipWhitelist perm permission permissions"
    " permList status type enabled isEnabled page size limit offset cursor timestamp nonce recvWindow request"
).split()
VALUES = NESTED | st.sampled_from(["", "0", "-1", "1e9", "true", "null", "a" * 5000, "١٢", "\x00", "%zz"])
PARAMETERS = st.dictionaries(st.sampled_from(NAMED), VALUES, max_size=6)
TEXT = st.text(st.characters(max_codepoint=255), max_size=60)
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(answer: Answer) -> None:
    json.dumps(answer.body)
    assert 200 <= answer.status < 600
    assert answer.status < 400 or (answer.body and answer.code), "refused in so many words"


def furnished(name: str, admit: Callable[[State, Call], Key] | None = None) -> tuple[Table, Key]:
    """A venue with a firm and a desk; `admit` takes the place of its checks of who is calling."""
    rules: Rules = TABLES[name].rules
    venue = Table(replace(rules, admit=admit) if admit else rules)
    venue.state.clock.frozen_ms = NOW
    firm = venue.open_account("firm1", "")
    venue.open_account("desk1", firm.id)
    facts = told(name)
    if first := getattr(facts, "FIRST", None):
        venue.issue(KeyForm(firm.id, first))
    ips = ("127.0.0.1",) if rules.form.max_ips else ()
    return venue, venue.issue(KeyForm(firm.id, facts.MANAGER or facts.TRADER, ips, "bot"))


def headers_of(name: str) -> list[str]:
    signed = [header.lower() for header in getattr(told(name), "VECTOR_HEADERS", ())]
    return [*signed, "authorization", "content-type"]


@every_table
@QUICK
@given(data=st.data())
def test_strangers_get_nothing(name: str, data: st.DataObject) -> None:
    venue, key = furnished(name)
    method, path = data.draw(st.sampled_from(sorted(venue.rules.private)))
    given_headers = data.draw(
        st.dictionaries(st.sampled_from(headers_of(name)), TEXT | st.just(key.public_id))
    )
    body = data.draw(st.binary(max_size=60) | PARAMETERS.map(lambda sent: json.dumps(sent).encode()))
    query = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
    call = a_call(method, path, given_headers, body, query)
    before = set(venue.state.book.keys)
    venue.operation(call)
    answer = venue.answer(call)
    check(answer)
    assert answer.code, "refused"
    assert set(venue.state.book.keys) == before


@every_table
@QUICK
@given(data=st.data())
def test_signed_nonsense_is_answered(name: str, data: st.DataObject) -> None:
    """The calling key is taken for admitted: what is tried are the calls behind it."""
    admitted: list[Key] = []
    venue, key = furnished(name, lambda _state, _call: admitted[0])
    admitted.append(replace(key, grants=frozenset(venue.rules.form.permissions)))
    method, pattern = data.draw(st.sampled_from(sorted(venue.rules.private)))
    path = "/".join(
        data.draw(st.sampled_from([key.public_id, "0", "x"])) if part[:1] == "{" else part
        for part in pattern.split("/")
    )
    sent: dict[str, Any] = data.draw(PARAMETERS)
    if data.draw(st.booleans()):
        sent |= {"email": "desk1", "subAcct": "desk1", "subName": "desk1", "apiKey": key.public_id}
    form = data.draw(st.booleans())
    if form:
        body = "&".join(f"{n}={v}" for n, v in sent.items()).encode("utf-8", "replace")
        kind = "application/x-www-form-urlencoded"
    else:
        body, kind = json.dumps(sent).encode(), "application/json"
    answer = venue.answer(a_call(method, path, {"content-type": kind}, body if method != "GET" else b""))
    check(answer)
    again = "&".join(f"{n}={v}" for n, v in sent.items() if isinstance(v, str) and v.isalnum())
    check(venue.answer(a_call(method, path, {"content-type": kind}, b"", again)))


@every_table
def test_a_path_that_is_not_there_is_said_to_be_missing(name: str) -> None:
    admitted: list[Key] = []
    venue, key = furnished(name, lambda _state, _call: admitted[0])
    admitted.append(key)
    answer = venue.answer(a_call("GET", "/teleport", {}))
    check(answer)
    assert answer.code == str(venue.rules.missing.code)


@every_table
def test_every_refusal_is_in_the_venues_form(name: str) -> None:
    venue, _ = furnished(name)
    for blocked in (False, True):
        answer = venue.limited(a_call("GET", "/x", {}), blocked)
        check(answer)
        assert answer.code
