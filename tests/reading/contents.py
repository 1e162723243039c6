"""Contents of reading copies, built in memory."""

from __future__ import annotations

import copy
import hashlib
from functools import cache
from typing import Any

from keyguard.kga import bundle, statement
from keyguard.reading import copies
from keyguard.reading.document import Content
from tests.kga.making import KEY, PERSON, Making, firm_log, instant

PARTY = "o_" + "cd" * 10


@cache
def _made() -> tuple[dict[str, Any], dict[str, Any], dict[str, bytes]]:
    making = Making(firm_log())
    return making.predicate(), making.derived(), making.entries()


def content(**more: Any) -> Content:
    predicate, derived, _ = copy.deepcopy(_made())
    roots = {log["log_id"]: "cd" * 32 for log in predicate["logs"]}
    return Content(
        **{"predicate": predicate, "derived": derived, "statement_sha256": "ab" * 32, "roots": roots} | more
    )


def entries(made: Content) -> dict[str, bytes]:
    """What is in a bundle beside the envelopes, with the reading copies."""
    return _made()[2] | copies.render(made)


def with_keys(count: int) -> Content:
    """A register of so many keys, with something in every table."""
    made = content()
    derived: Any = made.derived
    row = derived["register"][0]
    derived["register"] = [_key(row, number) for number in range(count)]
    key = derived["register"][0]["key"]
    derived["incidents"] = [
        {
            "incident": "in_" + "ab" * 8,
            "class": "suspected_sharing",
            "keys": [key],
            "detected_at": instant(20),
            "how": "거래소로부터 동일 키의 복수 지역 접속 통지를 받음",
            "opened_at": instant(20),
            "notes": [{"at": instant(21), "note": "키를 새 키로 교체함", "containment": None}],
            "closed": {
                "at": instant(22),
                "root_cause": "서버 이전 중 구 서버가 함께 동작",
                "actions": ["구 서버 폐기"],
            },
        }
    ]
    derived["exceptions"] = [
        {
            "exception": "ex_" + "ab" * 8,
            "control": "F02",
            "key": key,
            "reason": "정산용 출금 권한",
            "compensating": "출금 주소 제한",
            "until": instant(200),
            "approval": "ap_" + "11" * 8,
            "opened_at": instant(1),
            "closed": None,
        }
    ]
    derived["parties"] = [
        {
            "party": PARTY,
            "kind": "vendor",
            "relation": "시스템 운영 위탁",
            "name": "가짜시스템",
            "country": "KR",
            "contract_ref_sha256": "ab" * 32,
            "contract_from": instant(-100),
            "contract_until": instant(200),
            "diligence_at": instant(-90),
            "diligence_until": None,
            "persons": 2,
            "keys": 3,
            "handouts": 1234,
            "contract_valid_in_period": True,
        }
    ]
    derived["reviews"] = [
        {
            "review": "rv_" + "cd" * 8,
            "opened": instant(30),
            "due": instant(44),
            "closed": None,
            "items": 12,
            "keep": 10,
            "reduce": 1,
            "remove": 1,
            "undecided": 0,
            "late": True,
        }
    ]
    revoked = {
        "at": instant(50),
        "event": "revoked",
        "key": key,
        "other": None,
        "reason": "schedule",
        "by": PERSON,
    }
    derived["lifecycle"].append(revoked | {"confirmed_at": instant(50.01), "lag_s": 864})
    codes = ("F01", "F02", "F13")
    derived["findings"] = [
        {"code": code, "severity": "high", "rows": [KEY] * 20, "since": instant(3), "exception": None}
        for code in codes
    ]
    return made


def _key(row: dict[str, Any], number: int) -> dict[str, Any]:
    made = copy.deepcopy(row)
    made |= {
        "key": hashlib.sha256(str(number).encode()).hexdigest(),
        "account": f"MM-{number:03d}",
        "sub_account": "hedge" if number % 3 else "",
        "purpose": ("quoting KRW-BTC", "호가 제시 및 재고 관리 KRW-ETH, KRW-XRP")[number % 2],
        "scopes_proof": {"by": ("venue_api", "inferred", "declared")[number % 3], "observed_at": None},
    }
    if number % 5 == 0:
        made["ip_allow"] = ["203.0.113.10", "2001:db8:85a3:1234:5678:8a2e:370:7334"]
        made["scopes_excess"] = ["withdraw"]
    return made


def payload(made: Content, kept: dict[str, bytes]) -> bytes:
    said = statement.Statement(statement.ATTESTATION, statement.subject(kept), made.predicate)
    return statement.encode(said)


__all__ = ["bundle", "content", "entries", "payload", "with_keys"]
