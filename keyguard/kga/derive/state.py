"""What the records say: keys, grants, parties … as they stand after each record.

Every entity is a plain object of JSON, because a snapshot holds it as it is: reading `snapshot.key` puts it
back. `tests/kga` holds that a log read from a snapshot on gives the tables of the whole log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from keyguard.core.slots import FIRM
from keyguard.kga import forms
from keyguard.kga.derive.lines import Line

Entity = dict[str, Any]

SNAPSHOTS = ("key", "grant", "party", "approval", "review", "incident", "exception", "stranger")
"""The kinds of entity a snapshot restates, each as `snapshot.<kind>` with its `state`."""


@dataclass
class State:
    """Entities by id. A grant of a desk reaches several keys, each with an entity of its own."""

    entities: dict[str, dict[str, Entity]] = field(default_factory=lambda: {kind: {} for kind in SNAPSHOTS})
    policy: dict[str, Any] = field(default_factory=dict)
    unknown_types: dict[str, int] = field(default_factory=dict)
    _by_grant: dict[str, dict[str, Entity]] = field(default_factory=dict)

    def all(self, kind: str) -> list[Entity]:
        """All entities of a kind, by id."""
        return [entity for _, entity in sorted(self.entities[kind].items())]

    def get(self, kind: str, id_: str) -> Entity | None:
        """One entity; None where no record told of it (it may have been withheld)."""
        return self.entities[kind].get(id_)

    def put(self, kind: str, id_: str, entity: Entity) -> None:
        """Take it in, in the place of what was there."""
        self.entities[kind][id_] = entity
        if kind == "grant":
            self._by_grant.setdefault(entity["grant"], {})[id_] = entity

    def grants(self, id_: str) -> Iterable[Entity]:
        """The entities of one grant, one for each key it reaches."""
        return self._by_grant.get(id_, {}).values()


def read(lines: Iterable[Line], state: State | None = None) -> State:
    """Follow the records, which are in order."""
    state = state or State()
    for line in lines:
        follow(state, line)
    return state


def follow(state: State, line: Line) -> None:
    """Take in one record."""
    kind = line.record.type
    table = _FIRM if line.record.stream == FIRM else _VENUE
    if kind in table:
        table[kind](state, line, line.record.body)
    elif kind.startswith("snapshot.") and kind[9:] in SNAPSHOTS and line.record.stream != FIRM:
        body = line.record.body
        state.put(kind[9:], body["id"], dict(body["state"]))
    elif kind not in _SILENT:
        state.unknown_types[kind] = state.unknown_types.get(kind, 0) + 1


def _register(state: State, line: Line, body: Any) -> None:
    known = state.get("key", body["key"]) or {}
    fresh: Entity = {
        "key": body["key"],
        "venue": line.record.stream,
        "registered_at": line.at,
        "sub_account": "",
        "hint": "",
        "created_at": None,
        "expires_at": None,
        "proof": {"by": "declared", "observed_at": None},
        "seen": "enabled",
        "rotated_from": None,
        "rotated_to": None,
        "revoke": None,
        "confirmed": None,
        "invalidated": None,
        "forgotten": None,
        "listed": None,
        "missing": None,
        "first_use": None,
        "last_use": None,
        "last_review": None,
    }
    state.entities["stranger"].pop(body["key"], None)
    kept = {name: known[name] for name in fresh.keys() & known.keys()}
    state.put("key", body["key"], fresh | kept | forms.told(forms.KEY, body))


def _observe(state: State, line: Line, body: Any) -> None:
    key = state.get("key", body["key"])
    if key is None:
        return
    key["seen"] = body["status"]
    if body["status"] not in ("enabled", "disabled"):
        return  # the venue refused: nothing was seen of scopes or addresses
    origin = body.get("scopes_venue", {}).get("scopes_origin", "reported")
    key["proof"] = {
        "by": body["by"] if origin == "reported" else origin,
        "observed_at": line.at,
    }
    key["scopes_granted"] = body["scopes_granted"]
    key["ip_allow"] = body["ip_allow"]
    if "expires_at" in body:
        key["expires_at"] = body["expires_at"]


def _update(state: State, line: Line, body: Any) -> None:
    if (key := state.get("key", body["key"])) is None:
        return
    for name, change in body["changes"].items():
        if name in forms.CHANGEABLE:
            key[name] = change["new"]


def _rotate(state: State, line: Line, body: Any) -> None:
    for one, member, other in (("old", "rotated_to", "new"), ("new", "rotated_from", "old")):
        if (key := state.get("key", body[one])) is not None:
            key[member] = body[other]


def _on_key(member: str, *names: str) -> Callable[[State, Line, Any], None]:
    """Note on a key that this was said of it, when, and the members that matter."""

    def note(state: State, line: Line, body: Any) -> None:
        if (key := state.get("key", body["key"])) is not None:
            key[member] = {"at": line.at, **{name: body.get(name) for name in names}}

    return note


def _listed(state: State, line: Line, body: Any) -> None:
    """A list is of one account, which it does not name: keys that were listed together are of one account."""
    shown = set(body["keys"])
    keys = state.entities["key"]
    here = {id_ for id_, key in keys.items() if key["forgotten"] is None}  # registered, if by another log
    for id_ in sorted(set(body["unknown"]) - state.entities["stranger"].keys() - here):
        state.put("stranger", id_, {"key": id_, "since": line.at, "listed": None, "missing": None})
    everyone = [*state.entities["key"].values(), *state.entities["stranger"].values()]
    accounts = {one["listed"] for one in everyone if one["key"] in shown and one["listed"]}
    account = min(accounts, default=line.at)
    for one in everyone:
        if one["key"] in shown:
            one |= {"listed": account, "missing": None}
        elif one["listed"] in accounts:
            one["missing"] = one["missing"] or line.at
    for one in state.all("stranger"):
        if one["missing"] is not None:
            del state.entities["stranger"][one["key"]]


def _grant(state: State, line: Line, body: Any) -> None:
    entity = {
        "grant": body["grant"],
        "key": body["key"],
        "person": body["person"],
        "capacity": body["capacity"],
        "party": body.get("party"),
        "from": body["from"],
        "until": body.get("until"),
        "basis": body["basis"],
        "approval": body["approval"],
        "given_at": line.at,
        "ended": None,
    }
    state.put("grant", f"{body['grant']}/{body['key']}", entity)


def _grant_ended(state: State, line: Line, body: Any) -> None:
    for grant in state.grants(body["grant"]):
        if grant["ended"] is None:
            grant["ended"] = {
                "at": body["at"],
                "told_at": line.at,
                "reason": body["reason"],
                "by": body["by"],
            }


def _handout(state: State, line: Line, body: Any) -> None:
    if (key := state.get("key", body["key"])) is not None:
        key["first_use"] = key["first_use"] or line.at
        key["last_use"] = line.at


def _party(state: State, line: Line, body: Any) -> None:
    known = state.get("party", body["party"]) or {"contracts": {}}
    empty = {"name": "", "country": "", "diligence_at": None, "diligence_until": None}
    entity: Entity = empty | forms.told(forms.PARTY, body)
    span = {"from": body["contract_from"], "until": body["contract_until"]}
    entity["contracts"] = known["contracts"] | {body["contract_ref_sha256"]: span}
    state.put("party", body["party"], entity)


def _request(state: State, line: Line, body: Any) -> None:
    entity = {
        "approval": body["approval"],
        "action": body["action"],
        "subject": body["subject"],
        "requested_by": body["by"],
        "requested_at": line.at,
        "reason": body["reason"],
        "decided_by": None,
        "decision": None,
        "decided_at": None,
    }
    state.put("approval", body["approval"], entity)


def _decide(state: State, line: Line, body: Any) -> None:
    if (approval := state.get("approval", body["approval"])) is not None:
        approval |= {"decided_by": body["by"], "decision": body["decision"], "decided_at": line.at}


def _review(state: State, line: Line, body: Any) -> None:
    entity = {
        "review": body["review"],
        "opened_at": line.at,
        "items": body["items"],
        "reviewers": body["reviewers"],
        "due": body["due"],
        "decisions": [],
        "results": [],
        "closed": None,
    }
    state.put("review", body["review"], entity)


def _review_decide(state: State, line: Line, body: Any) -> None:
    review = state.get("review", body["review"])
    if review is None:
        return
    told = {"item": body["item"], "decision": body["decision"], "by": body["by"], "at": line.at}
    review["decisions"] = _with(review["decisions"], told)
    for item in review["items"]:
        for key in _keys_of(state, item) if item["item"] == body["item"] else ():
            key["last_review"] = {"review": body["review"], "decision": body["decision"], "at": line.at}


def _keys_of(state: State, item: Entity) -> list[Entity]:
    """An item is what one person may use: the known keys of it."""
    return [key for id_ in item.get("keys", ()) if (key := state.get("key", id_)) is not None]


def _review_apply(state: State, line: Line, body: Any) -> None:
    if (review := state.get("review", body["review"])) is not None:
        told = {"item": body["item"], "result": body["result"], "at": line.at}
        review["results"] = _with(review["results"], told)


def _with(told: list[Entity], new: Entity) -> list[Entity]:
    """The newest word on each item. A list, since an item may be called anything and a member may not."""
    return [*(one for one in told if one["item"] != new["item"]), new]


def _review_close(state: State, line: Line, body: Any) -> None:
    if (review := state.get("review", body["review"])) is not None:
        review["closed"] = {
            "at": line.at,
            **{name: body[name] for name in ("by", "decided", "undecided", "changed")},
        }


def _incident(state: State, line: Line, body: Any) -> None:
    entity = {**forms.told(forms.INCIDENT, body), "opened_at": line.at, "notes": [], "closed": None}
    state.put("incident", body["incident"], entity)


def _incident_note(state: State, line: Line, body: Any) -> None:
    if (incident := state.get("incident", body["incident"])) is not None:
        note = {"at": line.at, "note": body["note"], "containment": body.get("containment")}
        incident["notes"] = [*incident["notes"], note]


def _incident_close(state: State, line: Line, body: Any) -> None:
    if (incident := state.get("incident", body["incident"])) is not None:
        incident["closed"] = {"at": line.at, "root_cause": body["root_cause"], "actions": body["actions"]}


def _exception(state: State, line: Line, body: Any) -> None:
    told = forms.told(forms.EXCEPTION, body)
    state.put("exception", body["exception"], {"key": None, **told, "opened_at": line.at, "closed": None})


def _exception_close(state: State, line: Line, body: Any) -> None:
    if (exception := state.get("exception", body["exception"])) is not None:
        exception["closed"] = {"at": line.at, "reason": body["reason"]}


def _policy(state: State, line: Line, body: Any) -> None:
    state.policy = state.policy | body["params"]


_VENUE: dict[str, Callable[[State, Line, Any], None]] = {
    "key.register": _register,
    "key.observe": _observe,
    "key.update": _update,
    "key.rotate": _rotate,
    "key.revoke": _on_key("revoke", "reason", "by", "at_venue"),
    "key.revoke_confirmed": _on_key("confirmed", "method", "meaning", "checked_at"),
    "key.invalidated_by_venue": _on_key("invalidated", "noticed_at", "stage", "venue_ref"),
    "key.remove": _on_key("forgotten", "by", "reason", "living"),
    "venue.keys_listed": _listed,
    "access.grant": _grant,
    "access.revoke": _grant_ended,
    "handout": _handout,
    "party.set": _party,
    "approval.request": _request,
    "approval.decide": _decide,
    "review.open": _review,
    "review.decide": _review_decide,
    "review.apply": _review_apply,
    "review.close": _review_close,
    "incident.open": _incident,
    "incident.update": _incident_note,
    "incident.close": _incident_close,
    "exception.open": _exception,
    "exception.close": _exception_close,
}
_FIRM: dict[str, Callable[[State, Line, Any], None]] = {"policy.set": _policy}
_SILENT = frozenset(
    "handout.denied snapshot.begin snapshot.end attestation.issued log.genesis agent.enroll agent.retire "
    "agent.start agent.stop log.heartbeat log.gap log.torn log.restore clock.step clock.check signer.add "
    "signer.remove role.assign role.remove people.change store.migrate store.rewrap backup.create "
    "workflow.pause workflow.resume handout.freeze panic.begin incident.change log.late "
    "attestation.stopped orders.cancel orders.cancel_result review.suspend".split()
)
"""Types that change no entity. Any other type is unknown here: counted, never dropped."""
