"""`scan --verify`: asks each venue whether a found credential is alive, and what it can do.

One question a credential (the adapter's whoami, which changes nothing), one a second and venue, and
only for complete credentials. Asking uses a leaked key: the venue's log will show this address. What is alive
and not registered opens an incident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.cli import session, views
from keyguard.core.errors import KeyguardError, Refused, UsageError
from keyguard.core.exchange import Effect, Fault, NonceKind
from keyguard.core.keys import Origin, scope_names
from keyguard.core.steps import drive
from keyguard.intake.credentials import assemble
from keyguard.intake.source import complete
from keyguard.scanner.findings import Finding, Verdict
from keyguard.workflows import credentials
from keyguard.workflows.found_alive import found_alive

if TYPE_CHECKING:
    import argparse

    from keyguard.cli.output import Output
    from keyguard.core.exchange import Adapter, Credential, KeyReport, Reply, Request
    from keyguard.ports.all import Ports
    from keyguard.scanner.scans import Scan

MOST = 100
PAUSE_S = 1.0
_DEAD = frozenset({Fault.KEY_UNKNOWN, Fault.KEY_EXPIRED, Fault.KEY_DISABLED})
_ALIVE = {
    Fault.IP: "the venue knows it, but not from this address",
    Fault.SCOPE: "the venue knows it, but it may not ask about itself",
}
_TEST = "a key of the venue's test environment would be refused alike"


def verify(args: argparse.Namespace, out: Output, scan: Scan) -> Scan:
    """The scan with a verdict on every finding that is a complete credential."""
    whole = [finding for finding in scan.findings if complete(finding)]
    if not whole:
        out.talk("keyguard: nothing to verify: no finding is a key with its secret")
        return scan
    with session.opened(args, out) as ports:
        asking = _Asking(ports, out, nonces=args.verify_nonces)
        findings = tuple(
            finding._replace(verdict=asking.about(finding)) if complete(finding) else finding
            for finding in scan.findings
        )
        for finding in findings:
            if finding.verdict is not None and finding.verdict.state == "alive":
                _open_incident(ports, out, finding, finding.verdict)
    return scan._replace(findings=findings)


def _open_incident(ports: Ports, out: Output, finding: Finding, verdict: Verdict) -> None:
    """One that is alive and nobody registered is an incident; the scan goes on whatever happens."""
    key = finding.part("key")
    if key is None:
        return
    place = finding.parts[0].place
    try:
        incident = found_alive(
            ports,
            finding.venue,
            key.value.reveal(),
            where=f"{place.path}:{place.line}",
            can=verdict.can,
            account=verdict.account,
        )
    except KeyguardError as error:
        out.talk(f"keyguard: a living key could not be noted as an incident: {error.message}")
        return
    if incident is not None and incident.open:
        out.talk(f"keyguard: alive, and not registered: keyguard incident show {incident.id}")


class _Asking:
    """Asks about one finding after another, slowly."""

    def __init__(self, ports: Ports, out: Output, *, nonces: bool) -> None:
        self._ports = ports
        self._out = out
        self._nonces = nonces
        self._asked: dict[str, int] = {}

    def about(self, finding: Finding) -> Verdict:
        try:
            adapter = self._ports.gateway.adapter(finding.venue)
        except UsageError:
            return _unasked("no adapter for this venue in this version")
        if adapter.facts.nonce is NonceKind.COUNTER and not self._nonces:
            return _unasked(
                "this venue wants nonces in order, so asking may disturb a program that uses the key: "
                "--verify-nonces asks all the same"
            )
        if sum(self._asked.values()) >= MOST:
            return _unasked(f"only {MOST} are asked about in one run")
        try:
            who = credentials.of_kind(_credential(finding), adapter.example)
        except KeyguardError as error:
            return _unasked(error.message)
        if finding.venue in self._asked:
            self._ports.clock.sleep(PAUSE_S)
        elif adapter.facts.nonce is NonceKind.COUNTER:
            self._out.talk(
                f"keyguard: {adapter.facts.name} wants nonces in order: a bot may now be refused once"
            )
        self._asked[finding.venue] = self._asked.get(finding.venue, 0) + 1
        return self._ask(adapter, finding.venue, who)

    def _ask(self, adapter: Adapter, venue: str, who: Credential) -> Verdict:
        def send(request: Request) -> Reply:
            if request.effect is not Effect.NONE:
                raise UsageError("the adapter wants to change something", code="adapter.effect")
            return self._ports.gateway.send(venue, request, who)

        try:
            told = _alive(adapter, drive(adapter.whoami(who.key), send))
        except Refused as refusal:
            told = _refused(adapter, refusal)
        except KeyguardError as error:  # no answer, or none that can be read: the others are still asked
            told = Verdict("unknown", Origin.UNKNOWN.value, error.message)
        words = told.words
        for value in (who.key, who.secret.reveal(), *([who.passphrase.reveal()] if who.passphrase else [])):
            words = words.replace(value, "…")  # a venue may quote what it was sent
        at = views.instant(self._ports.clock.now()) or ""
        return told._replace(words=words, at=at, simulated=self._ports.gateway.simulated(venue))


def _alive(adapter: Adapter, report: KeyReport) -> Verdict:
    return Verdict(
        state="alive" if report.enabled else "refused",
        origin=Origin.REPORTED.value,
        words=f"{adapter.facts.name} answers it"
        if report.enabled
        else f"{adapter.facts.name} has it disabled",
        can=scope_names(report.scopes),
        may=scope_names(report.scopes_unknown),
        scopes_origin=report.scopes_origin.value,
        ips=report.ips,
        account=report.account,
    )


def _refused(adapter: Adapter, refusal: Refused) -> Verdict:
    if refusal.fault in _DEAD:
        return Verdict("dead", Origin.REPORTED.value, f"{refusal.message}; {_TEST}")
    if refusal.fault in _ALIVE:
        return Verdict("alive", Origin.INFERRED.value, _ALIVE[refusal.fault])
    if refusal.fault is Fault.SIGNATURE:
        return Verdict("refused", Origin.INFERRED.value, "the secret does not fit this key, or was replaced")
    if refusal.fault in adapter.facts.dead or refusal.fault is Fault.AMBIGUOUS:
        return Verdict("refused", Origin.INFERRED.value, f"{refusal.message}; this alone proves nothing dead")
    return Verdict("unknown", Origin.UNKNOWN.value, refusal.message)


def _unasked(why: str) -> Verdict:
    return Verdict("unasked", Origin.UNKNOWN.value, why)


def _credential(finding: Finding) -> Credential:
    values: dict[str, str] = {}
    for part in finding.parts:
        values.setdefault(part.field, part.value.reveal())
    if "private_key" in values:
        values.pop("secret", None)
    return assemble(values, "the finding")
