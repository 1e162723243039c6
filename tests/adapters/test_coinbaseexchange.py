"""Coinbase Exchange's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, NotOffered, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import coinbaseexchange
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.coinbaseexchange import CURRENT, KEY, SPEC

EXAMPLE = coinbaseexchange.ADAPTER.example
STAMP = Stamp(1763620001999, "", "venue.test")
PROFILE = "75da88c5-05bf-4f54-bc85-5c775bd68254"


def test_reading_is_inferred_and_trading_stays_unknown() -> None:
    script = Script([reply("coinbaseexchange/accounts")])
    told = script.run(coinbaseexchange.whoami(KEY))
    assert [(one.method, one.path) for one in script.requests] == [("GET", "/accounts")]
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == (Scope.TRADE_SPOT | Scope.WITHDRAW | Scope.TRANSFER_INTERNAL | Scope.OTHER)
    assert told.grants == ()  # View and Trade look alike
    assert (told.account, told.ips) == (PROFILE, None)


def test_a_key_that_may_not_read_is_alive() -> None:
    told = Script([refused(Fault.SCOPE, "forbidden")]).run(coinbaseexchange.whoami(KEY))
    assert (told.scopes, told.account) == (Scope.NONE, "")


@pytest.mark.parametrize("fault", [Fault.IP, Fault.CLOCK, Fault.KEY_UNKNOWN, Fault.OTHER])
def test_a_refusal_for_another_reason_infers_nothing(fault: Fault) -> None:
    with pytest.raises(Refused):
        Script([refused(fault)]).run(coinbaseexchange.whoami(KEY))


def test_accounts_of_two_profiles_are_a_bad_reply() -> None:
    rows = body("coinbaseexchange/accounts")
    rows[0]["profile_id"] = "another"
    with pytest.raises(BadReply):
        Script([answer(rows)]).run(coinbaseexchange.whoami(KEY))


def test_the_query_is_signed_as_it_is_sent() -> None:
    plain = coinbaseexchange.sign(Request("GET", "/fills"), EXAMPLE, STAMP)
    asked = coinbaseexchange.sign(Request("GET", "/fills", query={"a": "b:c"}), EXAMPLE, STAMP)
    assert asked.target == "/fills?a=b%3Ac"
    assert asked.headers["CB-ACCESS-SIGN"] != plain.headers["CB-ACCESS-SIGN"]
    assert asked.headers["CB-ACCESS-TIMESTAMP"] == "1763620001"


def test_without_its_passphrase_a_key_cannot_sign() -> None:
    with pytest.raises(UsageError, match="passphrase, and it is missing"):
        coinbaseexchange.sign(Request("GET", "/accounts"), replace(EXAMPLE, passphrase=None), STAMP)


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (401, "Invalid API Key", Fault.KEY_UNKNOWN),
        (401, "invalid signature", Fault.SIGNATURE),
        (401, "Invalid Passphrase", Fault.SIGNATURE),
        (401, "request timestamp expired", Fault.CLOCK),
        (401, "IP does not match IP whitelist", Fault.IP),
        (403, "IP does not match IP whitelist", Fault.IP),
        (403, "Forbidden", Fault.SCOPE),
        (429, "Private rate limit exceeded", Fault.RATE),
        (429, "something new", Fault.RATE),
        (401, "something new", Fault.OTHER),
        (404, "NotFound", Fault.NOT_FOUND),
        (500, "Internal server error", Fault.BUSY),
    ],
)
def test_refusals_by_their_words(status: int, message: str, fault: Fault) -> None:
    verdict = coinbaseexchange.fault(answer({"message": message}, status))
    assert verdict == (fault, message.lower().replace(" ", "-"))


def test_only_an_unknown_key_is_a_dead_one() -> None:
    assert coinbaseexchange.FACTS.dead == {Fault.KEY_UNKNOWN}
    verdict = coinbaseexchange.fault(Reply(401, {}, b"Unauthorized"))
    assert verdict == (Fault.AMBIGUOUS, "401")


def test_the_guide_ticks_view_beside_trade_and_nothing_else() -> None:
    guide = coinbaseexchange.PAGE.create(replace(SPEC, grants=()))
    ticked = next(step for step in guide.steps if step.startswith("Permissions"))
    assert "exactly: Trade, View." in ticked


def test_trading_without_reading_cannot_be_had() -> None:
    with pytest.raises(UsageError, match="cannot grant exactly"):
        coinbaseexchange.PAGE.create(replace(SPEC, scopes=Scope.TRADE_SPOT, grants=()))


def test_a_key_is_not_changed_but_replaced() -> None:
    with pytest.raises(NotOffered, match="cannot change a key"):
        coinbaseexchange.PAGE.edit(CURRENT, SPEC)


def test_a_time_that_is_no_number_is_a_bad_reply() -> None:
    assert Script([reply("coinbaseexchange/time")]).run(coinbaseexchange.clock()) == 1795176000123
    with pytest.raises(BadReply):
        Script([answer({"epoch": "soon"})]).run(coinbaseexchange.clock())
