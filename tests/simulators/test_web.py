"""The web side over HTTP, the servers, and the process."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from keyguard_simulators import NAMES
from keyguard_simulators.accounts import DAY_MS
from keyguard_simulators.faults import FaultKind
from keyguard_simulators.serve import Running, running
from keyguard_simulators.state import Switches
from tests.simulators.clients import Got, call, ccxt_client

ADAPTERS = Path(__file__).parents[2] / "adapters"


def web(served: Running, venue: str, method: str, path: str, sent: Any = None) -> Got:
    return call(served.urls[venue], method, path, sent)


@pytest.mark.parametrize(
    ("venue", "permissions", "key_shape", "secret_shape"),
    [
        ("bybit", {"Spot": ["SpotTrade"]}, r"[A-Za-z0-9]{18}", r"[A-Za-z0-9]{36}"),
        ("upbit", ["view_account"], r"[A-Za-z0-9]{40}", r"[A-Za-z0-9]{40}"),
        ("deribit", "account:read", r"[A-Za-z0-9_-]{8}", r"[A-Za-z0-9_-]{43}"),
    ],
)
def test_a_person_makes_binds_and_deletes_a_key(
    served: Running, venue: str, permissions: Any, key_shape: str, secret_shape: str
) -> None:
    master = web(served, venue, "POST", "/_web/accounts", {"name": "firm"}).json["account"]
    sub = web(served, venue, "POST", "/_web/accounts", {"name": "desk", "parent": master}).json["account"]
    form = {"account": sub, "permissions": permissions, "ips": ["127.0.0.1"], "label": "bot", "age_days": 10}
    made = web(served, venue, "POST", "/_web/keys", form).json
    assert re.fullmatch(key_shape, made["key"])
    assert re.fullmatch(secret_shape, made["secret"])
    assert "FAKE" not in made["key"] + made["secret"]
    age_ms = served.venues[venue].state.clock.now_ms() - made["created_ms"]
    assert age_ms == pytest.approx(10 * DAY_MS, abs=5000)

    (listed,) = web(served, venue, "GET", f"/_web/keys?account={sub}").json
    assert listed == {name: value for name, value in made.items() if name != "secret"}

    page = f"/_web/keys/{made['key']}"
    edited = web(served, venue, "PATCH", page, {"ips": ["203.0.113.7"], "enabled": False}).json
    assert (edited["ips"], edited["enabled"]) == (["203.0.113.7"], False)
    assert web(served, venue, "DELETE", page).status == 200
    assert web(served, venue, "GET", f"/_web/keys?account={sub}").json == []
    assert web(served, venue, "DELETE", page).json == {"error": "no such key"}


def test_secrets_are_as_good_as_real(served: Running) -> None:
    account = web(served, "bybit", "POST", "/_web/accounts", {"name": "firm"}).json["account"]
    form = {"account": account, "permissions": {"Spot": ["SpotTrade"]}}
    secrets = {web(served, "bybit", "POST", "/_web/keys", form).json["secret"] for _ in range(20)}
    assert len(secrets) == 20
    assert all(len(set(secret)) > 12 for secret in secrets)


@pytest.mark.parametrize(
    ("venue", "form"),
    [
        ("bybit", {"account": "1"}),
        ("bybit", {"permissions": {"Spot": ["Withdraw"]}}),
        ("bybit", {"permissions": {"Shop": []}}),
        ("bybit", {"permissions": {}, "age_days": "old"}),
        ("bybit", {"permissions": {}, "public_key": "no PEM"}),
        ("bybit", {"permissions": {}, "ips": "127.0.0.1"}),
        ("bybit", {"permissions": {}, "ips": ["127.0.0.0/8"]}),
        ("upbit", {"permissions": ["view_account"], "ips": []}),
        ("deribit", {"permissions": "account:all"}),
    ],
)
def test_bad_forms_are_refused(served: Running, venue: str, form: dict[str, Any]) -> None:
    account = web(served, venue, "POST", "/_web/accounts", {"name": "firm"}).json["account"]
    got = web(served, venue, "POST", "/_web/keys", {"account": account, **form})
    assert got.status == 400
    assert got.json["error"]


def test_a_sub_account_has_no_sub_accounts(served: Running) -> None:
    for venue in served.venues:
        master = web(served, venue, "POST", "/_web/accounts", {"name": "a"}).json["account"]
        sub = web(served, venue, "POST", "/_web/accounts", {"name": "b", "parent": master}).json["account"]
        assert web(served, venue, "POST", "/_web/accounts", {"name": "c", "parent": sub}).status == 400
        names = [one["name"] for one in web(served, venue, "GET", "/_web/accounts").json]
        assert names[-2:] == ["a", "b"]


def test_a_person_reads_codes_off_their_telephone(served: Running) -> None:
    account = web(served, "deribit", "POST", "/_web/accounts", {"name": "desk"}).json["account"]
    page = f"/_web/accounts/{account}"
    told = web(served, "deribit", "POST", f"{page}/second_factor", {"on": True}).json
    assert (told["second_factor"], len(told["totp_secret"])) == (True, 32)
    assert re.fullmatch(r"\d{6}", web(served, "deribit", "GET", f"{page}/code").json["code"])


def test_clock_switches_faults_and_log_over_http(served: Running) -> None:
    frozen = {"frozen_ms": 1_763_600_000_000, "advance_ms": 5}
    assert web(served, "upbit", "POST", "/_sim/clock", frozen).json["now_ms"] == 1_763_600_000_005
    assert web(served, "upbit", "POST", "/_sim/clock", {"frozen_ms": None}).json["frozen_ms"] is None
    assert web(served, "upbit", "POST", "/_sim/switches", {"egress": "203.0.113.10"}).json["egress"]
    assert web(served, "upbit", "GET", "/_sim/switches").json["new_key_delay_ms"] == 0
    assert web(served, "upbit", "POST", "/_sim/switches", {"egress": 7}).status == 400
    assert web(served, "upbit", "POST", "/_sim/switches", {"nothing": True}).status == 400

    rule = {"kind": "error_before", "operation": "/v1/market/all", "status": 500}
    assert web(served, "upbit", "POST", "/_sim/faults", rule).json[0]["times"] == 1
    assert web(served, "upbit", "POST", "/_sim/faults", {"kind": "earthquake"}).status == 400
    assert web(served, "upbit", "POST", "/_sim/faults", {"kind": "redirect", "when": 1}).status == 400
    assert web(served, "upbit", "GET", "/v1/market/all").status == 500
    web(served, "upbit", "POST", "/_sim/faults", rule)
    assert web(served, "upbit", "DELETE", "/_sim/faults").json == []
    assert web(served, "upbit", "GET", "/v1/market/all").status == 200

    seen = web(served, "upbit", "GET", "/_sim/requests").json
    assert [(one["ip"], one["status"], one["fault"]) for one in seen] == [
        ("203.0.113.10", 200, "error_before"),
        ("203.0.113.10", 200, ""),
    ]
    assert web(served, "upbit", "DELETE", "/_sim/requests").json == []


def test_the_readme_names_every_switch_and_fault() -> None:
    readme = (ADAPTERS / "keyguard_simulators" / "README.md").read_text(encoding="utf-8")
    for name in [field.name for field in fields(Switches)] + [kind.value for kind in FaultKind]:
        assert f"`{name}`" in readme, name


def test_servers_come_and_go() -> None:
    with running(["upbit"]) as first, running(["upbit"]) as second:
        assert first.urls["upbit"] != second.urls["upbit"]
        first.venues["upbit"].open_account("only here", "")
        assert web(second, "upbit", "GET", "/_web/accounts").json == []
        assert urlsplit(first.urls["upbit"]).hostname == "127.0.0.1"
    for gone in (first, second):
        port = urlsplit(gone.urls["upbit"]).port
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port or 0))


def test_a_venue_that_is_not_simulated() -> None:
    with pytest.raises(KeyError), running(["nowhere"]):
        pass


def test_a_held_request_does_not_hold_up_the_end() -> None:
    with running(["upbit"]) as served:
        web(served, "upbit", "POST", "/_sim/faults", {"kind": "timeout_before", "hold_ms": 600_000})
        host, port = urlsplit(served.urls["upbit"]).netloc.split(":")
        waiting = socket.create_connection((host, int(port)))
        waiting.sendall(b"GET /v1/market/all HTTP/1.1\r\nHost: upbit\r\n\r\n")
        while not served.venues["upbit"].state.seen:
            pass
    with waiting:
        assert waiting.recv(100) == b""


def start(*args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "keyguard_simulators", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(ADAPTERS)},
    )


def test_the_process_serves_until_its_input_closes(tmp_path: Path) -> None:
    port_file = tmp_path / "ports.json"
    with start("--port-file", str(port_file)) as process:
        assert process.stdout
        urls = json.loads(process.stdout.readline())
        assert sorted(urls) == sorted(NAMES)
        assert json.loads(port_file.read_text()) == urls
        account = call(urls["deribit"], "POST", "/_web/accounts", {"name": "desk"}).json["account"]
        form = {"account": account, "permissions": "account:read"}
        made = call(urls["deribit"], "POST", "/_web/keys", form).json

        class Pair:
            public_id, secret = made["key"], made["secret"]

        client = ccxt_client("deribit", urls["deribit"], Pair)  # type: ignore[arg-type]  # only these two are read
        assert client.fetch_balance()["BTC"]["total"] == 1.5
        _out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")


def test_the_process_ends_on_sigterm() -> None:
    with start("--venue", "upbit") as process:
        assert process.stdout
        assert list(json.loads(process.stdout.readline())) == ["upbit"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert process.stderr
        assert process.stderr.read() == b""
