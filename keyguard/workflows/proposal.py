"""What would be done about one key's excess: the cheapest fix that its venue offers. Asks nobody."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import datetime

from keyguard.core import policy
from keyguard.core.danger import Danger, danger
from keyguard.core.errors import NotOffered, UsageError
from keyguard.core.excess import Excess, Usage, assess
from keyguard.core.exchange import Adapter, KeyReport, KeySpec
from keyguard.core.keys import Key, KeyVersion, Origin, Scope
from keyguard.ports.inventory import Observation
from keyguard.workflows.rotate import wanted_grants


class Fix(enum.Enum):
    """The ways to take an excess away, the cheapest first."""

    NOTHING = "nothing"  # there is none, or none that is known
    DECLARE = "declare"  # nobody said what the key needs, so nobody can say what is too much
    EDIT = "edit"  # in place, by API: the programs notice nothing
    GUIDE = "guide"  # in place, by a person at the venue's page
    REISSUE = "reissue"  # a rotation to a narrower key


@dataclass(frozen=True, slots=True)
class Subject:
    """A key, what its venue said of it last (None: never asked) and its use.

    `key` has the needs it is judged by. `ips`: the addresses a person chose, None for those in use.
    `manager`: id of a key that may edit this one, "" for none. `asked`: the venue was asked just now, so
    what it says holds all that an edit needs. `holders`: who runs with it now, in words.
    """

    key: Key
    version: KeyVersion
    seen: Observation | None
    usage: Usage
    now: datetime
    ips: tuple[str, ...] | None = None
    manager: str = ""
    asked: bool = False
    desks: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is too much of one key, what a thief gains by it, and what would be done.

    `spec` is what the key is to be, None where nothing is to be done. `why`: why nothing, or nothing cheaper.
    `then` is the danger that is left afterwards.
    """

    subject: Subject
    excess: Excess | None
    danger: Danger
    then: Danger
    fix: Fix
    why: str = ""
    spec: KeySpec | None = None

    @property
    def key(self) -> Key:
        """The key, with the needs it is judged by."""
        return self.subject.key

    @property
    def shared(self) -> bool:
        """Whether people of several desks use it: a key for each would be the better fix."""
        return len(self.subject.desks) > 1


def propose(adapter: Adapter, subject: Subject) -> Proposal:
    """Find the excess of a key and the cheapest fix."""
    report = subject.seen.report if subject.seen else None
    ends = policy.expiry(report, adapter.facts) if report else None
    ends_at = ends[0] if ends else None

    def endangered(report: KeyReport | None) -> Danger:
        return danger(subject.key, report, now=subject.now, ends_at=ends_at, holders=subject.holders)

    now = endangered(report)
    if report is None:
        why = f"the venue was never asked about it: keyguard key inspect {subject.key.name}"
        return Proposal(subject, None, now, now, Fix.NOTHING, why)
    excess = assess(subject.key, report, subject.usage, adapter.facts, ips=subject.ips)
    if now.ended:
        return Proposal(subject, excess, now, now, Fix.NOTHING, "it is expired or disabled")
    if not _changes(report, excess):
        fix = Fix.NOTHING if subject.key.needs else Fix.DECLARE
        return Proposal(
            subject, excess, now, now, fix, "; ".join(excess.notes) or "it may no more than it needs"
        )
    try:
        spec = _spec(adapter, report, excess)
    except UsageError as error:
        return Proposal(subject, excess, now, now, Fix.NOTHING, error.message)
    narrowed = replace(report, scopes=spec.scopes, scopes_unknown=Scope.NONE, ips=excess.keep_ips)
    fix, why = _fix(adapter, subject, report, spec), ""
    if adapter.edit_key is not None and not subject.manager:
        why = "by API too, with a key that manages the account: none known here does"
    return Proposal(subject, excess, now, endangered(narrowed), fix, why, spec)


def _changes(report: KeyReport, excess: Excess) -> bool:
    if excess.scopes:
        return True
    if report.ips is None or excess.keep_ips is None:
        return report.ips != excess.keep_ips
    return set(report.ips) != set(excess.keep_ips)


def _spec(adapter: Adapter, report: KeyReport, excess: Excess) -> KeySpec:
    """UsageError where the venue's permissions do not add up to what is to be kept."""
    return KeySpec(
        label=report.label,
        scopes=excess.keep_scopes,
        grants=wanted_grants(adapter, report, excess.keep_scopes, must=True),
        ips=tuple(sorted(excess.keep_ips or ())),
        account=report.account,
        ips_told=excess.keep_ips is not None,
    )


def _fix(adapter: Adapter, subject: Subject, report: KeyReport, spec: KeySpec) -> Fix:
    if subject.manager and spec.ips_told and _edits(adapter, subject, report, spec):
        return Fix.EDIT
    try:
        adapter.guide_edit(report, spec)
    except UsageError:
        return Fix.REISSUE
    return Fix.GUIDE


def _edits(adapter: Adapter, subject: Subject, report: KeyReport, spec: KeySpec) -> bool:
    """Whether the venue offers this edit by API: it is begun as far as tells that, and nothing is sent.

    A report that was stored may lack what the managing key's list adds; such a lack is no refusal.
    """
    if adapter.edit_key is None or report.scopes_origin is Origin.UNKNOWN:
        return False
    try:
        next(adapter.edit_key(report, spec))
    except NotOffered:
        return False
    except (UsageError, ValueError):
        return not subject.asked
    return True
