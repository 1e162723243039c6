"""Which key, secret and private key are one credential."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass

from keyguard.scanner.candidates import Candidate

REACH = 1000
"""Two parts of a credential stand at most this many bytes apart."""
_NEIGHBOURS = 4


@dataclass(frozen=True, slots=True)
class Credential:
    """Values that belong together, the most telling one first. `venue` may come from the key beside a PEM."""

    venue: str
    parts: tuple[Candidate, ...]


def pair(candidates: list[Candidate], own_key_venues: frozenset[str]) -> list[Credential]:
    """Join candidates (ascending) into credentials; what may not stand alone and found no mate is dropped.

    `own_key_venues`: venues whose access keys may be signed with a private key of one's own.
    """
    by_venue: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_venue[candidate.rule.venue, candidate.rule.field].append(candidate)
    credentials: list[Credential] = []
    for venue in sorted({v for v, field in by_venue if field == "secret"}):
        keys, secrets = by_venue[venue, "key"], by_venue[venue, "secret"]
        mates = _match(secrets, keys)
        for secret in secrets:
            key = mates.get(secret.start)
            credentials.append(Credential(venue, (secret, key) if key else (secret,)))
        by_venue[venue, "key"] = _left(keys, mates)
    pems = by_venue["", "private_key"]
    for venue in sorted(own_key_venues):
        mates = _match(pems, by_venue[venue, "key"])
        credentials += [Credential(venue, (pem, mates[pem.start])) for pem in pems if pem.start in mates]
        by_venue[venue, "key"] = _left(by_venue[venue, "key"], mates)
        pems = [pem for pem in pems if pem.start not in mates]
    credentials += [Credential("", (pem,)) for pem in pems]
    for (venue, field), rest in by_venue.items():
        if field == "key":
            credentials += [Credential(venue, (key,)) for key in rest if key.rule.alone]
    return sorted(credentials, key=lambda c: min(part.start for part in c.parts))


def _left(keys: list[Candidate], mates: dict[int, Candidate]) -> list[Candidate]:
    used = {key.start for key in mates.values()}
    return [key for key in keys if key.start not in used]


def _match(secrets: list[Candidate], keys: list[Candidate]) -> dict[int, Candidate]:
    """Start of a secret -> its key. Equal names count most, then a key that stands before, then nearness.

    Each secret looks at a few neighbours only, so the work is linear in what was found.
    """
    starts = [key.start for key in keys]
    choices = []
    for secret in secrets:
        at = bisect_left(starts, secret.start)
        for key in keys[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS]:
            behind = key.start > secret.start
            gap = key.start - secret.end if behind else secret.start - key.end
            if gap <= REACH:
                choices.append((secret.stem != key.stem, behind, gap, secret.start, key))
    choices.sort(key=lambda choice: choice[:4])
    mates: dict[int, Candidate] = {}
    used: set[int] = set()
    for _, _, _, start, key in choices:
        if start not in mates and key.start not in used:
            mates[start] = key
            used.add(key.start)
    return mates
