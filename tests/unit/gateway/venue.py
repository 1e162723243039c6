"""A venue for these tests: an adapter in twenty lines, its credential, and counters kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from keyguard.core.exchange import (
    Adapter,
    Credential,
    Facts,
    Fault,
    Guide,
    KeyReport,
    NonceKind,
    Reply,
    Request,
    ScopeNames,
    Stamp,
    Step,
    Wire,
)
from keyguard.core.keys import Scope
from keyguard.core.secret import Secret

MARK = "FAKE" + "mark" * 7
"""A secret to search for in everything that comes out."""

WHO = Credential("FAKEkey", Secret(MARK))
BASE = "https://api.fakex.test"
GUIDE = Guide("https://fakex.test/keys", "", ())


def sign(request: Request, who: Credential, stamp: Stamp) -> Wire:
    query = urlencode(request.query)
    headers = {
        "X-Key": who.key,
        "X-Sign": f"signed.with.{who.secret.reveal()}",
        "X-Stamp": f"{stamp.ms} {stamp.nonce} {stamp.host}",
    }
    return Wire(request.method, request.path + (f"?{query}" if query else ""), headers, b"")


def fault(reply: Reply) -> tuple[Fault, str] | None:
    answer = reply.json
    return (Fault(answer["fault"]), str(answer["code"])) if "fault" in answer else None


def clock() -> Step[int]:
    reply = yield Request("GET", "/time", signed=False)
    return int(reply.json["ms"])


def whoami(public_id: str) -> Step[KeyReport]:
    yield Request("GET", "/me")
    return KeyReport(public_id)


def adapter(
    base: str = BASE, *, nonce: NonceKind = NonceKind.NONE, timed: bool = False, **changed: object
) -> Adapter:
    facts = Facts(
        id="fakex",
        name="Fakex",
        base=base,
        docs="https://fakex.test/docs",
        checked="2026-11-20",
        key_page="https://fakex.test/keys",
        nonce=nonce,
        clock_window=timedelta(seconds=5) if timed else None,
    )
    parts: dict[str, object] = {"sign": sign, "fault": fault, "clock": clock if timed else None} | changed
    return Adapter(
        facts=facts,
        scopes=ScopeNames({"Read": Scope.READ}),
        whoami=whoami,
        guide_create=lambda spec: GUIDE,
        guide_edit=lambda now, spec: GUIDE,
        guide_delete=lambda now: GUIDE,
        example=WHO,
        **parts,  # type: ignore[arg-type]
    )


class Counters:
    """NonceSource in memory; `asked` keeps what was asked for."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        self.asked: list[tuple[str, int]] = []

    def next(self, scope: str, floor: int) -> int:
        self.asked.append((scope, floor))
        self.last[scope] = max(self.last.get(scope, 0) + 1, floor)
        return self.last[scope]


def refusal(fault: Fault, code: str = "1", **more: str) -> Mapping[str, object]:
    return {"fault": fault.value, "code": code, "message": f"the venue's own words, {MARK}", **more}
