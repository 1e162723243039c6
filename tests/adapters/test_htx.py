"""HTX's traps, each named after what would go wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Fault, Origin, Reply, Request, Stamp
from keyguard.core.keys import Scope
from keyguard_adapters import htx
from tests.adapters.scripts import Script, answer, body, refused, reply
from tests.adapters.venues.htx import CURRENT, KEY, NARROW, SPEC, SUB, TRADE

EXAMPLE = htx.ADAPTER.example


def replies(*names: str) -> list[Reply | Refused]:
    return [reply(f"htx/{name}") for name in names]


def test_a_parent_users_key_that_trades_manages_keys_and_transfers() -> None:
    told = Script(replies("accounts", "uid", "own", "sub_users")).run(htx.whoami(KEY))
    assert told.scopes == Scope.READ | TRADE | Scope.MANAGE_KEYS
    assert told.scopes_origin is Origin.REPORTED
    assert (told.account, told.ips) == ("178911", ("203.0.113.10", "203.0.113.0/28"))
    assert (told.expires_at, told.expiry_origin) == (None, Origin.REPORTED)


def test_a_user_who_may_not_list_sub_users_manages_none() -> None:
    script = Script([*replies("accounts", "uid", "own"), refused(Fault.SCOPE, "403")])
    assert script.run(htx.whoami(KEY)).scopes == Scope.READ | TRADE


def test_a_key_is_asked_about_where_refusals_are_in_words() -> None:
    script = Script([refused(Fault.KEY_UNKNOWN, "api-signature-not-valid")])
    with pytest.raises(Refused):
        script.run(htx.whoami(KEY))
    assert script.requests[0].path == "/v1/account/accounts"


@pytest.mark.parametrize("fault", [Fault.SCOPE, Fault.AMBIGUOUS, Fault.OTHER])
@pytest.mark.parametrize("uid_told", [True, False])
def test_a_sub_users_key_reads_and_the_rest_stays_unknown(fault: Fault, uid_told: bool) -> None:
    told_first = replies("accounts", "uid") if uid_told else replies("accounts")
    told = Script([*told_first, refused(fault)]).run(htx.whoami(KEY))
    assert (told.scopes, told.scopes_origin) == (Scope.READ, Origin.INFERRED)
    assert told.scopes_unknown == TRADE
    assert (told.ips, told.account) == (None, "178911" if uid_told else "")


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_refusal_for_another_reason_infers_nothing(position: int) -> None:
    answers = replies("accounts", "uid", "own")[:position]
    with pytest.raises(Refused) as caught:
        Script([*answers, refused(Fault.RATE)]).run(htx.whoami(KEY))
    assert caught.value.fault is Fault.RATE


def test_an_answer_without_this_key_is_a_bad_reply() -> None:
    with pytest.raises(BadReply):
        Script(replies("accounts", "uid", "own")).run(htx.whoami("FAKEother"))


def told(text: str, code: str = "api-signature-not-valid") -> Reply:
    return answer(
        {"status": "error", "err-code": code, "err-msg": f"Signature not valid: {text}", "data": None}
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Incorrect Access key [Access key错误]", Fault.KEY_UNKNOWN),
        ("Verification failure [校验失败]", Fault.SIGNATURE),
        ("APIkey has expired [APIkey已过期]", Fault.KEY_EXPIRED),
        ("Incorrect IP address [IP地址错误]:203.0.113.9", Fault.IP),
        ("API key has no permission [API Key没有权限]", Fault.SCOPE),
        ("Invalid submission time or incorrect time format [无效的提交时间]", Fault.CLOCK),
        ("Incorrect signature method [签名方法错误]", Fault.SIGNATURE),
        ("anything else", Fault.AMBIGUOUS),
    ],
)
def test_one_code_for_everything_is_told_apart_by_its_text(text: str, fault: Fault) -> None:
    assert htx.fault(told(text)) == (fault, "api-signature-not-valid")


def test_a_text_never_changes_what_another_code_means() -> None:
    assert htx.fault(told("Incorrect Access key", "login-required")) == (Fault.SIGNATURE, "login-required")


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        (1003, "unauthorized", Fault.AMBIGUOUS),
        (1003, "invalid signature", Fault.SIGNATURE),
        (403, "forbidden", Fault.SCOPE),
        (1002, "forbidden", Fault.SCOPE),
        (2000, "invalid ip", Fault.IP),
        (2002, "invalid field value", Fault.OTHER),
        (2014, "number exceeded", Fault.LIMIT),
        (40403, "too many", Fault.RATE),
    ],
)
def test_refusals_of_the_newer_calls(code: int, message: str, fault: Fault) -> None:
    assert htx.fault(answer({"code": code, "message": message})) == (fault, str(code))


def test_a_refusal_without_words_is_no_sign_of_death() -> None:
    assert htx.FACTS.dead == {Fault.KEY_UNKNOWN}


def test_a_new_key_needs_the_parents_code_and_an_edit_none() -> None:
    script = Script(replies("created"), [" 123456 "])
    script.run(htx.create_key(SPEC))
    assert [ask.kind for ask in script.asked] == ["totp"]
    assert script.requests[0].body == {
        "otpToken": "123456",
        "subUid": 178912,
        "note": "mm_new",
        "permission": "readOnly,trade",
        "ipAddresses": "203.0.113.10",
    }
    edit = Script(replies("edited"))
    edit.run(htx.edit_key(CURRENT, replace(NARROW, ips=())))
    assert (edit.requests[0].body or {})["ipAddresses"] == ""
    assert (edit.requests[0].body or {})["permission"] == "readOnly"


def test_what_is_refused_is_refused_before_a_person_is_asked() -> None:
    for spec in (
        replace(SPEC, scopes=Scope.READ | Scope.TRADE_SPOT),  # trade is more than that
        replace(SPEC, scopes=TRADE, grants=("trade",)),  # every key reads
        replace(SPEC, scopes=Scope.READ | Scope.WITHDRAW, grants=("readOnly", "withdraw")),
        replace(SPEC, ips=("2001:db8::/32",)),
        replace(SPEC, account="desk"),
    ):
        script = Script([], [])
        with pytest.raises(UsageError):
            script.run(htx.create_key(spec))
        assert script.asked == []


def test_networks_and_ipv6_addresses_are_taken() -> None:
    script = Script(replies("edited"))
    script.run(htx.edit_key(CURRENT, replace(NARROW, ips=("203.0.113.0/28", "2001:db8::1"))))
    assert (script.requests[0].body or {})["ipAddresses"] == "203.0.113.0/28,2001:db8::1"


def test_a_body_is_not_signed_and_the_host_is() -> None:
    def target(host: str, body: dict[str, int]) -> str:
        return htx.sign(Request("POST", "/x", body=body), EXAMPLE, Stamp(0, "", host)).target

    assert target("a.test", {"n": 1}) == target("A.test", {"n": 2})
    assert target("a.test", {"n": 1}) != target("b.test", {"n": 1})


def test_days_left_are_shown_and_not_counted() -> None:
    web = Script(replies("keys")).run(htx.list_keys(SUB))[1]
    assert (web.expires_at, web.expiry_origin) == (None, Origin.UNKNOWN)
    assert web.notes == ("valid for 0 days, HTX says",)
    assert not web.enabled


def test_only_success_confirms_a_deletion() -> None:
    given = body("htx/deleted")
    given["code"] = 0
    with pytest.raises(BadReply):
        Script([answer(given)]).run(htx.delete_key(CURRENT))
