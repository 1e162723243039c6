"""A venue in memory with a real Adapter: signatures are compared, time passes by the clock's word.

Variants: `full` (everything by API), `two_step` (creation and IP list are two effects), `one_time_code`
(creation answers with a challenge first), `disable_only`, `guided` (a list, nothing else), `blind` (not even
a list). `ambiguous` makes the venue answer unknown keys with a code of several meanings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from keyguard.core.errors import NotOffered
from keyguard.core.exchange import (
    Adapter,
    Ask,
    Credential,
    Effect,
    Facts,
    Fault,
    Guide,
    KeyReport,
    NewKey,
    Reply,
    Request,
    ScopeNames,
    Wire,
)
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret

NAMES = ScopeNames(
    {
        "view": Scope.READ,
        "trade": Scope.TRADE_SPOT,
        "payout": Scope.WITHDRAW,
        "keys": Scope.MANAGE_KEYS,
    }
)
CODES = {
    "1001": Fault.KEY_UNKNOWN,
    "1002": Fault.SIGNATURE,
    "1003": Fault.SCOPE,
    "1004": Fault.NOT_FOUND,
    "1005": Fault.AMBIGUOUS,
    "1006": Fault.KEY_DISABLED,
    "1007": Fault.IP,
    "1008": Fault.SECOND_FACTOR,
    "1009": Fault.LIMIT,
    "1010": Fault.RATE,
    "1011": Fault.BUSY,
}


@dataclass(frozen=True)
class HeldKey:
    public_id: str
    secret: str
    label: str
    account: str
    grants: tuple[str, ...]
    ips: tuple[str, ...]
    visible_from: object
    gone_from: object = None
    enabled: bool = True
    before: object = None  # how it still shows until `edited_from`
    edited_from: object = None


class FakeExchange:
    def __init__(self, clock, variant="full", *, name="examplex", ambiguous=False, delay_s=0.0) -> None:
        self.clock = clock
        self.variant = variant
        self.name = name
        self.ambiguous = ambiguous
        self.delay = timedelta(seconds=delay_s)
        self.dead_delay = self.delay
        self.keys: dict[str, HeldKey] = {}
        self.made = 0
        self.most_alike = 0  # keys of one label that ever worked at the same time
        self.challenges = 0
        self.refuse: dict[str, str] = {}  # "METHOD /path" beginning -> code
        self.garble: set[str] = set()  # "METHOD" of requests whose effect happens but whose answer is cut
        self.tells_scopes = True
        self.tells_ips = True
        self.tells_account = True
        self.tells_itself = True  # else a key learns nothing of itself, and its manager's list tells all
        self.page_edits = True  # else a key cannot be changed on the page
        self.page_only = False  # keys are listed, but ended on the page only
        self.adapter = self._adapter()

    # --- the web side

    def make(self, label, grants, ips=(), account="A1") -> Credential:
        self.made += 1
        public = f"FAKEkey{self.made:013d}"
        secret = "FAKE" + f"secret{self.made}" * 3
        now = self.clock.now()
        self.keys[public] = HeldKey(
            public, secret, label, account, tuple(sorted(grants)), tuple(ips), now + self.delay
        )
        alike = sum(1 for key in self.working(account) if key.label == label)
        self.most_alike = max(self.most_alike, alike)
        return Credential(public, Secret(secret))

    def remove(self, public_id) -> None:
        held = self.keys[public_id]
        if held.gone_from is None:
            self.keys[public_id] = replace(held, gone_from=self.clock.now() + self.dead_delay)

    def edit(self, public_id, **fields) -> None:
        """Change a key; it shows so after the delay."""
        held, now = self.keys[public_id], self.clock.now()
        shown = held.before if held.before and now < held.edited_from else replace(held, before=None)
        self.keys[public_id] = replace(held, **fields, before=shown, edited_from=now + self.delay)

    def working(self, account="A1"):
        """What exists in truth, propagated or not."""
        return [k for k in self.keys.values() if k.account == account and k.gone_from is None and k.enabled]

    # --- the API side

    def handle(self, request: Request, who: Credential) -> Reply:
        for beginning, code in self.refuse.items():
            if f"{request.method} {request.path}".startswith(beginning):
                return _reply(400, {"code": code})
        caller = self._seen(who.key)
        if caller is None:
            return _reply(401, {"code": "1005" if self.ambiguous else "1001"})
        if caller.secret != who.secret.reveal():
            return _reply(401, {"code": "1005" if self.ambiguous else "1002"})
        if not caller.enabled:
            return _reply(401, {"code": "1005" if self.ambiguous else "1006"})
        reply = self._answer(request, caller)
        if request.method in self.garble:
            return Reply(200, {}, b"<html>")
        return reply

    def _answer(self, request, caller):
        if request.path == "/whoami":
            return _reply(200, self._show(caller))
        if request.path == "/keys" and request.method == "GET":
            account = request.query["account"]
            if "keys" not in caller.grants and self.variant != "guided":
                return _reply(403, {"code": "1003"})
            shown = [self._show(k) for k in map(self._seen, self.keys) if k and k.account == account]
            return _reply(200, {"keys": shown})
        if "keys" not in caller.grants:
            return _reply(403, {"code": "1003"})
        if request.path == "/keys":
            body = request.body
            if self.variant == "one_time_code" and body.get("code") != f"totp{self.challenges}":
                self.challenges += 1
                return _reply(200, {"challenge": self.challenges})
            made = self.make(body["label"], body["grants"], body.get("ips", ()), body["account"])
            return _reply(200, {**self._show(self.keys[made.key]), "secret": made.secret.reveal()})
        public = request.path.split("/")[2]
        if self._seen(public) is None:
            return _reply(404, {"code": "1004"})
        if request.method == "PUT":
            self.edit(public, **{name: tuple(value) for name, value in request.body.items()})
            return _reply(200, self._show(self.keys[public]))
        if request.path.endswith("/disable"):
            self.keys[public] = replace(self.keys[public], enabled=False)
            return _reply(200, {})
        assert request.method == "DELETE"
        self.remove(public)
        return _reply(200, {})

    def _seen(self, public_id):
        held, now = self.keys.get(public_id), self.clock.now()
        if held is None or held.visible_from > now or (held.gone_from is not None and held.gone_from <= now):
            return None
        return held.before if held.before and now < held.edited_from else held

    def _show(self, held):
        return {
            "id": held.public_id,
            "label": held.label,
            "account": held.account if self.tells_account else "",
            "grants": list(held.grants),
            "ips": list(held.ips),
            "enabled": held.enabled,
        }

    # --- the adapter

    def _adapter(self) -> Adapter:
        facts = Facts(
            id=self.name,
            name=self.name.capitalize(),
            base=f"https://api.{self.name}.test",
            docs=f"https://docs.{self.name}.test",
            checked="2026-11-20",
            key_page=f"https://{self.name}.test/keys",
            dead=frozenset({Fault.AMBIGUOUS} if self.ambiguous else {Fault.KEY_UNKNOWN, Fault.KEY_DISABLED}),
        )
        by_api = self.variant in ("full", "two_step", "one_time_code", "disable_only")
        return Adapter(
            facts=facts,
            sign=lambda request, who, stamp: Wire(request.method, request.path, {}),
            fault=_fault,
            scopes=NAMES,
            whoami=self._whoami,
            guide_create=lambda spec: Guide(
                facts.key_page, "create", (json.dumps([spec.label, spec.grants, spec.ips, spec.account]),)
            ),
            guide_edit=self._guide_edit,
            guide_delete=lambda report: Guide(facts.key_page, "delete", (f"delete {report.ref}",)),
            example=Credential("FAKEkey0", Secret("FAKEsecret")),
            list_keys=None if self.variant == "blind" else self._list_keys,
            create_key=self._create_key if by_api else None,
            delete_key=self._delete_key if by_api and self.variant != "disable_only" else None,
            edit_key=self._edit_key if by_api else None,
            disable_key=self._disable_key if self.variant == "disable_only" else None,
        )

    def _report(self, shown) -> KeyReport:
        grants = tuple(shown["grants"]) if self.tells_scopes else ()
        return KeyReport(
            public_id=shown["id"],
            ref=shown["id"],
            label=shown["label"],
            account=shown["account"],
            scopes=NAMES.read(grants),
            scopes_origin=Origin.REPORTED if self.tells_scopes else Origin.UNKNOWN,
            grants=grants,
            ips=tuple(shown["ips"]) if self.tells_ips else None,
            ips_origin=Origin.REPORTED if self.tells_ips else Origin.UNKNOWN,
            enabled=shown["enabled"],
        )

    def _whoami(self, public_id):
        reply = yield Request("GET", "/whoami")
        told = self._report(reply.json)
        if self.tells_itself or "keys" in told.grants:
            return told
        probed = {
            "scopes": Scope.READ,
            "scopes_unknown": Scope.TRADE_SPOT | Scope.WITHDRAW,
            "grants": ("view",),
        }
        return replace(told, **probed, scopes_origin=Origin.INFERRED, ips=None, ips_origin=Origin.UNKNOWN)

    def _list_keys(self, account):
        reply = yield Request("GET", "/keys", query={"account": account})
        return tuple(self._report(shown) for shown in reply.json["keys"])

    def _create_key(self, spec):
        body = {"label": spec.label, "grants": list(spec.grants), "account": spec.account}
        if self.variant != "two_step":
            body["ips"] = list(spec.ips)
        reply = yield Request("POST", "/keys", body=body, effect=Effect.KEY_CREATED)
        if "challenge" in reply.json:
            body["code"] = yield Ask("totp", "the code of your authenticator")
            reply = yield Request("POST", "/keys", body=body, effect=Effect.KEY_CREATED)
        shown = reply.json
        credential = Credential(shown["id"], Secret(shown["secret"]))
        if self.variant == "two_step":
            path = f"/keys/{shown['id']}"
            reply = yield Request("PUT", path, body={"ips": list(spec.ips)}, effect=Effect.KEY_EDITED)
        return NewKey(self._report(reply.json), credential)

    def _edit_key(self, current, wanted):
        if self.page_only:
            raise NotOffered("on the page only", code="exchange.not_offered")
        path, grants, ips = f"/keys/{current.ref}", list(wanted.grants), list(wanted.ips)
        bodies = [{"grants": grants, "ips": ips}]
        if self.variant == "two_step":
            bodies = [{"grants": grants}, {"ips": ips}]
        told = current
        for body in bodies:
            reply = yield Request("PUT", path, body=body, effect=Effect.KEY_EDITED)
            told = self._report(reply.json)
        return told

    def _guide_edit(self, current, wanted):
        if not self.page_edits:
            raise NotOffered("not even on the page", code="exchange.not_offered")
        ips = list(wanted.ips) if wanted.ips_told else None
        step = json.dumps([current.public_id, list(wanted.grants), ips])
        return Guide(self.adapter.facts.key_page, "edit", (step,))

    def _delete_key(self, report):
        if self.page_only:
            raise NotOffered("on the page only", code="exchange.not_offered")
        yield Request("DELETE", f"/keys/{report.ref}", effect=Effect.KEY_DELETED)

    def _disable_key(self, report):
        yield Request("POST", f"/keys/{report.ref}/disable", effect=Effect.KEY_DISABLED)


def _fault(reply: Reply):
    code = reply.json.get("code") if reply.status >= 400 else None
    return (CODES[code], code) if code else None


def _reply(status, content) -> Reply:
    return Reply(status, {}, json.dumps(content).encode())
