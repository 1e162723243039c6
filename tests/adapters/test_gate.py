"""Gate's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import gate
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.gate import CURRENT, KEY, NARROW, SPEC, SUB

FORBIDDEN = refused(Fault.SCOPE, "FORBIDDEN")


def test_a_main_key_is_told_its_permissions() -> None:
    told = Script([reply("gate/detail"), reply("gate/main_keys")]).run(gate.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ | Scope.MANAGE_KEYS, Origin.REPORTED)
    assert (told.account, told.label, told.ips) == (SUB, "ops", ("203.0.113.10",))


def probes(*answers: Reply | Refused | None) -> Script:
    """A sub-account's key: None stands for a group that is not held."""
    first = [reply("gate/detail"), FORBIDDEN]
    return Script([*first, *(FORBIDDEN if one is None else one for one in answers)])


def test_a_sub_key_is_probed_and_the_rest_stays_unknown() -> None:
    served = reply("gate/none")
    script = probes(served, None, None, None, served, None, served, None)
    told = script.run(gate.whoami(KEY))
    assert {request.method for request in script.requests} == {"GET"}
    assert told.scopes == Scope.READ
    assert told.scopes_origin is Origin.INFERRED
    assert told.grants == ("futures:read", "spot:read", "wallet:read")
    assert Scope.MANAGE_KEYS not in told.scopes_unknown
    assert told.scopes_unknown == (
        Scope.TRADE_SPOT
        | Scope.TRADE_MARGIN
        | Scope.TRADE_DERIVATIVES
        | Scope.TRANSFER_INTERNAL
        | Scope.WITHDRAW
        | Scope.OTHER
    )
    assert (told.ips, told.ips_origin) == (("203.0.113.10",), Origin.REPORTED)


def test_an_account_that_was_never_opened_tells_nothing_of_the_permission() -> None:
    missing = refused(Fault.OTHER, "USER_NOT_FOUND")
    told = probes(None, None, None, None, missing, None, None, None).run(gate.whoami(KEY))
    assert (told.scopes, told.grants) == (Scope.NONE, ())
    assert Scope.TRADE_DERIVATIVES in told.scopes_unknown
    assert Scope.TRADE_SPOT not in told.scopes_unknown


@pytest.mark.parametrize("position", [0, 1, 2, 9])
def test_a_refusal_for_another_reason_infers_nothing(position: int) -> None:
    answers = [reply("gate/detail"), FORBIDDEN, *[reply("gate/none")] * 7][:position]
    with pytest.raises(Refused) as caught:
        Script([*answers, refused(Fault.IP)]).run(gate.whoami(KEY))
    assert caught.value.fault is Fault.IP


def test_key_information_as_one_object_of_another_shape_is_no_report() -> None:
    script = Script([reply("gate/detail"), reply("gate/main_key"), *[FORBIDDEN] * 8])
    assert script.run(gate.whoami(KEY)).scopes_origin is Origin.INFERRED


def test_an_edit_clears_what_it_does_not_name_so_everything_is_sent() -> None:
    script = Script([reply("gate/no_content")])
    told = script.run(gate.edit_key(CURRENT, replace(NARROW, ips=())))
    assert script.requests[0].body == {
        "name": "mm_a",
        "perms": [{"name": "spot", "read_only": True}],
        "ip_whitelist": [],
    }
    # The answer says only that it was done.
    assert (told.ips, told.scopes_origin, told.ips_origin) == ((), Origin.INFERRED, Origin.INFERRED)


def test_the_mode_of_a_key_is_copied_and_never_changed() -> None:
    script = Script([reply("gate/created")])
    script.run(gate.create_key(replace(SPEC, grants=(*SPEC.grants, gate.UNIFIED))))
    assert (script.requests[0].body or {})["mode"] == 2
    with pytest.raises(UsageError) as caught:
        Script([]).run(gate.edit_key(CURRENT, replace(NARROW, grants=("spot:read", gate.UNIFIED))))
    assert "fixed at its creation" in caught.value.hint


