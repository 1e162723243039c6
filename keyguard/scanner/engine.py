"""Bytes in, findings out.

1. Hyperscan looks for the literals of all rules in one pass; most content ends here.
2. Near a hit, and only there, the exact patterns run.
3. What they capture must not be a placeholder, must be random enough, and a nameless value must stand
   nearer to its venue's name than to any other.
4. Parts that stand together become one finding.
5. What stands inside in another form (`decode/`) goes the same way, and both are joined.

The work is bounded for any input: hits cost eight bytes each, regions do not overlap, patterns have
bounded repetitions (a test reads them), and pairing looks at a few neighbours.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from keyguard.core.secret import Secret
from keyguard.scanner.compact import quick
from keyguard.scanner.content import Searched
from keyguard.scanner.decode import hints
from keyguard.scanner.decode.budget import MEMBER, TIMES, Budget
from keyguard.scanner.decode.walk import Walk
from keyguard.scanner.findings import Finding, Part, Severity
from keyguard.scanner.fingerprint import fingerprint
from keyguard.scanner.index import Index
from keyguard.scanner.prefilter import Hits, Prefilter
from keyguard.scanner.rulebook import FIELDS, Rulebook
from keyguard.scanner.sources import Unread
from keyguard.scanner.work import Work

if TYPE_CHECKING:
    from keyguard.scanner.candidates import Candidate
    from keyguard.scanner.excerpt import Excerpts
    from keyguard.scanner.known import KnownKeys
    from keyguard.scanner.pairing import Credential


MOST = 5_000
"""Findings of one file, with all that is inside: each takes 5 KB. The others are counted."""


class Examined(NamedTuple):
    """What one content brought, and what inside of it could not be read."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]


class Engine:
    """Scans contents one after another; `work` counts what that took. Not for several threads at once.

    `known`: the firm's own keys, searched exactly. `cache`: a folder of the user's own for the compiled
    literals. `hyperscan` False: the slow way to the same findings. `max_size`: of one packed file, bytes.
    """

    def __init__(
        self,
        rulebook: Rulebook | None = None,
        known: "KnownKeys | None" = None,
        cache: Path | None = None,
        *,
        hyperscan: bool = True,
        max_size: int = MEMBER,
    ) -> None:
        self._known = known
        self._max_size = max_size
        self.rulebook = rulebook or quick()
        self.work = Work()
        self._found, self._whole = 0, True
        book = self.rulebook
        self._index = Index(book)
        words = [word for venue in book.venues for word in venue.words]
        self._hints = hints.ENCODED | hints.forms((*words, b"private key"))
        self._prefilter = Prefilter(
            self._index.literals | self._hints | hints.ROWS,
            cache,
            valued=self._index.valued,
            hyperscan=hyperscan,
        )
        self._elsewhere = Prefilter(frozenset(book.elsewhere), cache, hyperscan=hyperscan)
        self._own_keys = frozenset(venue.id for venue in book.venues if venue.private_key)

    @property
    def state(self) -> str:
        """What findings depend on beside the content, without anything secret."""
        return f"{self.rulebook!r} {self._known.state if self._known else ''}"

    def prepare(self) -> None:
        """Compile and load now what larger contents need, so that processes made after this share it."""
        self._prefilter.prepare(self._index.near)
        self._elsewhere.prepare()
        for module in ("candidates", "excerpt", "pairing", "decode.encoded"):
            importlib.import_module(f"keyguard.scanner.{module}")

    def scan(self, data: bytes, path: str) -> tuple[Finding, ...]:
        """Return the credentials in `data`, worst first. `path` is what places are given, and may tell
        which venue a nameless value belongs to. Never raises for any bytes."""
        return self.examine(data, path).findings

    def examine(self, data: bytes, path: str) -> Examined:
        """The same, with what stands inside in another form and could not be read."""
        self.work.contents += 1
        self.work.bytes += len(data)
        self._found, self._whole = 0, True
        walk = Walk(self._search, self._hints, Budget(self._max_size, TIMES * self._max_size))
        findings = walk.file(data, path)
        if self._found > MOST:
            more = f"{self._found - MOST:,} findings beyond {MOST:,} are not listed"
            walk.unread.append(
                Unread(path, more if self._whole else f"at least {more}, the rest was not read")
            )
        return Examined(findings, tuple(walk.unread))

    def _search(self, content: Searched, path: str) -> tuple[list[Finding], Hits]:
        """What stands in one text, decoded or not, and which literals it has."""
        self.work.searched += len(content.text)
        hits = self._prefilter.hits(content.text)
        own = self._known.findings(content, path) if self._known else ()
        claimed = self._index.claims(hits, path)
        names = self._index.names.among(hits, content.text)
        rules = self._index.rules(hits, claimed.union(name[2] for name in names))
        if not rules:
            return list(own), hits
        from keyguard.scanner.candidates import Confirmer  # noqa: PLC0415 - most commits end before
        from keyguard.scanner.excerpt import Excerpts  # noqa: PLC0415
        from keyguard.scanner.pairing import pair  # noqa: PLC0415

        confirmer = Confirmer(
            self.rulebook,
            rules,
            content,
            path,
            claimed,
            hits,
            names,
            self._prefilter,
            self._elsewhere,
            self.work,
        )
        candidates = confirmer.candidates()
        self._whole = self._whole and confirmer.whole
        excerpts = Excerpts(content, [(c.start, c.end, c.rule.field) for c in candidates])
        credentials = pair(candidates, self._own_keys)
        listed = credentials[: max(0, MOST - self._found)]
        self._found += len(credentials)
        found = [self._finding(credential, content, path, excerpts) for credential in listed]
        if not own:
            return found, hits
        from keyguard.scanner.known import joined  # noqa: PLC0415 - only where a known key was found

        return list(joined(own, tuple(found))), hits

    def _finding(
        self, credential: "Credential", content: Searched, path: str, excerpts: "Excerpts"
    ) -> Finding:
        first = credential.parts[0]
        paired = len(credential.parts) > 1
        venue = self.rulebook.venue(credential.venue)
        return Finding(
            rule=first.rule.id,
            title=f"{venue.name} API {_all(credential)}" if venue and paired else first.rule.title,
            venue=credential.venue,
            severity=_severity(first, paired),
            parts=tuple(_part(c, content, path, excerpts) for c in credential.parts),
            fingerprint=fingerprint(credential.venue, first.rule.field, first.value),
        )


def _all(credential: "Credential") -> str:
    """ "key and secret", "key, secret and passphrase"."""
    had = {part.rule.field for part in credential.parts}
    *most, last = [field.replace("_", " ") for field in FIELDS if field in had]
    return f"{', '.join(most)} and {last}"


def _severity(first: "Candidate", paired: bool) -> Severity:
    """An encrypted private key stays what its rule says, with or without the key it belongs to."""
    return Severity.CRITICAL if paired and first.rule.severity is Severity.HIGH else first.rule.severity


def _part(candidate: "Candidate", content: Searched, path: str, excerpts: "Excerpts") -> Part:
    place = content.place(candidate.start, candidate.end, path)
    excerpt = excerpts.around(candidate.start, candidate.end)
    return Part(candidate.rule.field, Secret(candidate.value), place, candidate.rule.id, excerpt)
