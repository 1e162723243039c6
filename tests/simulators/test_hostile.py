"""Whatever is sent, a venue answers in its own words and changes nothing it should not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyguard_simulators.bybit.venue import PRIVATE as BYBIT
from keyguard_simulators.bybit.venue import Bybit
from keyguard_simulators.deribit.venue import PRIVATE as DERIBIT
from keyguard_simulators.deribit.venue import Deribit
from keyguard_simulators.upbit.signature import parameter_text
from keyguard_simulators.upbit.venue import PRIVATE as UPBIT
from keyguard_simulators.upbit.venue import Upbit
from keyguard_simulators.venue import KeyForm, Venue
from keyguard_simulators.wire import Answer, Call

NOW = 1_763_600_000_000
HEADERS = (
    "authorization",
    "x-bapi-api-key",
    "x-bapi-timestamp",
    "x-bapi-sign",
    "x-bapi-recv-window",
    "content-type",
)
# One good request of every kind; what is tested is these with some of their values replaced.
BYBIT_ORDER = {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "1"}
BYBIT_KEY = {
    "subuid": 1,
    "readOnly": 0,
    "permissions": {"Spot": ["SpotTrade"]},
    "ips": "*",
    "note": "",
    "apikey": "",
}
UPBIT_ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "1", "volume": "1"}
DERIBIT_ALL = {
    "id": 1,
    "max_scope": "trade:read",
    "name": "bot",
    "enabled": True,
    "ip_whitelist": ["127.0.0.1"],
    "enabled_features": [],
    "currency": "BTC",
    "instrument_name": "BTC-PERPETUAL",
    "amount": 10,
    "price": 1,
    "type": "limit",
    "label": "",
    "offset": 0,
    "count": 1,
    "extended": True,
}
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def spoilt(good: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """`good` with some values replaced by anything and some left out."""
    return st.dictionaries(st.sampled_from(sorted(good)), NESTED, min_size=1, max_size=2).flatmap(
        lambda bad: st.sets(st.sampled_from(sorted(good)), max_size=1).map(
            lambda gone: {name: value for name, value in {**good, **bad}.items() if name not in gone}
        )
    )


TEXT = st.text(st.characters(max_codepoint=255), max_size=60)
SCHEMES = st.sampled_from(
    ["Bearer ", "Basic ", "deri-hmac-sha256 ", "deri-hmac-sha256 id=a,ts=1,nonce=b,sig="]
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def a_call(method: str, path: str, headers: dict[str, str], body: bytes = b"", query: str = "") -> Call:
    return Call(method, path, f"{path}?{query}" if query else path, query, headers, body, "127.0.0.1", NOW)


def check(venue: Venue, answer: Answer) -> None:
    """An answer in the venue's form, that fits into JSON."""
    json.dumps(answer.body)
    assert 200 <= answer.status < 500
    assert answer.status < 400 or answer.body, venue.name


@QUICK
@given(
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.sampled_from([path for _, path in (*BYBIT, *UPBIT)] + [f"/api/v2/{name}" for name in DERIBIT]),
    st.dictionaries(st.sampled_from(HEADERS), TEXT | st.tuples(SCHEMES, TEXT).map("".join)),
    st.binary(max_size=60),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
)
def test_strangers_get_nothing(
    method: str, path: str, headers: dict[str, str], body: bytes, query: str
) -> None:
    for venue in (Bybit(), Upbit(), Deribit()):
        venue.open_account("firm", "")
        call = a_call(method, path, headers, body, query)
        venue.operation(call)
        answer = venue.answer(call)
        check(venue, answer)
        assert answer.code, "refused"


@QUICK
@given(
    st.sampled_from(sorted(path for method, path in BYBIT if method == "POST")),
    spoilt(BYBIT_ORDER | BYBIT_KEY),
)
def test_bybit_and_signed_nonsense(path: str, params: dict[str, Any]) -> None:
    venue = Bybit()
    venue.state.clock.frozen_ms = NOW
    master = venue.open_account("firm", "").id
    key = venue.issue(KeyForm(master, {"Wallet": ["Withdraw"], "Spot": ["SpotTrade"]}))
    sub = venue.open_account("desk", master).id
    target = venue.issue(KeyForm(sub, {"Spot": ["SpotTrade"]}))
    if params.get("subuid") == 1:
        params = {**params, "subuid": sub}
    if params.get("apikey") == "":
        params = {**params, "apikey": target.public_id}
    body = json.dumps(params).encode()
    signature = hmac.new(key.secret.encode(), f"{NOW}{key.public_id}5000".encode() + body, hashlib.sha256)
    headers = {
        "x-bapi-api-key": key.public_id,
        "x-bapi-timestamp": str(NOW),
        "x-bapi-sign": signature.hexdigest(),
    }
    answer = venue.answer(a_call("POST", path, headers, body))
    check(venue, answer)
    assert answer.code != "10004"


@QUICK
@given(st.sampled_from(sorted(path for method, path in UPBIT if method == "POST")), spoilt(UPBIT_ORDER))
def test_upbit_and_signed_nonsense(path: str, params: dict[str, Any]) -> None:
    venue = Upbit()
    venue.state.clock.frozen_ms = NOW
    form = KeyForm(venue.open_account("main", "").id, ["make_orders", "withdraw"], ("127.0.0.1",))
    key = venue.issue(form)
    call = a_call("POST", path, {"content-type": "application/json"}, json.dumps(params).encode())
    check(venue, venue.answer(call))
    hashed = hashlib.sha512(parameter_text(call).encode()).hexdigest()
    claims = {"access_key": key.public_id, "nonce": "n", "query_hash": hashed, "query_hash_alg": "SHA512"}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "HS256"}, claims)
    ]
    signature = hmac.new(key.secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    token = ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])
    answer = venue.answer(
        a_call("POST", path, {**call.headers, "authorization": f"Bearer {token}"}, call.body)
    )
    check(venue, answer)
    assert answer.code not in ("jwt_verification", "invalid_query_payload")


@QUICK
@given(st.sampled_from(sorted(DERIBIT)), spoilt(DERIBIT_ALL))
def test_deribit_and_authorised_nonsense(method: str, params: dict[str, Any]) -> None:
    venue = Deribit()
    venue.state.clock.frozen_ms = NOW
    account = venue.open_account("desk", "").id
    key = venue.issue(KeyForm(account, "account:read_write trade:read_write"))
    mighty = venue.issue(KeyForm(account, "account:read_write wallet:read_write"))
    basic = base64.b64encode(f"{key.public_id}:{key.secret}".encode()).decode()
    body = json.dumps({"method": method, "params": params}).encode()
    answer = venue.answer(a_call("POST", "/api/v2", {"authorization": f"Basic {basic}"}, body))
    check(venue, answer)
    assert answer.code not in ("13009", "13004")
    assert not mighty.deleted
    assert mighty.secret not in json.dumps(answer.body)


def test_simulators_share_no_code_with_what_they_test() -> None:
    adapters = Path(__file__).parents[2] / "adapters"
    script = (
        "import sys, keyguard_simulators.serve;"
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in ('keyguard', 'keyguard_adapters')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=adapters,
        env={"PYTHONPATH": str(adapters)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