def test_of_a_group_named_twice_the_wider_level_counts() -> None:
    grants = gate.SCOPES.write(Scope.READ | Scope.TRANSFER_INTERNAL)
    script = Script([reply("gate/created")])
    script.run(gate.create_key(replace(SPEC, scopes=Scope.READ | Scope.TRANSFER_INTERNAL, grants=grants)))
    perms = (script.requests[0].body or {})["perms"]
    assert {"name": "wallet", "read_only": False} in perms
    assert {"name": "spot", "read_only": True} in perms
    assert len({perm["name"] for perm in perms}) == len(perms)


@pytest.mark.parametrize(
    ("scopes", "grants"),
    [
        (Scope.READ | Scope.TRADE_SPOT, ("spot:read_write",)),  # includes margin
        (Scope.TRADE_SPOT | Scope.TRADE_MARGIN, ("spot:read_write",)),  # reads, too
        (Scope.READ | Scope.WITHDRAW, ("withdrawal:read_write",)),  # not for sub-accounts
    ],
)
def test_what_cannot_be_granted_exactly_is_never_asked_for(scopes: Scope, grants: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        Script([]).run(gate.create_key(replace(SPEC, scopes=scopes, grants=grants)))


@pytest.mark.parametrize(
    "ips", [("203.0.113.0/24",), ("2001:db8::1",), tuple(f"203.0.113.{n}" for n in range(21))]
)
def test_networks_and_ipv6_are_refused(ips: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        Script([]).run(gate.create_key(replace(SPEC, ips=ips)))


@pytest.mark.parametrize("account", ["", "me", "1/../2"])
def test_the_path_of_a_deletion_names_a_sub_account(account: str) -> None:
    with pytest.raises(UsageError, match="user id is not known"):
        Script([]).run(gate.delete_key(replace(CURRENT, account=account)))


def test_a_handle_that_would_change_the_path_is_refused() -> None:
    with pytest.raises(UsageError, match="no key of Gate's"):
        Script([]).run(gate.delete_key(replace(CURRENT, ref="../10002/keys/x")))


@pytest.mark.parametrize("step", [gate.edit_key(CURRENT, NARROW), gate.delete_key(CURRENT)])
def test_only_no_content_confirms_a_change(step: object) -> None:
    with pytest.raises(BadReply):
        Script([answer({"ok": True})]).run(step)  # type: ignore[arg-type]  # either operation


def test_both_spellings_of_the_last_change_are_read() -> None:
    rows = body("gate/keys")
    rows[0]["updated_at"] = rows[0].pop("update_at")
    first, second = Script([answer(rows)]).run(gate.list_keys(SUB))
    assert first.enabled and not second.enabled
    assert second.grants == ("futures:read", gate.UNIFIED)
    assert second.notes == ("frozen or locked (state 2)",)


def test_the_time_is_signed_in_seconds() -> None:
    wire = gate.sign(Request("GET", "/x"), gate.ADAPTER.example, Stamp(1763622000999, "", "venue.test"))
    assert wire.headers["Timestamp"] == "1763622000"


def test_a_change_may_take_five_minutes() -> None:
    assert gate.FACTS.propagation.total_seconds() == 300


@pytest.mark.parametrize(
    ("status", "label", "fault"),
    [
        (401, "INVALID_KEY", Fault.KEY_UNKNOWN),
        (401, "INVALID_CREDENTIALS", Fault.AMBIGUOUS),
        (401, "INVALID_SIGNATURE", Fault.SIGNATURE),
        (401, "IP_FORBIDDEN", Fault.IP),
        (403, "FORBIDDEN", Fault.SCOPE),
        (403, "READ_ONLY", Fault.SCOPE),
        (403, "REQUEST_EXPIRED", Fault.CLOCK),
        (400, "SUB_ACCOUNT_NOT_FOUND", Fault.NOT_FOUND),
        (403, "ACCOUNT_LOCKED", Fault.OTHER),
        (429, "TOO_MANY_REQUESTS", Fault.RATE),
        (500, "WHATEVER", Fault.OTHER),
    ],
)
def test_refusals_by_label(status: int, label: str, fault: Fault) -> None:
    told = gate.fault(answer({"label": label, "message": "no"}, status))
    assert told == ((Fault.BUSY if status == 500 else fault), label)
