"""Which key, secret, private key and passphrase are one credential."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

from keyguard.scanner.candidates import Candidate

REACH = 1000
"""Two parts of a credential stand at most this many bytes apart."""
_NEIGHBOURS = 4


class Credential(NamedTuple):
    """Values that belong together, the most telling one first. `venue` may come from the key beside a PEM."""

    venue: str
    parts: tuple[Candidate, ...]


def pair(candidates: list[Candidate], own_key_venues: frozenset[str]) -> list[Credential]:
    """Join candidates (ascending) into credentials; what may not stand alone and found no mate is dropped.

    `own_key_venues`: venues whose access keys may be signed with a private key of one's own.
    """
    groups: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.rule.venue, candidate.rule.field].append(candidate)
    credentials: list[Credential] = []
    for venue in sorted({venue for venue, _ in groups}):
        signing = groups[venue, "secret"]
        if venue:
            signing = sorted(signing + groups[venue, "private_key"], key=lambda c: c.start)
        keys = _match(signing, groups[venue, "key"])
        phrases = _match(signing, groups[venue, "passphrase"])
        credentials += [_joined(venue, one, keys, phrases) for one in signing]
        groups[venue, "key"] = _left(groups[venue, "key"], keys)
        groups[venue, "passphrase"] = _left(groups[venue, "passphrase"], phrases)
    credentials += _own_keys(groups, own_key_venues)
    for (venue, field), rest in groups.items():
        if field in ("key", "passphrase"):
            credentials += [Credential(venue, (one,)) for one in rest if one.alone]
        elif not venue and field == "private_key":
            credentials += [Credential(venue, (one,)) for one in rest]
    return sorted(credentials, key=lambda c: min(part.start for part in c.parts))


def _own_keys(
    groups: defaultdict[tuple[str, str], list[Candidate]], venues: frozenset[str]
) -> list[Credential]:
    """Private keys with the access keys, of whatever venue, that they sign for."""
    pems = groups["", "private_key"]
    if not pems:
        return []
    keys = sorted((key for venue in venues for key in groups[venue, "key"]), key=lambda c: c.start)
    mates = _match(pems, keys)
    phrases: dict[int, Candidate] = {}
    for venue in sorted({key.rule.venue for key in mates.values()}):
        groups[venue, "key"] = _left(groups[venue, "key"], mates)
        mine = [pem for pem in pems if pem.start in mates and mates[pem.start].rule.venue == venue]
        found = _match(mine, groups[venue, "passphrase"])
        groups[venue, "passphrase"] = _left(groups[venue, "passphrase"], found)
        phrases |= found
    groups["", "private_key"] = [pem for pem in pems if pem.start not in mates]
    mated = [pem for pem in pems if pem.start in mates]
    return [_joined(mates[pem.start].rule.venue, pem, mates, phrases) for pem in mated]


def _joined(
    venue: str, signing: Candidate, keys: dict[int, Candidate], phrases: dict[int, Candidate]
) -> Credential:
    others = (keys.get(signing.start), phrases.get(signing.start))
    return Credential(venue, (signing, *(other for other in others if other)))


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
