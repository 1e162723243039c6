"""People in memory. It passes the contract of the real one (tests/stores/contract_people.py)."""

from __future__ import annotations

import json

from keyguard.core.errors import UsageError
from keyguard.core.forgetting import renamed
from keyguard.core.people import may_replace
from keyguard.core.rights import RightsPolicy
from keyguard.stores.facts import decode_facts, encode_facts


class FakePeople:
    def __init__(self, policy=None) -> None:
        self.policy = policy or RightsPolicy()
        self._kept = {}
        self._told = {}

    def declared(self):
        return any(kind in ("person", "grant") for kind, _ in self._kept)

    def desks(self):
        return self._all("desk", lambda desk: desk.name)

    def put_desk(self, desk):
        self._put(("desk", desk.name), desk)

    def persons(self):
        return self._all("person", lambda person: person.id)

    def put_person(self, person):
        self._put(("person", person.id), person)

    def parties(self):
        return self._all("party", lambda party: party.id)

    def put_party(self, party):
        self._put(("party", party.id), party)

    def grants(self, *, person=None):
        found = self._all("grant", lambda grant: (grant.span.since, grant.id))
        return tuple(grant for grant in found if person in (None, grant.person))

    def put_grant(self, grant):
        self._put(("grant", grant.id), grant)

    def approvals(self):
        return self._all("approval", lambda approval: (approval.asked_at, approval.id))

    def put_approval(self, approval):
        self._put(("approval", approval.id), approval)

    def signing_keys(self):
        return self._all("signing_key", lambda key: (key.span.since, key.id))

    def put_signing_key(self, key):
        self._put(("signing_key", key.id), key)

    def reviews(self):
        return self._all("review", lambda review: (review.span.since, review.id))

    def put_review(self, review):
        self._put(("review", review.id), review)

    def forget(self, person, instead):
        kept = {}
        for (kind, id_), value in self._kept.items():
            facts = renamed(json.loads(encode_facts(value)), person, instead)
            if (kind, id_) == ("person", person):
                id_, facts = instead, facts | {"id": instead, "name": "", "users": [], "roles": []}
            kept[kind, id_] = decode_facts(type(value), json.dumps(facts))
        self._kept = kept

    def notes(self, prefix):
        return {name: self._told[name] for name in sorted(self._told) if name.startswith(prefix)}

    def note(self, name, value):
        self._told = {**self._told, name: value}

    def _all(self, kind, order):
        return tuple(sorted((v for (k, _), v in self._kept.items() if k == kind), key=order))

    def _put(self, name, value):
        if name in self._kept and not may_replace(self._kept[name], value):
            raise UsageError("it has ended", code="people.ended")
        self._kept = {**self._kept, name: value}
