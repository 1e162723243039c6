"""A person who follows guides at a FakeExchange's web side, word by word."""

from __future__ import annotations

import json

from keyguard.core.errors import UsageError


class FakePerson:
    def __init__(self, *exchanges, absent=False) -> None:
        self._exchanges = {e.name: e for e in exchanges}
        self.absent = absent
        self.told = []
        self.guides = []
        self.questions = []
        self.pastes = []  # what to paste instead of what the page showed, first come first served
        self.ticks = None  # so many steps are ticked before the person goes away; None: all, at once
        self.mends = True  # changes a key at the page when told to
        self.lazy = False  # says "done" without doing it

    def tick(self, venue, guide):
        self._come()
        if self.ticks is None:
            return len(guide.steps)
        if not self.ticks:
            raise UsageError("the person went away", code="person.needed")
        self.ticks -= 1
        return guide.done + 1

    def new_credential(self, venue, guide):
        self._come()
        self.guides.append(guide)
        if self.pastes:
            return self.pastes.pop(0)
        exchange = self._exchanges[venue]
        label, grants, ips, account = json.loads(guide.steps[-1])
        if any("delete it" in step for step in guide.steps):
            self._remove_labelled(venue, label)
        return exchange.make(label, grants, ips, account)

    def confirm(self, venue, guide):
        self._come()
        self.guides.append(guide)
        first = guide.steps[0]
        if first.startswith("look for a key labelled "):
            self._remove_labelled(venue, first.split()[-1])
        elif guide.title == "edit":
            if self.mends and not self.lazy:
                public_id, grants, ips = json.loads(first)
                told = {} if ips is None else {"ips": tuple(ips)}
                self._exchanges[venue].edit(public_id, grants=tuple(grants), **told)
        elif not self.lazy:
            public_id = guide.steps[-1].removeprefix("delete ")
            if public_id in self._exchanges[venue].keys:
                self._exchanges[venue].remove(public_id)

    def answer(self, question):
        self._come()
        self.questions.append(question)
        (exchange,) = self._exchanges.values()
        return f"totp{exchange.challenges}"

    def tell(self, step, detail=""):
        self.told.append(f"{step} {detail}".strip())

    def _remove_labelled(self, venue, label):
        exchange = self._exchanges[venue]
        for key in exchange.working():
            if key.label == label:
                exchange.remove(key.public_id)

    def _come(self):
        if self.absent:
            raise UsageError("nobody is there to answer", code="person.needed")
