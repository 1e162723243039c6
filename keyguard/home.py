"""The home: one folder with all state, and its configuration.

`config.toml` holds choices, never a secret:

    id = "3f0c…"                  # names this home's items in the OS keyring
    store = "os-keyring"          # or "file"
    proxy = ""                    # the only proxy ever used
    adapters = ["examplex"]       # installed adapters of others that may run beside this home's secrets
    rights = "enforced"           # or "open"; without it enforced once a person or a grant is declared
    four_eyes = "risky"           # or "always": every grant needs a second person
    signatures = "own"            # or "required": who has no signing key approves nothing
    self_approval = "refused"     # or "exception": allowed with a compensating control, on record
    [firm]                        # who writes the audit log (declared)
    [simulators]                  # venue = "http://127.0.0.1:PORT"; this home is for trying out
    [hosts]                       # venue = "https://…", one of its own where it has several (docs/venues/)
    [[use_rule]]                  # the desk's own rules on use (docs/use-rules.md)
    [[egress]]                    # from which addresses a host calls venues, for those rules (declared)
    [daemon]                      # limits and times of the daemon (docs/daemon.md): numbers, texts, folders
    [rotation]                    # when keys are due and what runs by itself (docs/rotation.md)
    [reviews]                     # auto = true: reviews open by themselves when due (docs/reviews.md)
    [attest]                      # who signs attestations, in which time zone (docs/attest.md)
    [alerts]                      # when alerts are repeated and held back (docs/daemon.md): numbers, texts
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.rights import FourEyes, Mode, RightsPolicy, SelfApproval
from keyguard.whereabouts import home_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from keyguard.core.due import RotationPolicy
    from keyguard.core.use_history import Egress
    from keyguard.core.use_rules import Rule

STORES = ("os-keyring", "file")
_RIGHTS = ("rights", "four_eyes", "self_approval", "signatures")
_MEMBERS = {
    "id",
    "store",
    "database",
    "proxy",
    "adapters",
    "firm",
    "simulators",
    "hosts",
    "daemon",
    "alerts",
    "use_rule",
    "egress",
    "reviews",
    "rotation",
    "attest",
    *_RIGHTS,
}


@dataclass(frozen=True, slots=True)
class Config:
    """What a home has chosen. `simulators`: venue -> loopback base; such a venue is not the real one.
    `hosts`: venue -> the https base to use of those it has. `adapters`: venues whose adapters other packages
    bring, and this home lets run beside its secrets.
    """

    id: str
    store: str
    database: str = ""
    proxy: str = ""
    adapters: Sequence[str] = ()
    firm: Mapping[str, str] = field(default_factory=dict)
    simulators: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    rights: RightsPolicy = field(default_factory=RightsPolicy)
    daemon: Mapping[str, int | str | list[str]] = field(default_factory=dict)
    alerts: Mapping[str, int | str] = field(default_factory=dict)
    use_rules: Sequence[Mapping[str, Any]] = ()
    """The tables as written; `use_rules()` makes rules of them."""
    egress: Sequence[Mapping[str, Any]] = ()
    """Likewise; see `egress()`."""
    rotation: Mapping[str, Any] = field(default_factory=dict)
    """Likewise; see `rotation_policy()`."""
    reviews: Mapping[str, Any] = field(default_factory=dict)
    """Likewise; see `opens_reviews()`."""
    attest: Mapping[str, int | str] = field(default_factory=dict)
    """Who signs attestations and how; `workflows/attest_config.py` reads it."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one installation lives."""

    path: Path

    @property
    def config_file(self) -> Path:
        """The configuration."""
        return self.path / "config.toml"

    @property
    def vault_file(self) -> Path:
        """The encrypted file of the file store."""
        return self.path / "vault.kgv"

    @property
    def keyring_lock(self) -> Path:
        """Keeps two processes of this home from writing to the OS keyring at once."""
        return self.path / "keyring.lock"

    @property
    def store_lock(self) -> Path:
        """Held by whoever changes this home's store, or moves it to another."""
        return self.path / "store.lock"

    @property
    def daemon_lock(self) -> Path:
        """Held by the daemon of this home for as long as it runs."""
        return self.path / "daemon.lock"

    @property
    def daemon_log(self) -> Path:
        """What the daemon did and met, without secrets."""
        return self.path / "daemon.log"

    @property
    def database_file(self) -> Path:
        """The default database."""
        return self.path / "keyguard.db"

    @property
    def attestations(self) -> Path:
        """A copy of every attestation that was issued."""
        return self.path / "attestations"

    @property
    def agents(self) -> Path:
        """The newest copy of the log of every enrolled agent."""
        return self.path / "agents"

    @property
    def incidents(self) -> Path:
        """What was preserved of incidents, a folder each."""
        return self.path / "incidents"

    @property
    def emergency_file(self) -> Path:
        """What a panic writes where the database takes nothing."""
        return self.path / "emergency.jsonl"

    def exists(self) -> bool:
        """Whether `keyguard init` has been here."""
        return self.config_file.is_file()

    def demand_private(self) -> None:
        """Raise StoreError `home.exposed` where another user could change what is trusted here.

        Who writes the configuration names the simulators that stand in for venues, and the proxy; who
        writes the folder exchanges the database with its audit log.
        """
        if not hasattr(os, "geteuid"):  # Windows: the folder's access list protects it
            return
        for path in (self.path, self.config_file, self.database_file):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"{path}: {error.strerror}", code="home.unreadable") from None
            foreign = found.st_uid != os.geteuid()
            if foreign or found.st_mode & 0o022:
                raise StoreError(
                    f"{path} " + ("belongs to another user" if foreign else "can be changed by other users"),
                    code="home.exposed",
                    still="nothing was changed",
                    hint="use a home of your own" if foreign else f"chmod go-w {path}; doctor shows the rest",
                )

    def read(self) -> Config:
        """Return the configuration; UsageError where there is none or it is malformed."""
        try:
            document = tomllib.loads(self.config_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"no keyguard home at {self.path}",
                code="home.missing",
                hint=f"keyguard --home {self.path} init",
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise _malformed(self.config_file, str(error)) from None
        except OSError as error:
            raise StoreError(
                f"{self.config_file} cannot be read: {error.strerror}", code="home.unreadable"
            ) from None
        return _config(document, self.config_file)

    def write(self, config: Config) -> None:
        """Create the folder (0700) where needed and write the configuration (0600) at once or not at all.

        StoreError if the disk is full or the folder read-only; the former configuration is still there.
        """
        import tomli_w

        document: dict[str, Any] = {"id": config.id, "store": config.store}
        for name in ("database", "proxy"):
            if value := getattr(config, name):
                document[name] = value
        if config.adapters:
            document["adapters"] = list(config.adapters)
        document |= rights_members(config.rights)
        document["firm"] = dict(config.firm)
        for name in ("simulators", "hosts", "daemon", "alerts", "attest"):
            if table := getattr(config, name):
                document[name] = dict(table)
        if config.use_rules:
            document["use_rule"] = [dict(table) for table in config.use_rules]
        if config.egress:
            document["egress"] = [dict(table) for table in config.egress]
        if config.rotation:
            document["rotation"] = dict(config.rotation)
        if config.reviews:
            document["reviews"] = dict(config.reviews)
        text = tomli_w.dumps(document)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_durably(self.config_file, text.encode())
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written: {error.strerror}",
                code="home.read_only",
                still="nothing was changed",
                hint="choose another folder with --home, or mend its permissions or free space",
            ) from None


