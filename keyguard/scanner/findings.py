"""What a scan brings: findings, their parts and places."""

import enum
from typing import NamedTuple

from keyguard.core.secret import Secret


class Severity(enum.Enum):
    """What an owner of the finding could do."""

    CRITICAL = "critical"  # signs for a venue: key and secret together
    HIGH = "high"  # a secret or private key on its own
    MEDIUM = "medium"
    LOW = "low"  # an access key id on its own


class Place(NamedTuple):
    """Where a part stands. Lines and columns count from 1, columns in characters; `end_column` is one
    past the last.

    `path` is relative to the scanned root, "/"-separated. For what stands inside a file, `inside` is the
    last part of `path`: "!/" begins the name of a packed file (`backup.zip!/conf/.env`), "#" a part of the
    file before it (`nb.ipynb#cell-3`, `keys.db#accounts/7`). Lines and columns are then those of the
    decoded content; a value decoded in its line (base64, %-escapes) has those of its encoded form instead.

    `start`/`end` are byte offsets into the file that `path` names (what stands before any "#", after the
    last "!/"; a packed file as unpacked): the value, or all that it was decoded from, such as its base64
    token. Both are 0 where nothing of the file stands for the value (a compressed stream of a PDF).

    `commit` and `blob` (hex object ids) are set for history, and there `author` and `date` (UTC, ISO 8601)
    of the commit; `staged` for the index.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int
    commit: str = ""
    blob: str = ""
    staged: bool = False
    author: str = ""
    date: str = ""
    inside: str = ""

    @property
    def file(self) -> str:
        """The file on disk or in git: `path` without what stands inside."""
        return self.path.removesuffix(self.inside)


class Shade(enum.Enum):
    """How a fragment of a source line is shown where secrets are not."""

    PLAIN = "plain"
    VALUE = "value"  # its first and last two characters
    HIDDEN = "hidden"  # nothing of it


class Fragment(NamedTuple):
    """A piece of a source line. Held as a Secret whatever it is: nobody knows what else a line tells."""

    shade: Shade
    text: Secret


class Excerpt(NamedTuple):
    """The line a part begins on, some hundred characters of it; `cut_…` say where more is left out."""

    line: int
    fragments: tuple[Fragment, ...]
    cut_before: bool = False
    cut_after: bool = False


class Owned(NamedTuple):
    """The firm's own key that a finding is: `name` is venue/desk/label, desk and owner are declared."""

    name: str
    desk: str
    owner: str
    version: int
    status: str


class Verdict(NamedTuple):
    """What a venue answered when it was asked with the found credential.

    `state`: alive; dead (the venue no longer accepts it); refused (it does not say whether it is alive);
    unknown (no usable answer); unasked. `origin` says how that is known. `can` are scopes held for sure,
    `may` those the venue does not tell. `simulated`: a stand-in answered, not the venue. `at` is UTC, ISO
    8601, "" when nobody was asked.
    """

    state: str
    origin: str
    words: str
    can: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    scopes_origin: str = "unknown"
    ips: tuple[str, ...] | None = None
    account: str = ""
    simulated: bool = False
    at: str = ""


class Part(NamedTuple):
    """One value of a credential: `field` is key, secret, passphrase or private_key."""

    field: str
    value: Secret
    place: Place
    rule: str
    excerpt: Excerpt | None = None


class Finding(NamedTuple):
    """One leaked credential: all parts that belong together, the most telling one first.

    `venue` is the venue's id or "" for what belongs to none (a PEM key). `fingerprint` (hex) survives
    line moves, file moves and history rewrites. `seen` are further places of the same credential.
    `in_head` tells of a history whether the last commit still has it; None elsewhere.
    """

    rule: str
    title: str
    venue: str
    severity: Severity
    parts: tuple[Part, ...]
    fingerprint: str
    seen: tuple[Place, ...] = ()
    owned: Owned | None = None
    verdict: Verdict | None = None
    in_head: bool | None = None

    def part(self, name: str) -> Part | None:
        """The part of that field, None if it was not found."""
        return next((p for p in self.parts if p.field == name), None)
