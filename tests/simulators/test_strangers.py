"""Whatever a stranger sends, a venue refuses it in its own words, and nothing breaks."""

from __future__ import annotations

import base64
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyguard_simulators import NAMES
from keyguard_simulators.serve import make
from keyguard_simulators.table import Table
from keyguard_simulators.venue import KeyForm
from keyguard_simulators.wire import Call

NOW = 1_763_600_000_000
TABLES = [name for name in NAMES if isinstance(make(name), Table)]
# The headers by which these venues know a caller; hypothesis finds out what they do with nonsense in them.
HEADERS = (
    "authorization content-type x-coinone-payload x-coinone-signature x-kapi-key api-key timestamp signature"
    " nonce receive-window x-hk-apikey access-key access-timestamp access-sign"
).split()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=4,
)
ENCODED = JSON.map(lambda value: base64.b64encode(json.dumps(value).encode()).decode())
TOKEN = st.lists(ENCODED, min_size=2, max_size=3).map(".".join)
VALUE = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    ENCODED,
    TOKEN,
    TOKEN.map("Bearer {}".format),
    st.just(str(NOW)),
)


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_strangers_get_nothing(data: st.DataObject) -> None:
    """Even when they know the id of a key."""
    name = data.draw(st.sampled_from(TABLES))
    venue = make(name)
    assert isinstance(venue, Table)
    page = venue.rules.form
    ips = ("127.0.0.1",)[: page.max_ips]
    key = venue.issue(KeyForm(venue.open_account("firm", "").id, [next(iter(page.permissions))], ips))
    method, path = data.draw(st.sampled_from(sorted(venue.rules.private)))
    values = VALUE | st.just(key.public_id)
    headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), values, max_size=5))
    query = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40))
    body = data.draw(st.binary(max_size=40))
    target = f"{path}?{query}" if query else path
    call = Call(method, path, target, query, headers, body, "127.0.0.1", NOW)
    venue.operation(call)
    answer = venue.answer(call)
    json.dumps(answer.body)
    assert answer.code, "refused"
    assert answer.status in {200, *range(400, 501)}, name
