"""Scans of a repository's past: all of it, or a range of commits."""

from __future__ import annotations

from pathlib import Path

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding, Place
from keyguard.scanner.recall import NOTE, Recall
from keyguard.scanner.scans import Scan, finished, gather, moved
from keyguard.scanner.selection import Selection
from keyguard.scanner.sharing import share
from keyguard.scanner.sources import Unread, git_folder
from keyguard.scanner.sources.commit_range import CommitRange
from keyguard.scanner.sources.commits import Head, Signature, origins, signatures
from keyguard.scanner.sources.git import GitFailed, Repository
from keyguard.scanner.sources.history import History, Reader


def scan_history(
    engine: Engine,
    repository: Repository,
    selection: Selection,
    *,
    unreachable: bool = False,
    jobs: int = 0,
    cache: Path | None = None,
) -> Scan:
    """Scan every object of a repository, then find out which commit brought each finding.

    `jobs` as of `scan_tree`. `cache`: the folder in which is remembered what need not be read again; not
    used with `unreachable`.
    """
    recall = Recall(repository, None if unreachable else cache, selection, engine.state if cache else "")
    known = recall.known
    history = History(repository, unreachable=unreachable, beyond=known.tips)
    with Reader(repository, selection.max_size) as reader:
        gathered = share(engine, recall.listing(history), reader.read, gather, jobs, reader.ahead)
    # All parts of a finding lie in one content, so its first place stands for all. Messages know their
    # commit and have no path to exclude.
    blobs = {f.parts[0].place.blob for f in gathered.findings if not f.parts[0].place.commit} - {""}
    origin = {blob: at for blob, at in known.origins.items() if blob in blobs}
    try:
        origin.update(origins(repository, blobs - origin.keys(), history.tips, selection))
        recall.keep(gathered, history, origin, selection)
    except GitFailed as failure:
        gathered.unread.append(Unread("(history)", f"the commits of findings are unknown: {failure}"))
    if known.tips:
        gathered.notes[NOTE] = None
    gathered.add(gather(engine, git_folder.pieces(repository, selection.max_size)))
    places = [finding.parts[0].place for finding in gathered.findings]
    dated = []
    for finding, place in zip(gathered.findings, places, strict=True):
        commit, path = origin.get(place.blob, (place.commit, place.path))
        if path:
            dated.append(moved(finding, commit=commit, path=path))
    gathered.findings = signed(repository, dated)
    scan = finished(engine, gathered)
    head = Head(repository)
    judged = tuple(f._replace(in_head=_in_head(f, head)) for f in scan.findings)
    return scan._replace(findings=judged)


def scan_range(engine: Engine, repository: Repository, selection: Selection, words: str) -> Scan:
    """Scan what the commits of a range add."""
    commits = CommitRange(repository, words)
    gathered = gather(engine, commits.pieces(selection))
    placed = ((finding, commits.placed(finding)) for finding in gathered.findings)
    kept = [moved(finding, commit=at[0], path=at[1]) for finding, at in placed if at]
    gathered.findings = signed(repository, kept)
    return finished(engine, gathered)


def signed(repository: Repository, findings: list[Finding]) -> list[Finding]:
    """The same with author and date in all places that name a commit."""
    commits = {finding.parts[0].place.commit for finding in findings} - {""}
    if not commits:
        return findings
    known = signatures(repository, commits)
    nobody = Signature()
    by = [known.get(finding.parts[0].place.commit, nobody) for finding in findings]
    return [moved(f, author=s.author, date=s.date) for f, s in zip(findings, by, strict=True)]


def _in_head(finding: Finding, head: Head) -> bool:
    places = [part.place for part in finding.parts] + list(finding.seen)
    return any(_place_in_head(place, head) for place in places)


def _place_in_head(place: Place, head: Head) -> bool:
    if place.blob and not place.path.startswith("("):
        return head.has_blob(place.blob)
    return bool(place.commit) and head.has_commit(place.commit)
