"""The check at hand-out: may this person use this key, here, now, with this program?"""

from __future__ import annotations

from collections.abc import Sequence

from keyguard.core.errors import UsageError
from keyguard.core.keys import Environment, Key, KeyVersion, Origin, Scope, scope_names
from keyguard.core.people import GrantState
from keyguard.core.reviews import suspended
from keyguard.core.rights import Reason, Refused, Use, may_use
from keyguard.ports.all import Ports
from keyguard.workflows import authority, freezes, handout_batch
from keyguard.workflows.handout_batch import MayUse, Permit
from keyguard.workflows.identity import Actor, Process


def permits(ports: Ports) -> MayUse:
    """`demand`, as hand-outs ask it."""

    def may_use(use: handout_batch.Use) -> Permit:
        return demand(
            ports,
            use.key,
            use.version,
            actor=use.actor,
            process=use.process,
            purpose=use.purpose,
            environment=use.environment,
        )

    return may_use


def demand(
    ports: Ports,
    key: Key,
    version: KeyVersion,
    *,
    actor: Actor,
    process: Process,
    purpose: str = "",
    environment: Environment = Environment.LIVE,
) -> Permit:
    """Return the right to this use; UsageError `rights.<reason>` saying who can mend it, `handout.frozen`.

    Inside `inventory.transaction()` with the record of the use, no end of a grant can slip in between.
    """
    who = authority.acting(ports, actor)
    freezes.demand_thawed(ports, key, who.id)
    use = Use(
        key=key,
        now=ports.clock.now(),
        host=actor.host,
        user=actor.user,
        scopes=key_scopes(ports, key, version),
        executable=process.executable,
        purpose=purpose,
        environment=environment,
    )
    decided = may_use(
        who.person,
        use,
        ports.people.grants(person=who.id),
        party=next((p for p in ports.people.parties() if who.person and p.id == who.person.party), None),
        desk=next((desk for desk in ports.people.desks() if desk.name == key.desk), None),
        enforced=authority.enforced(ports),
        suspended=suspended(ports.people.reviews(), use.now),
    )
    if isinstance(decided, Refused):
        raise _refusal(decided, who.id, use)
    return Permit(who.id, who.person, decided.grant)


def key_scopes(ports: Ports, key: Key, version: KeyVersion) -> Scope | None:
    """What the key can do: as its venue said or answers showed, else as declared; None if nobody knows."""
    seen = ports.inventory.last_observation(version.id)
    if seen is not None and seen.report.scopes_origin is not Origin.UNKNOWN:
        return seen.report.scopes
    return key.needs or None


def able(ports: Ports, keys: Sequence[Key]) -> dict[str, tuple[str, ...]]:
    """Who may use each key now, by key id: ids of persons, sorted; bounds to hosts and programs aside."""
    now = ports.clock.now()
    parties = {party.id for party in ports.people.parties() if party.contract(now) is not None}
    persons = {
        person.id
        for person in ports.people.persons()
        if person.span.covers(now) and (not person.party or person.party in parties)
    }
    halted = suspended(ports.people.reviews(), now)
    by_key: dict[str, set[str]] = {}
    by_desk: dict[str, set[str]] = {}
    for grant in ports.people.grants():
        lasting = grant.state is GrantState.GIVEN and grant.span.covers(now) and grant.id not in halted
        if lasting and grant.person in persons:
            place, name = (by_key, grant.key_id) if grant.key_id else (by_desk, grant.desk)
            place.setdefault(name, set()).add(grant.person)
    over = {desk.name for desk in ports.people.desks() if desk.span.over(now)}
    return {
        key.id: ()
        if key.desk in over
        else tuple(sorted(by_key.get(key.id, set()) | by_desk.get(key.desk, set())))
        for key in keys
    }


def _refusal(refused: Refused, who: str, use: Use) -> UsageError:
    what, hint = _WORDS[refused.reason]
    grant = refused.grant
    excess = (use.scopes or Scope.NONE) & ~(grant.scopes if grant else Scope.NONE)
    parts = {
        "who": who,
        "key": use.key.name,
        "desk": use.key.desk,
        "user": use.user,
        "host": use.host,
        "program": use.executable or "an unknown program",
        "grant": grant.id if grant else "",
        "approval": grant.approval if grant else "",
        "end": f"{grant.span.end:%Y-%m-%d %H:%M} UTC" if grant and grant.span.end else "",
        "since": f"{grant.span.since:%Y-%m-%d %H:%M} UTC" if grant else "",
        "purpose": grant.purpose if grant else "",
        "excess": ", ".join(scope_names(excess)),
    }
    return UsageError(
        f"{who} may not use {use.key.name}: {what.format(**parts)}",
        code=f"rights.{refused.reason.value}",
        still="nothing was handed out; the refusal is in the audit log",
        hint=hint.format(**parts),
    )


_GIVE = "a key administrator can: keyguard grant add {who} --key {key}"
_WORDS = {
    Reason.TEST_PROCESS: ("a test never gets a live key", "use a key of the venue's test environment"),
    Reason.DESK_ENDED: ("the desk {desk} has ended", "move the key to a desk that exists, or revoke it"),
    Reason.PERSON_UNKNOWN: (
        "no person is declared for the OS user {user} on {host}",
        "a key administrator can: keyguard person add ID --os-user {user}, then keyguard grant add",
    ),
    Reason.PERSON_EARLY: ("their time has not begun", "keyguard person show {who} tells when it does"),
    Reason.PERSON_ENDED: ("their time here has ended", "keyguard person show {who} tells since when"),
    Reason.PARTY_UNKNOWN: (
        "the company they belong to is not declared",
        "a key administrator can: keyguard party add, then keyguard person change {who} --party ID",
    ),
    Reason.CONTRACT_OVER: (
        "their company has no contract in force",
        "who keeps the contracts can: keyguard party renew ID --contract REF --until DATE",
    ),
    Reason.NO_GRANT: ("nobody granted it", _GIVE),
    Reason.GRANT_REJECTED: ("the grant was rejected", "keyguard grant show {grant} tells by whom"),
    Reason.GRANT_ENDED: ("the grant ended {end}", _GIVE),
    Reason.GRANT_ASKED: (
        "the grant waits for a second person",
        "somebody else than who asked: keyguard approve {approval}",
    ),
    Reason.GRANT_EARLY: ("the grant begins {since}", "wait until then, or have another grant given"),
    Reason.GRANT_UNREVIEWED: (
        "a review asked whether the grant is still needed, and nobody answered in time",
        "a reviewer can: keyguard review list",
    ),
    Reason.HOST: ("the grant is not for the host {host}", "keyguard grant show {grant} lists the hosts"),
    Reason.USER: ("the grant is not for the OS user {user}", "keyguard grant show {grant} lists the users"),
    Reason.EXECUTABLE: (
        "the grant is not for {program}",
        "keyguard grant show {grant} lists the executables",
    ),
    Reason.PURPOSE: ("the grant is for another purpose", "state the granted one: {purpose}"),
    Reason.SCOPES_UNKNOWN: (
        "nobody knows what the key can do",
        "ask the venue: keyguard key inspect {key}",
    ),
    Reason.SCOPES: (
        "the key can {excess}, which was not granted",
        "narrow the key at its venue, or have a grant given that includes it",
    ),
}
