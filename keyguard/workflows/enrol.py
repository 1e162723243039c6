"""Add a key that exists at a venue: ask the venue about it, store it, register it, warn of every excess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from keyguard.core import canonical, oauth
from keyguard.core.errors import ExchangeError, Refused, UsageError
from keyguard.core.exchange import Credential, KeyReport
from keyguard.core.keys import Environment, Key, KeyKind, KeyVersion, Scope, VersionStatus
from keyguard.core.lookalikes import alike
from keyguard.core.policy import KeyWarning, warnings
from keyguard.core.spelling import check_name
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Observation
from keyguard.workflows import credentials, people_records, records
from keyguard.workflows.identity import Names, names
from keyguard.workflows.operations import ask

_ITEM_PREFIX = "version/"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a person says of the key; the venue is asked for the rest. `owner` is never empty."""

    venue: str
    desk: str
    label: str
    owner: str
    account: str = ""
    purpose: str = ""
    needs: Scope = Scope.NONE
    environment: Environment = Environment.LIVE


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The key as registered; `report` is None where the venue was not reached (`unchecked`)."""

    key: Key
    version: KeyVersion
    report: KeyReport | None
    warnings: tuple[KeyWarning, ...]


def enrol(ports: Ports, declared: Declared, credential: Credential, *, unchecked: bool = False) -> Enrolled:
    """Store and register a key. Repeating it after a crash completes what was begun.

    `unchecked` registers it even if the venue refuses it or cannot be reached. Raises UsageError for a
    malformed credential, a taken name or a known key; else what the venue said (exit 4).
    """
    adapter = ports.gateway.adapter(declared.venue)
    credential = credentials.of_kind(credential, adapter.example)
    credentials.check_shape(credential, adapter.example)
    named = names(ports, declared.venue)
    known = ports.inventory.version_by_public_id(declared.venue, credential.key)
    if known is not None:
        return _complete(ports, known, credential, named)
    name_is_free(ports, declared)
    report = _ask(ports, credential, declared, unchecked=unchecked)
    key = _key(ports, declared, credential.kind, report)
    item = _adoptable(ports, credential)
    version = KeyVersion(
        id=item or ports.clock.token(8).hex(),
        key_id=key.id,
        number=1,
        public_id=credential.key,
        fingerprint=named.key(credential.key),
        status=VersionStatus.LIVE,
        created_at=ports.clock.now(),
        venue_ref=report.ref if report else "",
    )
    credentials.store(ports, version, credential)
    with ports.inventory.transaction():
        ports.inventory.add_key(key, version)
        if report is not None:
            ports.inventory.observe(Observation(version.id, ports.clock.now(), report))
    record(ports, named, key, credential, report)
    return _enrolled(ports, key, version, report)


def record(ports: Ports, named: Names, key: Key, credential: Credential, report: KeyReport | None) -> None:
    """Append `key.register` (and `key.observe`, where the venue answered) unless it was registered, and
    the grants of its desk."""
    public = report or KeyReport(credential.key, account=key.account)
    facts = ports.gateway.adapter(key.venue).facts
    kind, storage = credential.kind, ports.secrets.kind
    source = "created_here" if kind is KeyKind.OAUTH else "imported"
    body = records.register(named, key, kind, public, facts, storage=storage, source=source)
    records.append_once(ports, key.venue, "key.register", body, ("key",))
    if report is not None:
        seen = records.observe(named, report)
        records.append_once(ports, key.venue, "key.observe", seen, ("key",))
    people_records.cover_key(ports, key)


def orphans(ports: Ports) -> tuple[str, ...]:
    """Return the ids under which the secret store keeps credentials no version and no workflow owns.

    A crash between storing and registering leaves one. It is never deleted unasked: it might be the only
    copy after an old inventory was restored. Enrolling the same key again adopts it.
    """
    owned = ports.inventory.version_ids() | {
        w.data["new"]["id"] for w in ports.journal.workflows(unfinished=True) if "new" in w.data
    }
    stored = (n.removeprefix(_ITEM_PREFIX) for n in ports.secrets.names() if n.startswith(_ITEM_PREFIX))
    return tuple(name for name in stored if name not in owned)


def orphan(ports: Ports, version_id: str) -> Credential:
    """A credential nobody owns, as it is stored."""
    return credentials.unpack(ports.secrets.get(_ITEM_PREFIX + version_id))


def discard_orphan(ports: Ports, version_id: str) -> None:
    """Delete one credential nobody owns; UsageError for one that is owned or not there."""
    if version_id not in orphans(ports):
        raise UsageError(f"no orphaned credential {version_id}", code="store.no_orphan")
    ports.secrets.delete(_ITEM_PREFIX + version_id)


def _complete(ports: Ports, known: KeyVersion, credential: Credential, named: Names) -> Enrolled:
    """Finish an enrolment that died before its record; refuse one that is complete."""
    key = ports.inventory.find_key(known.key_id)
    if records.recorded(ports, key.venue, "key.register", {"key": known.fingerprint}):
        raise UsageError(
            f"this key is known already, as {key.name}",
            code="key.known",
            still="nothing was changed",
            hint=f"keyguard key show {key.name}",
        )
    if credentials.load(ports, known) != credential:
        raise UsageError(f"another secret is stored for this key, as {key.name}", code="key.known")
    seen = ports.inventory.last_observation(known.id)
    report = seen.report if seen else None
    record(ports, named, key, credential, report)
    return _enrolled(ports, key, known, report)


def name_is_free(ports: Ports, declared: Declared) -> None:
    """Raise UsageError for a name that is taken, looks like another, or that the log could not hold."""
    name = f"{declared.venue}/{declared.desk}/{declared.label}"
    for part in (declared.desk, declared.label):
        if not part or "/" in part or not part.isprintable():
            raise UsageError("desk and label are words without a slash", code="key.name")
    # What the log will refuse must be refused now: later the key would be here, and stay without a record.
    _recordable("desk", declared.desk)
    _recordable("label", declared.label)
    _recordable("account", declared.account)
    _recordable("purpose", declared.purpose)
    known = ports.inventory.keys()
    if any(key.name == name for key in known):
        raise UsageError(f"there is a key {name} already", code="key.name_taken", hint="choose another label")
    _looks_like_no_other(ports, declared, known)


def _looks_like_no_other(ports: Ports, declared: Declared, known: Sequence[Key]) -> None:
    """Who means one key must not rotate, revoke or grant another."""
    for text in (declared.desk, declared.label):
        try:
            check_name(text)
        except ValueError as error:
            raise UsageError(
                f"desk or label: {error}",
                code="key.name",
                still="nothing was stored",
                hint="letters of one script that can be seen",
            ) from None
    desks = {key.desk for key in known} | {desk.name for desk in ports.people.desks()}
    labels = {key.label for key in known if (key.venue, key.desk) == (declared.venue, declared.desk)}
    other = alike(declared.desk, sorted(desks - {declared.desk})) or alike(declared.label, sorted(labels))
    if other:
        raise UsageError(
            f"the name {declared.venue}/{declared.desk}/{declared.label} looks like another: {other}",
            code="key.alike",
            still="nothing was stored",
            hint="choose one that nobody takes for it",
        )


def _recordable(name: str, text: str) -> None:
    try:
        canonical.check_record_text(text, name, longest=canonical.LONGEST)
    except ValueError as error:
        raise UsageError(
            f"the audit log cannot hold this {error}", code="key.declared", still="nothing was stored"
        ) from None


def _ask(ports: Ports, credential: Credential, declared: Declared, *, unchecked: bool) -> KeyReport | None:
    whoami = oauth.whoami(ports.gateway.adapter(declared.venue), credential)
    try:
        report = ask(ports, declared.venue, whoami, credential)
    except ExchangeError as error:
        if unchecked:
            ports.person.tell("the venue was not convinced; the key is stored unchecked", error.message)
            return None
        error.still = error.still or "the key was not stored"
        if isinstance(error, Refused) and not error.hint:
            error.hint = "correct it, or add it unchecked"
        raise
    if declared.account and report.account and declared.account != report.account:
        raise UsageError(
            f"the venue says the key belongs to account {report.account}, not {declared.account}",
            code="key.account",
            still="the key was not stored",
        )
    return report


def _key(ports: Ports, declared: Declared, kind: KeyKind, report: KeyReport | None) -> Key:
    simulated = ports.gateway.simulated(declared.venue)
    return Key(
        id=ports.clock.token(8).hex(),
        venue=declared.venue,
        desk=declared.desk,
        label=declared.label,
        kind=kind,
        environment=Environment.SIMULATED if simulated else declared.environment,
        owner=declared.owner,
        account=declared.account or (report.account if report else ""),
        purpose=declared.purpose,
        needs=declared.needs,
    )


def _adoptable(ports: Ports, credential: Credential) -> str:
    """Return the id under which a killed enrolment of this very credential stored it, "" if none did."""
    packed = credentials.pack(credential)
    for version_id in orphans(ports):
        if ports.secrets.get(_ITEM_PREFIX + version_id) == packed:
            return version_id
    return ""


def _enrolled(ports: Ports, key: Key, version: KeyVersion, report: KeyReport | None) -> Enrolled:
    if report is None:
        return Enrolled(key, version, None, ())
    facts = ports.gateway.adapter(key.venue).facts
    return Enrolled(key, version, report, warnings(key, report, facts, ports.clock.now()))
