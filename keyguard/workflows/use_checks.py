"""The desk's rules on use at hand-out: after the right to it was found, before its record is written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.escape import escape
from keyguard.core.findings import Item, Kind
from keyguard.core.keys import Origin
from keyguard.core.people import Action as Approved
from keyguard.core.policy import Level
from keyguard.core.use_history import History, Use
from keyguard.core.use_rules import Action, Hit, action_of, judge
from keyguard.ports.all import Ports
from keyguard.workflows import approvals, findings, use_log

if TYPE_CHECKING:
    from keyguard.ports.uses import Uses
    from keyguard.workflows import handout_batch
    from keyguard.workflows.identity import Names

RaiseAlert = Callable[[Item, bool], None]
"""Takes what a rule found, and whether nobody knows of it yet; returns at once; raises nothing."""

_LOG = logging.getLogger(__name__)


def log_alert(found: Item, news: bool) -> None:
    """Write what is new to the log of this process: where nothing better is at hand."""
    if news:
        _LOG.warning("%s: %s", escape(found.subject), escape(found.text))


def prepare(ports: Ports) -> None:
    """Before the transaction: see `use_log.catch_up`. Without rules nothing is done or asked."""
    if ports.uses is not None:
        use_log.catch_up(ports, ports.uses)


def begin(ports: Ports, key_ids: Sequence[str]) -> UseChecks | None:
    """At the beginning of a transaction in which these keys are to be handed out; None without rules."""
    return UseChecks(ports, ports.uses, key_ids) if ports.uses is not None and key_ids else None


class UseChecks:
    """The rules in one transaction: what is handed out in it counts for what follows in it."""

    def __init__(self, ports: Ports, uses: Uses, key_ids: Sequence[str]) -> None:
        self._ports = ports
        self._rules = uses.rules
        self._egress = uses.egress
        self._histories = dict(use_log.take_in(uses))
        others = [key_id for key_id in key_ids if key_id not in self._histories]
        self._histories |= uses.histories(others) if others else {}
        self._found: dict[str, Item] = {}

    def note(self) -> Sequence[tuple[Item, bool]]:
        """Make findings of what was hit, in this transaction: the same once, and whether it is news."""
        news = findings.note(self._ports, self._found.values()) if self._found else ()
        return tuple((item, item in news) for item in self._found.values())

    def demand(
        self,
        use: handout_batch.Use,
        permit: handout_batch.Permit,
        names: Names,
        facts: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return what the private part of the hand-out's record holds of it: the names of the rules that were
        hit and let it pass, and the host's declared addresses.

        UsageError `use.<kind>` where one blocks it, or wants a second person who has not agreed yet.
        """
        tried = self._use(use, permit, names, facts)
        history = self._histories.get(use.key.id, History())
        hits = judge(tried, history, self._rules)
        action = action_of(hits)
        if action is Action.BLOCK:
            self._tell(tried, hits, "nothing was handed out")
            raise _blocked(tried, hits)
        if action is Action.APPROVE:
            self._approved(use, tried, hits)
        elif hits:
            self._tell(tried, hits, "the key was handed out")
        self._histories[use.key.id] = history.after(tried)
        return _noted(tried, hits)

    def _approved(self, use: handout_batch.Use, tried: Use, hits: Sequence[Hit]) -> None:
        """Take the second person's word for exactly this. The venue is told the kinds of rules, no names."""
        asking = [hit for hit in hits if hit.rule.action is Action.APPROVE]
        about = {
            "rules": ", ".join(hit.rule.name for hit in asking),
            "host": tried.where,
            "executable": tried.executable,
        }
        why = "rule on use: " + ", ".join(sorted({hit.rule.kind for hit in asking}))
        try:
            given = approvals.require(
                self._ports, Approved.USE, use.key, actor=use.actor, why=why, about=about
            )
        except UsageError as error:
            if error.code not in ("approval.needed", "approval.waits"):
                raise
            if error.code == "approval.needed":
                self._tell(tried, hits, error.still)
            raise _waits(tried, asking[0], error) from None
        if given is None:
            raise _nobody_to_ask(tried, asking[0])
        self._tell(tried, [hit for hit in hits if hit.rule.action is Action.ALERT], "the key was handed out")

    def _tell(self, tried: Use, hits: Sequence[Hit], outcome: str) -> None:
        """The same rule, key and person are the same finding, of which the last use is shown."""
        for hit in hits:
            rule = hit.rule
            item = Item(
                Kind.USE,
                Level.HIGH if rule.action is Action.BLOCK else Level.MEDIUM,
                tried.key,
                f"{tried.who} uses it {hit.words}; rule {rule.name}: {outcome}",
                tried.at,
                f"keyguard key show {tried.key}",
                Origin.INFERRED,
                f"{rule.name}\0{tried.who}",
            )
            self._found[item.id] = item

    def _use(
        self,
        use: handout_batch.Use,
        permit: handout_batch.Permit,
        names: Names,
        facts: Mapping[str, Any],
    ) -> Use:
        now, person = self._ports.clock.now(), permit.person
        egress = self._egress.get(use.actor.host)
        parties = self._ports.people.parties() if person is not None and person.party else ()
        return Use(
            key=use.key.name,
            at=now,
            person=names.person(permit.id),
            host=names.host(use.actor.host),
            who=permit.id,
            where=use.actor.host,
            executable=escape(use.process.executable),  # as its record has it
            sha256=facts.get("executable_sha256", ""),
            party=None if person is None else person.party,
            contract_end=use_log.contract_end(parties, person, now),
            addresses=() if egress is None else egress.addresses,
            organisation=None if egress is None else egress.organisation,
        )


def _noted(tried: Use, hits: Sequence[Hit]) -> dict[str, Any]:
    noted: dict[str, Any] = {}
    if hits:
        noted["use_rules"] = [hit.rule.name for hit in hits]
    if tried.addresses:
        noted["addresses_declared"] = list(tried.addresses)
    if tried.organisation is not None:
        noted["organisation_declared"] = tried.organisation
    return noted


def _blocked(tried: Use, hits: Sequence[Hit]) -> UsageError:
    hit = next(hit for hit in hits if hit.rule.action is Action.BLOCK)
    return UsageError(
        f"{tried.who} may not use {tried.key} {hit.words}",
        code=f"use.{hit.rule.kind}",
        still="nothing was handed out; the refusal is in the audit log",
        hint=f"the rule {hit.rule.name!r} of config.toml says so; keyguard use-rules list",
    )


def _waits(tried: Use, hit: Hit, error: KeyguardError) -> UsageError:
    return UsageError(
        f"{tried.who} may use {tried.key} {hit.words}, only if a second person agrees",
        code=f"use.{hit.rule.kind}",
        still=error.still,
        hint=error.hint,
    )


def _nobody_to_ask(tried: Use, hit: Hit) -> UsageError:
    return UsageError(
        f"{tried.who} may use {tried.key} {hit.words}, only if a second person agrees; nobody is declared",
        code=f"use.{hit.rule.kind}",
        still="nothing was handed out; the refusal is in the audit log",
        hint="declare who may use what: keyguard person add; or let the rule alert or block",
    )
