"""Promise 5 as a property: whatever is asked for, a request asks for exactly that or is never made."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from keyguard.core.errors import UsageError
from keyguard.core.exchange import KeyReport, KeySpec, Request, ScopeNames, Step
from keyguard.core.keys import Scope
from keyguard_adapters import bybit, deribit
from tests.adapters.venues.bybit import CURRENT as BYBIT_CURRENT
from tests.adapters.venues.deribit import CURRENT as DERIBIT_CURRENT

ANY_SCOPES = st.sets(st.sampled_from(list(Scope))).map(lambda parts: Scope(sum(part.value for part in parts)))


def specs(names: ScopeNames) -> st.SearchStrategy[KeySpec]:
    """Grants with their own scopes, with other scopes, and all that `write` names for some scopes."""
    grants = st.sets(st.sampled_from(sorted(names.names))).map(lambda found: tuple(sorted(found)))
    own = grants.map(lambda found: (names.read(found), found))
    written = grants.map(names.read).map(lambda scopes: (scopes, names.write(scopes)))
    return st.one_of(own, written, st.tuples(ANY_SCOPES, grants)).map(
        lambda pair: KeySpec("mm_1", pair[0], pair[1], ("203.0.113.10",), "53888000")
    )


def first_request(operation: Step[Any]) -> Request | None:
    try:
        request = next(operation)
    except UsageError:
        return None
    assert isinstance(request, Request)
    return request


@given(spec=specs(bybit.SCOPES))
@example(spec=KeySpec("mm_1", Scope.READ, ("ReadOnly", "Wallet:AccountTransfer"), (), "53888000"))
def test_bybit(spec: KeySpec) -> None:
    for operation in (bybit.create_key(spec), bybit.edit_key(BYBIT_CURRENT, spec)):
        request = first_request(operation)
        if request is None:
            continue
        sent = request.body or {}
        ticked = tuple(f"{area}:{name}" for area, names in sent["permissions"].items() for name in names)
        assert ticked
        if sent["readOnly"]:
            assert spec.scopes == Scope.READ
            continue
        # The venue sets Derivatives itself on creation; only what was asked for may come of it.
        added = tuple(g for g in spec.grants if g.startswith("Derivatives:"))
        assert bybit.SCOPES.read(ticked + added) == spec.scopes
        assert set(ticked) <= set(spec.grants)


@given(spec=specs(deribit.SCOPES))
def test_deribit(spec: KeySpec) -> None:
    current = KeyReport(public_id=DERIBIT_CURRENT.public_id, ref="3", label="mm_1")
    for operation in (deribit.create_key(spec), deribit.edit_key(current, spec)):
        request = first_request(operation)
        if request is None:
            continue
        held = tuple(word for word in request.query["max_scope"].split() if not word.endswith(":none"))
        assert deribit.SCOPES.read(held) == spec.scopes
        assert set(held) <= set(spec.grants)
        features = {f"feature:{name}" for name in json.loads(request.query["enabled_features"])}
        assert features == {grant for grant in spec.grants if grant.startswith("feature:")}
