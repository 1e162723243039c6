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

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyguard.core.secret import Secret
from keyguard.scanner.candidates import Candidate, Confirmer, Work
from keyguard.scanner.content import Searched
from keyguard.scanner.decode import encoded
from keyguard.scanner.decode.budget import Budget
from keyguard.scanner.decode.walk import Walk
from keyguard.scanner.excerpt import Excerpts
from keyguard.scanner.findings import Finding, Part, Severity
from keyguard.scanner.fingerprint import fingerprint
from keyguard.scanner.pairing import Credential, pair
from keyguard.scanner.prefilter import Hits, Prefilter
from keyguard.scanner.rulebook import Rulebook, load
from keyguard.scanner.sources import Unread


@dataclass(frozen=True, slots=True)
class Examined:
    """What one content brought, and what inside of it could not be read."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]


if TYPE_CHECKING:
    from keyguard.scanner.known import KnownKeys


class Engine:
    """Scans contents one after another; `work` counts what that took. Not for several threads at once."""

    def __init__(self, rulebook: Rulebook | None = None, known: KnownKeys | None = None) -> None:
        self._known = known
        self.rulebook = rulebook or load()
        self.work = Work()
        book = self.rulebook
        literals = {anchor for rule in book.rules for anchor in rule.anchors}
        literals.update(word for venue in book.venues for word in venue.words + venue.file_words)
        words = [word for venue in book.venues for word in venue.words]
        self._hints = encoded.hints() | encoded.forms((*words, b"private key"))
        self._prefilter = Prefilter(
            frozenset(map(bytes.lower, literals)) | frozenset(book.allow) | self._hints
        )
        self._elsewhere: Prefilter | None = None
        self._own_keys = frozenset(venue.id for venue in book.venues if venue.private_key)
        self._path_words = tuple(word for venue in book.venues for word in venue.words)

    def scan(self, data: bytes, path: str) -> tuple[Finding, ...]:
        """Return the credentials in `data`, worst first. `path` is what places are given, and may tell
        which venue a nameless value belongs to. Never raises for any bytes."""
        return self.examine(data, path).findings

    def examine(self, data: bytes, path: str) -> Examined:
        """The same, with what stands inside in another form and could not be read."""
        self.work.contents += 1
        self.work.bytes += len(data)
        walk = Walk(self._search, self._hints, Budget())
        return Examined(walk.file(data, path), tuple(walk.unread))

    def _search(self, content: Searched, path: str) -> tuple[list[Finding], Hits]:
        """What stands in one text, decoded or not, and which literals it has."""
        hits = self._prefilter.hits(content.text)
        low = path.lower().encode("utf-8", "surrogateescape")
        own = self._known.findings(content, path) if self._known else ()
        if self._hints.issuperset(hits) and not any(word in low for word in self._path_words):
            return list(own), hits
        confirmer = Confirmer(self.rulebook, content, path, hits, self._find_elsewhere, self.work)
        candidates = confirmer.candidates()
        excerpts = Excerpts(content, [(c.start, c.end, c.rule.field) for c in candidates])
        found = [self._finding(c, content, path, excerpts) for c in pair(candidates, self._own_keys)]
        if not own:
            return found, hits
        from keyguard.scanner.known import joined  # noqa: PLC0415 - only where a known key was found

        return list(joined(own, tuple(found))), hits

    def _find_elsewhere(self, text: bytes) -> Hits:
        if self._elsewhere is None:
            self._elsewhere = Prefilter(frozenset(self.rulebook.elsewhere))
        return self._elsewhere.hits(text)

    def _finding(self, credential: Credential, content: Searched, path: str, excerpts: Excerpts) -> Finding:
        first = credential.parts[0]
        paired = len(credential.parts) > 1
        venue = self.rulebook.venue(credential.venue)
        return Finding(
            rule=first.rule.id,
            title=f"{venue.name} API key and {_words(first.rule.field)}"
            if venue and paired
            else first.rule.title,
            venue=credential.venue,
            severity=_severity(first, paired),
            parts=tuple(_part(c, content, path, excerpts) for c in credential.parts),
            fingerprint=fingerprint(credential.venue, first.rule.field, first.value),
        )


def _words(field: str) -> str:
    return field.replace("_", " ")


def _severity(first: Candidate, paired: bool) -> Severity:
    """An encrypted private key stays what its rule says, with or without the key it belongs to."""
    return Severity.CRITICAL if paired and first.rule.severity is Severity.HIGH else first.rule.severity


def _part(candidate: Candidate, content: Searched, path: str, excerpts: Excerpts) -> Part:
    place = content.place(candidate.start, candidate.end, path)
    excerpt = excerpts.around(candidate.start, candidate.end)
    return Part(candidate.rule.field, Secret(candidate.value), place, candidate.rule.id, excerpt)
