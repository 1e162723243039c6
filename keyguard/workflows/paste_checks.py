"""What a person pasted as the new key: is it one, is it new, and is it of the right account?"""

from __future__ import annotations

import hashlib
import hmac

from keyguard.core.errors import IntegrityError, KeyguardError, NotStored, Refused, UsageError
from keyguard.core.exchange import Credential, Fault, KeyReport, KeySpec
from keyguard.core.keys import Origin, scope_names
from keyguard.core.secret import Secret
from keyguard.ports.all import Ports
from keyguard.workflows import credentials, identity, venue_keys
from keyguard.workflows.operations import ask
from keyguard.workflows.run import BACKOFF_S, Run

SECRETS_SEEN = "system/secret-salt"
"""The item whose value keys the fingerprints of secrets that are no longer stored."""

_NOT_A_KEY = (Fault.SIGNATURE, Fault.KEY_UNKNOWN, Fault.KEY_EXPIRED, Fault.KEY_DISABLED, Fault.AMBIGUOUS)


def problem(run: Run, credential: Credential) -> KeyguardError | None:
    """Why this cannot be the new key, with what to change at the page; None also where the venue leaves it
    open."""
    try:
        credentials.check_shape(credential, run.adapter.example)
    except UsageError as error:
        error.hint = "copy each part again, whole and alone"
        return error
    if (old := _old_again(run.ports, run.key.venue, credential)) is not None:
        return old
    waits = run.waits if run.adapter.facts.propagation else BACKOFF_S[:3]
    for wait in (*waits, None):
        try:
            report = ask(run.ports, run.key.venue, run.adapter.whoami(credential.key), credential)
        except Refused as refusal:
            if refusal.fault not in _NOT_A_KEY:
                return None  # proving the key says what is wrong
            if wait is None or refusal.fault is Fault.SIGNATURE:
                return refusal
        else:
            if not venue_keys.in_another_account(run, report):
                return None
            if wait is None:
                return _foreign(run, report)
        run.ports.clock.sleep(wait)
    raise AssertionError("the last try returns")


def shown(report: KeyReport, spec: KeySpec) -> str:
    """What was checked and how it is known: promise 10 keeps reported, inferred and declared apart."""
    parts = [f"account {report.account} reported" if report.account else "account not told"]
    if report.scopes_origin is Origin.UNKNOWN:
        parts.append("scopes not told")
    else:
        parts.append(f"{', '.join(scope_names(report.scopes)) or 'no scopes'} {report.scopes_origin.value}")
        if untold := spec.scopes & report.scopes_unknown:
            parts.append(f"{', '.join(scope_names(untold))} not told")
    ips = "not told" if report.ips is None else f"{', '.join(report.ips) or 'any'} {report.ips_origin.value}"
    return "; ".join((*parts, f"addresses {ips}"))


def secret_fingerprint(ports: Ports, secret: Secret) -> str:
    """Name a secret by a keyed fingerprint, so that it is known again after it was deleted here."""
    salt = identity.salt(ports, SECRETS_SEEN)
    return hmac.new(salt, b"keyguard/secret/v1\n" + secret.reveal().encode(), hashlib.sha256).hexdigest()


def _old_again(ports: Ports, venue: str, credential: Credential) -> UsageError | None:
    version = ports.inventory.version_by_public_id(venue, credential.key)
    if version is not None:
        name = ports.inventory.find_key(version.key_id).name
        return UsageError(
            f"this key is registered already: it is version {version.number} of {name}",
            code="key.known",
            hint="make a new key there and paste that one; leave the old one as it is",
        )
    name = _holder_of(ports, credential.secret)
    if name:
        return UsageError(
            f"its secret is that of another key of the firm: {name}",
            code="key.secret_known",
            hint="paste the secret that the page showed with this very key",
        )
    return None


def _holder_of(ports: Ports, secret: Secret) -> str:
    """The key of which a version has or had this secret; "" for none."""
    for key in ports.inventory.keys():  # noqa: SIM118 - a method of the port
        for version in ports.inventory.versions(key.id):
            try:
                if credentials.load(ports, version).secret == secret:
                    return key.name
            except (NotStored, IntegrityError):
                continue  # ended, or damaged: to say so is for `doctor`
    ended = {w.data["secret"]: w.key_id for w in ports.journal.workflows() if "secret" in w.data}
    key_id = ended.get(secret_fingerprint(ports, secret)) if ended else None
    return "" if key_id is None else ports.inventory.find_key(key_id).name


def _foreign(run: Run, report: KeyReport) -> UsageError:
    told = f" ({report.account}, not {run.plan.account})" if report.account and run.plan.account else ""
    return UsageError(
        f"this key is of another account than the old one{told}",
        code="key.account",
        hint="delete it, log in to the account of the old key and make the new one there",
    )
