"""What `[daemon]` in the configuration may say, with the values that hold where it is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from keyguard.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits and times. Every number is positive, `auto_lock_s` and `inspect_s` may be 0: never.

    `group`: system mode, where the members of this group may connect and each uid is somebody else; empty:
    user mode, where only the daemon's own uid may.
    """

    group: str = ""
    start: str = "by_hand"
    """`on_demand`: `keyguard run` starts the daemon where none runs. For the commands; not used here."""
    auto_lock_s: int = 0
    """Seconds without a hand-out after which no plaintext is released until `store unlock`."""
    connections: int = 1024
    connections_per_user: int = 768
    connections_per_process: int = 64
    requests_per_s: int = 20_000
    """Tokens a second for each process, and as many at once; what makes more work costs more of them."""
    message_s: int = 10
    """Seconds a message may take from its first byte to its end, and a reader to make room again."""
    unread_bytes: int = 16 * 1024 * 1024
    """What may wait for a reader that does not read."""
    leases_per_process: int = 20_000
    inspect_s: int = 86_400
    """Seconds between two looks at every key at its venue; 0: never."""
    checkpoint_to: str = ""
    """The alert channel that is sent the log's checkpoint every day; empty: none."""
    watch: tuple[str, ...] = ()
    """Folders in which leaked keys are looked for as files are saved; absolute, or beginning with ~."""

    @property
    def system(self) -> bool:
        """Whether other users than the daemon's own may connect."""
        return bool(self.group)


STARTS = ("by_hand", "on_demand")
_MAY_BE_ZERO = ("auto_lock_s", "inspect_s")


def settings(table: Mapping[str, int | str | list[str]]) -> Settings:
    """Read the table; UsageError `daemon.settings` names what is wrong."""
    known = {field.name: list if field.name == "watch" else type(field.default) for field in fields(Settings)}
    words = {int: "a whole number", str: "a text", list: "a list of folders"}
    for name, value in table.items():
        if name not in known:
            raise _wrong(f"[daemon] has no setting {name!r}")
        if type(value) is not known[name]:
            raise _wrong(f"[daemon] {name}: {words[known[name]]}")
        if isinstance(value, int) and value < (0 if name in _MAY_BE_ZERO else 1):
            raise _wrong(f"[daemon] {name}: too small")
        if name == "start" and value not in STARTS:
            raise _wrong(f"[daemon] start: {' or '.join(STARTS)}")
        if isinstance(value, list) and not all(folder.startswith(("/", "~")) for folder in value):
            raise _wrong(f"[daemon] {name}: folders by their whole path, or from ~")
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return Settings(**plain)  # type: ignore[arg-type]  # each value has the type of its field, as just seen


def _wrong(what: str) -> UsageError:
    return UsageError(
        what, code="daemon.settings", still="no daemon was started", hint="docs/daemon.md lists them"
    )
