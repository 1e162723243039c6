"""Logs in which anything may follow anything: what the two computations of the tables are compared on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from keyguard.core import canonical
from keyguard.core.record import Record
from keyguard.core.record_types import check_body
from keyguard.kga.derive.lines import Line, Period
from keyguard.kga.derive.state import SNAPSHOTS, State, read
from tests.kga.making import at, instant

DAYS = 100
KEYS = [f"{n:02x}" * 32 for n in range(12)]
PERSONS = [f"p_{n:020x}" for n in range(4)]
PARTIES = [f"o_{n:020x}" for n in range(2)]
HOSTS = [f"h_{n:020x}" for n in range(2)]
SCOPES = ["read", "trade_spot", "withdraw", "manage_keys"]


def _ids(prefix: str, count: int = 3) -> list[str]:
    return [f"{prefix}_{n:016x}" for n in range(count)]


GRANTS, APPROVALS, REVIEWS, INCIDENTS, EXCEPTIONS = map(_ids, ("gr", "ap", "rv", "in", "ex"))


def history(seed: str, count: int = 150, log_ids: tuple[str, ...] = ("00" * 8,)) -> list[Line]:
    """Records of the firm's and one venue's stream of each log."""
    return [line for log_id in log_ids for line in _History(Random(f"{seed}{log_id}"), log_id).lines(count)]


class _History:
    def __init__(self, random: Random, log_id: str) -> None:
        self.random, self.log_id = random, log_id
        self.sizes = {"firm": 0, "upbit": 0}

    def lines(self, count: int) -> list[Line]:
        days = sorted(self.random.uniform(0, DAYS) for _ in range(count))
        return [self._line(day) for day in days]

    def _line(self, day: float) -> Line:
        stream = "firm" if self.random.random() < 0.2 else "upbit"
        types = sorted(_FIRM) if stream == "firm" else [*sorted(_VENUE), *_OFTEN]
        type_ = self.one(types)
        body = (_FIRM if stream == "firm" else _VENUE)[type_](self, day)
        body = {name: value for name, value in body.items() if value is not ...}
        if type_ != "future.type":
            check_body(stream, type_, body)
        n = self.sizes[stream]
        self.sizes[stream] += 1
        record = Record(stream, n, at(day), type_, body, f"{n:032x}")
        return Line(self.log_id, Record(stream, n, at(round(day, 3)), type_, body, record.salt))

    def one(self, values: list[Any]) -> Any:
        return self.random.choice(values)

    def some(self, values: list[Any]) -> list[Any]:
        return self.random.sample(values, self.random.randint(0, len(values)))

    def maybe(self, value: Any) -> Any:
        """It, or that it is absent."""
        return value if self.random.random() < 0.6 else ...

    def near(self, day: float, spread: float = 40) -> str:
        return instant(round(day + self.random.uniform(-spread, spread), 2))


Make = Callable[[_History, float], dict[str, Any]]

_FIRM: dict[str, Make] = {
    "log.heartbeat": lambda h, day: {"host": h.one(HOSTS), "seq": 1},
    "agent.stop": lambda h, day: {"host": h.one(HOSTS), "tool_version": "0"},
    "log.gap": lambda h, day: {"from": h.near(day, 5), "to": instant(day), "cause": "off"},
    "log.torn": lambda h, day: {"at": instant(day)},
    "clock.check": lambda h, day: {
        "offset_ms": h.one([3, -2000]),
        "source": "venue",
        "ok": h.one([True, False]),
    },
    "policy.set": lambda h, day: {
        "name": "keys",
        "version": "1",
        "sha256": "00" * 32,
        "params": {h.one(["rotation_days", "idle_days"]): h.one([5, 30, True, "many"])},
    },
    "future.type": lambda h, day: {"anything": [1]},
}


def _register(h: _History, day: float) -> dict[str, Any]:
    return {
        "key": h.one(KEYS),
        "hint": h.maybe("0001"),
        "account": "MM-01",
        "kind": "hmac",
        "purpose": h.one(["quoting", "시장조성"]),
        "desk": h.one(["spot", "perp"]),
        "owner": h.one(PERSONS),
        "scopes_granted": h.some(SCOPES),
        "scopes_needed": h.some(SCOPES),
        "scopes_venue": {},
        "ip_allow": h.some(["203.0.113.10", "198.51.100.1"]),
        "ip_supported": h.one([True, False]),
        "created_at": h.maybe(h.near(day)),
        "expires_at": h.maybe(h.near(day)),
        "storage": h.one(["os_keyring", "plain_file"]),
        "source": "imported",
    }


def _observe(h: _History, day: float) -> dict[str, Any]:
    return {
        "key": h.one(KEYS),
        "by": "venue_api",
        "scopes_granted": h.some(SCOPES),
        "scopes_venue": h.maybe(h.one([{}, {"scopes_origin": "inferred"}])),
        "ip_allow": h.some(["203.0.113.10"]) * 2,
        "expires_at": h.maybe(h.near(day)),
        "status": h.one(["enabled", "disabled", "key_unknown"]),
    }


def _update(h: _History, day: float) -> dict[str, Any]:
    changes = h.one(
        [
            {"desk": {"old": "spot", "new": "perp"}},
            {"expires_at": {"old": None, "new": None}},
            {"scopes_needed": {"old": [], "new": h.some(SCOPES)}, "scopes_venue": {"old": [], "new": []}},
        ]
    )
    return {"key": h.one(KEYS), "changes": changes}


def _listed(h: _History, day: float) -> dict[str, Any]:
    shown = h.some(KEYS)
    return {"by": "venue_api", "count": len(shown), "keys": shown, "unknown": h.some(shown)[:1]}


def _granted(h: _History, day: float) -> dict[str, Any]:
    return {
        "grant": h.one(GRANTS),
        "key": h.one(KEYS),
        "person": h.one(PERSONS),
        "capacity": h.one(["employee", "contractor", "vendor_staff"]),
        "party": h.maybe(h.one(PARTIES)),
        "from": h.near(day, 10),
        "until": h.maybe(h.near(day)),
        "basis": h.one(["", "not stated", "quoting"]),
        "approval": h.one(APPROVALS),
    }


def _party(h: _History, day: float) -> dict[str, Any]:
    return {
        "party": h.one(PARTIES),
        "kind": "contractor",
        "relation": "vendor",
        "name": h.maybe("FAKE Vendor"),
        "contract_ref_sha256": h.one(["11" * 32, "22" * 32]),
        "contract_from": h.near(day),
        "contract_until": h.near(day, 60),
        "diligence_at": h.maybe(h.near(day)),
        "diligence_until": h.maybe(h.near(day)),
    }


def _handout(h: _History, day: float) -> dict[str, Any]:
    return {
        "key": h.one(KEYS),
        "grant": h.maybe(h.one(GRANTS)),
        "person": h.one(PERSONS),
        "host": h.one(HOSTS),
        "process": "bot",
        "mode": "env",
        "lease_s": 600,
    }


def _review(h: _History, day: float) -> dict[str, Any]:
    items = [
        {"item": f"{n}", "person": h.one(PERSONS), "keys": [key, h.one(KEYS)], "handouts": n}
        for n, key in enumerate(h.some(KEYS))
    ]
    return {"review": h.one(REVIEWS), "items": items, "reviewers": h.some(PERSONS), "due": h.near(day)}


_VENUE: dict[str, Make] = {
    "key.register": _register,
    "key.observe": _observe,
    "key.update": _update,
    "key.rotate": lambda h, day: {"old": h.one(KEYS), "new": h.one(KEYS), "reason": "schedule"},
    "key.revoke": lambda h, day: {
        "key": h.one(KEYS),
        "reason": "leak",
        "by": h.one(PERSONS),
        "at_venue": "api",
    },
    "key.revoke_confirmed": lambda h, day: {
        "key": h.one(KEYS),
        "method": "probe",
        "checked_at": instant(day),
        "meaning": "key_unknown",
        "attempts": 1,
    },
    "key.invalidated_by_venue": lambda h, day: {
        "key": h.one(KEYS),
        "noticed_at": h.near(day, 3),
        "stage": "warning",
        "venue_ref": h.maybe("FAKE-1"),
    },
    "key.remove": lambda h, day: {
        "key": h.one(KEYS),
        "by": h.one(PERSONS),
        "reason": "gone",
        "living": h.one([True, False]),
    },
    "venue.keys_listed": _listed,
    "access.grant": _granted,
    "access.revoke": lambda h, day: {
        "grant": h.one(GRANTS),
        "at": h.near(day, 5),
        "reason": h.one(["leaver", "moved"]),
        "by": h.one(PERSONS),
    },
    "handout": _handout,
    "handout.denied": lambda h, day: {
        "key": h.maybe(h.one(KEYS)),
        "host": h.one(HOSTS),
        "process": "bot",
        "reason": "no grant",
    },
    "party.set": _party,
    "approval.request": lambda h, day: {
        "approval": h.one(APPROVALS),
        "action": "grant",
        "subject": h.one([{}, {"person": h.one(PERSONS)}]),
        "by": h.one(PERSONS),
        "reason": h.one(["new", "script_exception"]),
    },
    "approval.decide": lambda h, day: {
        "approval": h.one(APPROVALS),
        "by": h.one(PERSONS),
        "decision": h.one(["approve", "reject"]),
    },
    "review.open": _review,
    "review.decide": lambda h, day: {
        "review": h.one(REVIEWS),
        "item": h.one(["0", "1", "9"]),
        "decision": h.one(["keep", "reduce", "unknown"]),
        "by": h.one(PERSONS),
    },
    "review.apply": lambda h, day: {"review": h.one(REVIEWS), "item": "0", "result": "done"},
    "review.close": lambda h, day: {
        "review": h.one(REVIEWS),
        "by": h.one(PERSONS),
        "decided": 1,
        "undecided": h.one([0, 1]),
        "changed": 0,
    },
    "exception.open": lambda h, day: {
        "exception": h.one(EXCEPTIONS),
        "control": h.one(["F01", "F03", "F14"]),
        "key": h.maybe(h.one(KEYS)),
        "reason": "test",
        "compensating": "none",
        "until": h.near(day),
        "approval": h.one(APPROVALS),
    },
    "exception.close": lambda h, day: {"exception": h.one(EXCEPTIONS), "reason": "over"},
    "incident.open": lambda h, day: {
        "incident": h.one(INCIDENTS),
        "class": h.one(["leak", "suspected_sharing"]),
        "keys": h.some(KEYS),
        "detected_at": instant(day),
        "how": "seen",
    },
    "incident.update": lambda h, day: {
        "incident": h.one(INCIDENTS),
        "note": "more",
        "containment": h.maybe("off"),
    },
    "incident.close": lambda h, day: {"incident": h.one(INCIDENTS), "root_cause": "none", "actions": ["x"]},
    "future.type": lambda h, day: {"anything": [1]},
}
_OFTEN = ("key.register", "key.observe", "access.grant", "handout", "handout") * 3


def period(random: Random) -> Period:
    since, until = sorted(random.sample(range(DAYS + 5), 2))
    return Period(instant(since), instant(until), "Asia/Seoul")


def snapshot(lines: list[Line], day: float) -> list[Line]:
    """What remains of one log when a snapshot is written on this day: that, and what follows it."""
    told = [line for line in lines if line.record.t <= at(day)]
    state = read(told, State())
    n = sum(line.record.stream == "upbit" for line in told)
    restated = [("snapshot.begin", {})]
    for kind in SNAPSHOTS:
        entities = sorted(state.entities[kind].items())
        restated += [(f"snapshot.{kind}", {"id": id_, "state": one}) for id_, one in entities]
    restated.append(("snapshot.end", {}))
    written = []
    for place, (type_, body) in enumerate(restated, start=n):
        body = canonical.decode(canonical.encode(body))
        check_body("upbit", type_, body)
        written.append(Line(lines[0].log_id, Record("upbit", place, at(day), type_, body, f"{place:032x}")))
    later = [line for line in lines if line.record.t > at(day)]
    for place, line in enumerate(
        [line for line in later if line.record.stream == "upbit"], start=n + len(written)
    ):
        old = line.record
        record = Record("upbit", place, old.t, old.type, old.body, old.salt)
        written.append(Line(line.log_id, record))
    return [line for line in lines if line.record.stream == "firm"] + written