def locate(chosen: str | None) -> Home:
    """The home: `--home`, else KEYGUARD_HOME, else the platform's user data folder."""
    return Home(home_folder(chosen))


def _write_durably(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _config(document: dict[str, Any], path: Path) -> Config:
    unknown = set(document) - _MEMBERS
    if unknown:
        raise _malformed(path, f"unknown name {sorted(unknown)[0]!r}")
    texts = {name: document.get(name, "") for name in ("id", "store", "database", "proxy")}
    tables = {name: document.get(name, {}) for name in ("firm", "simulators", "hosts")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise _malformed(path, "id, store, database and proxy are texts")
    for name, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
            raise _malformed(path, f"[{name}] holds texts")
    adapters = document.get("adapters", [])
    if not _texts(adapters):
        raise _malformed(path, "adapters is a list of venues")
    daemon, alerts = document.get("daemon", {}), document.get("alerts", {})
    if not isinstance(daemon, dict) or not all(_plain(v) or _texts(v) for v in daemon.values()):
        raise _malformed(path, "[daemon] holds texts, whole numbers and lists of texts")
    if not isinstance(alerts, dict) or not all(map(_plain, alerts.values())):
        raise _malformed(path, "[alerts] holds texts and whole numbers")
    attest = document.get("attest", {})
    if not isinstance(attest, dict) or not all(map(_plain, attest.values())):
        raise _malformed(path, "[attest] holds texts and whole numbers")
    if not texts["id"] or texts["store"] not in STORES:
        raise _malformed(path, f"id is missing, or store is none of {', '.join(STORES)}")
    chosen, declared = (_tables(document, name, path) for name in ("use_rule", "egress"))
    rotation = document.get("rotation", {})
    if not isinstance(rotation, dict):
        raise _malformed(path, "[rotation] is a table")
    reviews = document.get("reviews", {})
    try:
        rotation_policy(rotation)
        opens_reviews(reviews)
        use_rules(chosen)
        egress(declared)
    except ValueError as error:
        raise _malformed(path, str(error)) from None
    return Config(
        **texts,
        **tables,
        adapters=tuple(adapters),
        rights=_rights(document, path),
        daemon=daemon,
        alerts=alerts,
        use_rules=chosen,
        egress=declared,
        rotation=rotation,
        reviews=reviews,
        attest=attest,
    )


def _tables(document: dict[str, Any], name: str, path: Path) -> tuple[Mapping[str, Any], ...]:
    chosen = document.get(name, [])
    if not isinstance(chosen, list) or not all(isinstance(table, dict) for table in chosen):
        raise _malformed(path, f"these are tables: [[{name}]]")
    return tuple(chosen)


def _plain(value: Any) -> bool:
    return type(value) in (int, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def use_rules(tables: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules on use that these tables of a configuration say; ValueError for one that says none."""
    if not tables:
        return ()
    from keyguard.core import use_config  # noqa: PLC0415 - most homes have no rules, all commands read one

    return use_config.rules(tables, _zone)


def egress(tables: Sequence[Mapping[str, Any]]) -> Mapping[str, Egress]:
    """Host -> from where it calls venues, as these tables declare; ValueError for one that says nothing."""
    if not tables:
        return {}
    from keyguard.core import use_config  # noqa: PLC0415 - as above

    return use_config.egress(tables)


def rotation_policy(table: Mapping[str, Any]) -> RotationPolicy | None:
    """What the firm lets happen to keys by themselves, and when they are due; None where nothing is said.

    ValueError for a table that says something else.
    """
    if not table:
        return None
    from keyguard.core import due_config  # noqa: PLC0415 - as above

    try:
        return due_config.policy(table, _zone)
    except ValueError as error:
        raise ValueError(f"rotation: {error}") from None


def opens_reviews(table: Any) -> bool:
    """Whether reviews open by themselves when due; ValueError for a table that says something else."""
    if not isinstance(table, dict) or set(table) - {"auto"} or type(table.get("auto", False)) is not bool:
        raise ValueError("[reviews] holds auto, which is true or false")
    return bool(table.get("auto", False))


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - as above

    try:
        return ZoneInfo(name)
    except OSError:  # the name of a folder of zones
        raise LookupError(name) from None


def _rights(document: dict[str, Any], path: Path) -> RightsPolicy:
    try:
        return rights_policy(document)
    except ValueError:
        raise _malformed(
            path,
            "rights is enforced or open, four_eyes risky or always, self_approval refused or exception, "
            "signatures own or required",
        ) from None


def rights_policy(members: Mapping[str, Any]) -> RightsPolicy:
    """The policy that these members of a configuration say; ValueError for a word that means nothing."""
    return RightsPolicy(
        Mode(members.get("rights", "")),
        FourEyes(members.get("four_eyes", FourEyes.RISKY.value)),
        SelfApproval(members.get("self_approval", SelfApproval.REFUSED.value)),
        _signatures(members.get("signatures", "own")),
    )


def _signatures(word: str) -> bool:
    if word not in ("own", "required"):
        raise ValueError(word)
    return word == "required"


def rights_members(policy: RightsPolicy) -> dict[str, str]:
    """The members that say this policy; those of the default are left out."""
    signed = {"signatures": "required"} if policy.signatures_required else {}
    default = RightsPolicy()
    values = zip(_RIGHTS[:3], (policy.mode, policy.four_eyes, policy.self_approval), strict=True)
    plain = (default.mode, default.four_eyes, default.self_approval)
    return {
        name: chosen.value for (name, chosen), usual in zip(values, plain, strict=True) if chosen != usual
    } | signed


def _malformed(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} is malformed: {why}",
        code="home.malformed",
        still="nothing was changed",
        hint="mend the line, or move the file away and run `keyguard init` with the same --store",
    )
