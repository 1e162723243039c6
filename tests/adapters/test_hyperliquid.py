"""Hyperliquid's traps, each named after what would go wrong."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from keyguard.core.errors import BadReply, NotOffered, UsageError
from keyguard.core.exchange import Fault, Origin, Request, Stamp
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret
from keyguard_adapters import hyperliquid
from tests.adapters.scripts import Script, answer, body, reply
from tests.adapters.venues.hyperliquid import CURRENT, KEY, MASTER, SPEC

STAMP = Stamp(1767225600123, "", "h")
EXAMPLE = hyperliquid.ADAPTER.example
APPROVAL = {
    "type": "approveAgent",
    "agentAddress": "0x1a5216359a98a194c58df5df515c658c3d98fdff",
    "nonce": 1767225600123,
    "signatureChainId": "0x66eee",
    "hyperliquidChain": "Mainnet",
}


def posted(action: dict[str, Any], **more: Any) -> Any:
    request = Request("POST", "/exchange", body={"action": action, **more})
    return json.loads(hyperliquid.sign(request, EXAMPLE, STAMP).body)


def test_an_agent_is_told_by_its_address_and_nothing_is_used_up() -> None:
    script = Script([reply("hyperliquid/agent"), reply("hyperliquid/agents")])
    told = script.run(hyperliquid.whoami(KEY))
    assert [request.body for request in script.requests] == [
        {"type": "userRole", "user": KEY},
        {"type": "extraAgents", "user": MASTER},
    ]
    assert (told.label, told.account, told.grants) == ("mm1", MASTER, ("agent",))
    assert told.expires_at == datetime(2026, 3, 31, 0, 0, tzinfo=UTC)
    assert told.expiry_origin is Origin.REPORTED
    assert told.scopes_origin is Origin.INFERRED


def test_no_signature_and_no_secret_leaves_with_a_question() -> None:
    wire = hyperliquid.sign(Request("POST", "/info", body={"type": "userRole"}), EXAMPLE, STAMP)
    assert json.loads(wire.body) == {"type": "userRole"}
    assert dict(wire.headers) == {"Content-Type": "application/json"}


def test_that_an_agent_cannot_withdraw_is_not_claimed() -> None:
    told = Script([reply("hyperliquid/agent"), reply("hyperliquid/agents")]).run(hyperliquid.whoami(KEY))
    assert Scope.TRANSFER_INTERNAL in told.scopes
    assert Scope.WITHDRAW in told.scopes_unknown


def test_a_master_wallets_key_is_full_custody() -> None:
    told = Script([reply("hyperliquid/master")]).run(hyperliquid.whoami(KEY))
    assert told.grants == ("master",)
    assert Scope.WITHDRAW | Scope.MANAGE_KEYS in told.scopes
    assert any("full custody" in note for note in told.notes)


def test_the_agent_without_a_name_is_in_no_list_and_yet_alive() -> None:
    told = Script([reply("hyperliquid/agent"), answer([])]).run(hyperliquid.whoami(KEY))
    assert (told.label, told.account) == ("", MASTER)
    assert told.expiry_origin is Origin.UNKNOWN
    assert any("without a name" in note for note in told.notes)


def test_an_agent_that_is_not_approved_is_refused_as_unknown() -> None:
    assert hyperliquid.fault(reply("hyperliquid/missing")) == (Fault.KEY_UNKNOWN, "missing")
    assert hyperliquid.FACTS.dead == {Fault.KEY_UNKNOWN}


@pytest.mark.parametrize("role", ["vault", "subAccount"])
def test_an_address_that_has_no_private_key_is_no_key(role: str) -> None:
    with pytest.raises(BadReply):
        Script([answer({"role": role, "data": {"master": MASTER}})]).run(hyperliquid.whoami(KEY))


def test_addresses_are_compared_in_lower_case() -> None:
    first, second = Script([reply("hyperliquid/agents")]).run(hyperliquid.list_keys(MASTER))
    assert first.public_id == KEY
    assert second.public_id == body("hyperliquid/agents")[1]["address"].lower()
    assert second.expires_at is None


@pytest.mark.parametrize("account", ["", "7", MASTER[:-1], MASTER.upper()])
def test_the_list_is_asked_of_an_address(account: str) -> None:
    with pytest.raises(UsageError, match="address is not known"):
        Script([]).run(hyperliquid.list_keys(account))


def test_a_private_key_of_another_address_is_refused_before_anything_leaves() -> None:
    with pytest.raises(UsageError, match=f"belongs to the address {KEY}") as caught:
        hyperliquid.sign(Request("POST", "/info", body={}), replace(EXAMPLE, key=MASTER), STAMP)
    assert EXAMPLE.secret.reveal()[2:] not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    "secret", ["FAKE", "0x" + "0" * 64, "0x" + "f" * 64, EXAMPLE.secret.reveal() + "0", "0x" + "fa4e" * 15]
)
def test_what_is_no_private_key_is_a_clear_error_without_it(secret: str) -> None:
    with pytest.raises(UsageError, match="not a wallet's private key") as caught:
        hyperliquid.sign(Request("POST", "/info", body={}), replace(EXAMPLE, secret=Secret(secret)), STAMP)
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_private_key_may_lack_its_prefix() -> None:
    bare = replace(EXAMPLE, secret=Secret(EXAMPLE.secret.reveal()[2:]))
    request = Request("POST", "/exchange", body={"action": {"type": "noop"}})
    assert hyperliquid.sign(request, bare, STAMP) == hyperliquid.sign(request, EXAMPLE, STAMP)


@pytest.mark.parametrize("library", ["coincurve", "Crypto.Hash"])
def test_without_the_extra_the_error_says_what_to_install(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match="coincurve and pycryptodome") as caught:
        hyperliquid.sign(Request("POST", "/info", body={}), EXAMPLE, STAMP)
    assert "wallets" in caught.value.hint


def test_an_action_without_a_nonce_gets_the_venues_time() -> None:
    sent = posted({"type": "noop"})
    assert sent["nonce"] == STAMP.ms
    assert list(sent) == ["action", "nonce", "signature", "vaultAddress", "expiresAfter"]


def test_vault_and_end_are_signed_too() -> None:
    plain = posted({"type": "noop"})
    assert posted({"type": "noop"}, vaultAddress=MASTER)["signature"] != plain["signature"]
    assert posted({"type": "noop"}, expiresAfter=1)["signature"] != plain["signature"]
    with pytest.raises(ValueError, match="address"):
        posted({"type": "noop"}, vaultAddress="0x12")


@pytest.mark.parametrize("kind", ["withdraw3", "usdSend", "spotSend", "sendAsset", "approveBuilderFee"])
def test_what_moves_the_masters_funds_is_never_signed(kind: str) -> None:
    with pytest.raises(UsageError, match=f"does not sign '{kind}'"):
        posted({"type": kind, "signatureChainId": "0x66eee"})


def test_an_agent_without_a_name_is_signed_with_an_empty_one() -> None:
    assert posted(APPROVAL)["signature"] == posted({**APPROVAL, "agentName": ""})["signature"]
    assert "agentName" not in posted(APPROVAL)["action"]
    assert posted(APPROVAL)["signature"] != posted({**APPROVAL, "agentName": "mm1"})["signature"]


def test_the_order_of_an_actions_members_counts() -> None:
    forward, backward = {"type": "x", "a": 1}, {"a": 1, "type": "x"}
    assert posted(forward)["signature"] != posted(backward)["signature"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("User or API Wallet 0xfa4e does not exist.", Fault.AMBIGUOUS),
        ("Too many cumulative requests sent (9 > 8)", Fault.RATE),
        ("Invalid nonce: duplicate nonce 7", Fault.NONCE),
        ("Must deposit before performing actions", Fault.OTHER),
    ],
)
def test_refusals_by_text_for_their_status_is_that_of_success(text: str, fault: Fault) -> None:
    assert hyperliquid.fault(answer({"status": "err", "response": text})) == (fault, "err")


def test_the_guide_warns_of_ending_the_old_agent_too_early() -> None:
    steps = " ".join(hyperliquid.guide_create(SPEC).steps)
    assert "one that no agent has" in steps
    assert "180" in steps
    assert any("throw away" in step for step in hyperliquid.PAGE.delete(CURRENT).steps)


def test_no_master_wallet_is_made_and_no_agent_is_narrowed_or_bound() -> None:
    master = replace(SPEC, scopes=hyperliquid.SCOPES.names["master"], grants=("agent", "master"))
    for spec in (master, replace(SPEC, scopes=SPEC.scopes & ~Scope.TRANSFER_INTERNAL)):
        with pytest.raises(UsageError, match="cannot grant exactly"):
            hyperliquid.guide_create(spec)
    with pytest.raises(UsageError, match="0 to 0 addresses"):
        hyperliquid.guide_create(replace(SPEC, ips=("203.0.113.10",)))
    with pytest.raises(UsageError, match="takes no key of the name"):
        hyperliquid.guide_create(replace(SPEC, label="a name far too long"))
    with pytest.raises(NotOffered):
        hyperliquid.PAGE.edit(CURRENT, SPEC)
