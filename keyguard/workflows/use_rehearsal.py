"""What the rules on use would have done, by the log of what was handed out. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from keyguard.core.use_history import History, Use
from keyguard.core.use_rules import Action, Rule, action_of, judge
from keyguard.ports.all import Ports
from keyguard.ports.uses import Uses
from keyguard.workflows.use_log import STEP, Past, contract_end, past

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One use that a rule would have hit."""

    at: datetime
    key: str
    who: str
    words: str


@dataclass(slots=True)
class Tally:
    """How often a rule would have hit, and the first of it."""

    rule: Rule
    hits: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Rehearsal:
    """`judged` hand-outs, and what would have become of them. `unknown`: of keys that are gone from the
    inventory, which no rule could be asked about."""

    tallies: list[Tally]
    judged: int = 0
    blocked: int = 0
    approvals: int = 0
    unknown: int = 0


def rehearse(ports: Ports, uses: Uses, since: datetime | None = None) -> Rehearsal:
    """Judge every hand-out of the log since then as if the rules had been there; what lies before makes the
    histories. What would have been blocked does not become history, and an approval would have been given.
    """
    told = Rehearsal([Tally(rule) for rule in uses.rules])
    names = {key.id: key.name for key in ports.inventory.keys()}  # noqa: SIM118 - a method of the port
    persons = {person.id: person for person in ports.people.persons()}
    parties = ports.people.parties()
    histories: dict[str, History] = {}
    for key_id, one in _all(uses):
        wanted = since is None or one.use.at >= since
        if key_id not in names:
            told.unknown += wanted
            continue
        ends = contract_end(parties, persons.get(one.person_id), one.use.at)
        use = replace(one.use, key=names[key_id], contract_end=ends)
        history = histories.get(key_id, History())
        if not wanted or _passes(told, use, history):
            histories[key_id] = history.after(use)
    return told


def _all(uses: Uses) -> Iterator[tuple[str, Past]]:
    """All hand-outs, oldest first; "" for a key that is not known."""
    number = -1
    while True:
        last, logged = uses.logged(number, STEP)
        if last == number:
            return
        number, found = last, list(past(logged))
        ids = uses.key_ids(sorted({one.fingerprint for one in found}))
        yield from ((ids.get(one.fingerprint, ""), one) for one in found)


def _passes(told: Rehearsal, use: Use, history: History) -> bool:
    hits = judge(use, history, [tally.rule for tally in told.tallies])
    by_name = {tally.rule.name: tally for tally in told.tallies} if hits else {}
    for hit in hits:
        tally = by_name[hit.rule.name]
        tally.hits += 1
        if len(tally.examples) < EXAMPLES:
            tally.examples.append(Example(use.at, use.key, use.who, hit.words))
    action = action_of(hits)
    told.judged += 1
    told.blocked += action is Action.BLOCK
    told.approvals += action is Action.APPROVE
    return action is not Action.BLOCK
