"""Promise 5 as a property: whatever is asked for, a request asks for exactly that or is never made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Ask, KeySpec, Request, ScopeNames, Step
from keyguard.core.keys import Scope
from tests.adapters.scripts import adapter, told

IPS = ("203.0.113.10",)
ANY_SCOPES = st.sets(st.sampled_from(list(Scope))).map(lambda parts: Scope(sum(part.value for part in parts)))


def kucoin(sent: dict[str, Any]) -> tuple[set[str], tuple[str, ...]]:
    return set(sent["permission"].split(",")), tuple(sent["ipWhitelist"].split(","))


def gate(sent: dict[str, Any]) -> tuple[set[str], tuple[str, ...]]:
    levels = {True: "read", False: "read_write"}
    return {f"{p['name']}:{levels[p['read_only']]}" for p in sent["perms"]}, tuple(sent["ip_whitelist"])


def bitget(sent: dict[str, Any]) -> tuple[set[str], tuple[str, ...]]:
    if "permList" in sent:
        return set(sent["permList"]), tuple(sent["ipList"])
    suffix = {"read_only": ":read", "read_write": ""}[sent["type"]]
    return {f"{name}{suffix}" for name in sent["permissions"]}, tuple(sent["ips"])


def htx(sent: dict[str, Any]) -> tuple[set[str], tuple[str, ...]]:
    return set(sent["permission"].split(",")), tuple(sent["ipAddresses"].split(","))


def mexc(sent: dict[str, Any]) -> tuple[set[str], tuple[str, ...]]:
    return set(sent["permissions"].split(",")), tuple(sent["ip"].split(","))


def bingx(sent: dict[str, Any]) -> tuple[set[str], tuple[str, ...]]:
    return {str(number) for number in sent["permissions"]}, tuple(sent["ipAddresses"])


READ: dict[str, Callable[[dict[str, Any]], tuple[set[str], tuple[str, ...]]]] = {
    "kucoin": kucoin,
    "gate": gate,
    "bitget": bitget,
    "htx": htx,
    "mexc": mexc,
    "bingx": bingx,
}


def specs(names: ScopeNames, account: str) -> st.SearchStrategy[KeySpec]:
    """Grants with their own scopes, with other scopes, and all that `write` names for some scopes."""
    grants = st.sets(st.sampled_from(sorted(names.names))).map(lambda found: tuple(sorted(found)))
    held = grants.map(lambda found: (names.read(found), found))
    written = grants.map(names.read).map(lambda scopes: (scopes, names.write(scopes)))
    return st.one_of(held, written, st.tuples(ANY_SCOPES, grants)).map(
        lambda pair: KeySpec("mm_1", pair[0], pair[1], IPS, account)
    )


def first_request(operation: Step[Any]) -> Request | None:
    try:
        turn = next(operation)
        while isinstance(turn, Ask):
            turn = operation.send("FAKEanswer123")
    except UsageError:
        return None
    return turn


@pytest.mark.parametrize("venue", READ)
@given(data=st.data())
def test_exactly_or_not_at_all(venue: str, data: st.DataObject) -> None:
    found, known = adapter(venue), told(venue)
    spec = data.draw(specs(found.scopes, known.SPEC.account))
    assert found.create_key and found.edit_key
    steps = [found.create_key(spec)]
    if venue != "mexc":  # whose edits set addresses only
        steps.append(found.edit_key(known.CURRENT, spec))
    for step in steps:
        request = first_request(step)
        if request is None:
            continue
        granted, ips = READ[venue]({**request.query, **(request.body or {})})
        assert granted <= set(spec.grants)
        assert found.scopes.read(tuple(granted)) == spec.scopes
        assert Scope.WITHDRAW not in spec.scopes or venue == "bingx"
        assert ips == IPS


@pytest.mark.parametrize("venue", READ)
def test_what_the_tests_key_needs_is_granted(venue: str) -> None:
    found = adapter(venue)
    assert found.create_key
    assert first_request(found.create_key(told(venue).SPEC)) is not None
