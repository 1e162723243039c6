#!/usr/bin/env python3
"""Verify an access-control attestation (KGA/1) offline: one file, nothing but Python 3.9's standard library.

    python3 -I kga_verify.py BUNDLE.zip --trust trust.json --recipient upbit

It opens no network connection and writes nothing, except into the trust file when told to --remember. It
shares no code with the tool that makes attestations: both were written from docs/kga-1.md, whose section
numbers stand at each part (§). RFC 3161 time-stamps (anchors/*.tsr) cannot be checked with the standard
library; each is reported as not checked, and §14.3 shows the openssl command for it.

Exit status: 0 verified, 1 verified with warnings, 2 failed, 3 malformed or unsupported, 4 wrong use.

To read it in order: 1 text and JSON (§4), 2 trees (§6.1), 3 Ed25519 (RFC 8032), 4 notes and checkpoints
(§6.3), 5 forms of records and statements (§5, §8, §9), 6 the steps of §14.2, 7 the tables (§9), 8 the
findings (§10), 9 the command.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

VERIFIED, WARNINGS, FAILED, MALFORMED, USAGE = range(5)

Json = Any


class Malformed(Exception):
    """Not a bundle, or not of a form known here: exit status 3."""


class Failed(Exception):
    """A check did not hold: exit status 2."""


# --- 1 Text, numbers, time, JSON (§4) -------------------------------------------------------------

LARGEST, DEEPEST, LONGEST = 2**53 - 1, 64, 4000
HIDDEN = {0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)}
MEMBER = re.compile(r"[a-z0-9_]{1,500}")
INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z")
HEX64 = re.compile(r"[0-9a-f]{64}")
TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')
ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def encoded(value: Json) -> bytes:
    """The canonical bytes. With ASCII member names and no floats, these are the bytes of RFC 8785."""
    return ENCODER.encode(value).encode()


def parsed(data: bytes) -> Json:
    """Any JSON without floats, not nested too deeply for the parser; ValueError."""
    if data.count(b"{") + data.count(b"[") > DEEPEST:
        depth = 0
        for token in TOKENS.finditer(data):
            depth += 1 if token[0] in b"{[" else -1 if token[0] in b"}]" else 0
            if depth > DEEPEST:
                raise ValueError(f"nested deeper than {DEEPEST}")
    return DECODER.decode(data.decode())


def canonical(data: bytes, any_text: bool = False) -> Json:
    """A value of the restricted profile from its only spelling; `any_text`: but for its texts; ValueError."""
    value = parsed(data)
    if not any_text:
        any_text = (
            len(data) <= LONGEST and data.isascii() and b"\\" not in data and data.decode().isprintable()
        )
    check_profile(value, any_text)
    if encoded(value) != data:
        raise ValueError("not in canonical form")
    return value


def check_profile(value: Json, plain: bool) -> None:
    """Names, integers and texts as §4 has them. `plain`: no text within can be wrong."""
    if isinstance(value, dict):
        for name, member in value.items():
            if not is_member_name(name):
                raise ValueError("a member name is not of [a-z0-9_]")
            check_profile(member, plain)
    elif isinstance(value, list):
        for item in value:
            check_profile(item, plain)
    elif isinstance(value, str):
        if not plain:
            check_text(value)
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("an integer beyond 2^53-1")


def check_text(text: str) -> None:
    """NFC, no control, private or surrogate code point, none that hides or reorders, not too long."""
    if len(text) > LONGEST:
        raise ValueError(f"a text is longer than {LONGEST} characters")
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs", "Co") or ord(char) in HIDDEN:
            raise ValueError(f"forbidden character U+{ord(char):04X}")
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("a text is not in Unicode normal form C")


@lru_cache(maxsize=4096)
def is_member_name(name: str) -> bool:
    return MEMBER.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """The instant; ValueError for any other spelling. Two instants compare as their texts do."""
    parts = INSTANT.fullmatch(text)
    if parts is None:
        raise ValueError("not an instant of the form YYYY-MM-DDTHH:MM:SS.ffffffZ")
    return datetime(*map(int, parts.groups()), tzinfo=timezone.utc)  # type: ignore[misc, arg-type] # seven ints


def spelled(when: datetime) -> str:
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(start: str, end: str) -> int:
    return (instant(end) - instant(start)) // timedelta(seconds=1)


def days(start: str, end: str) -> int:
    return (instant(end) - instant(start)) // timedelta(days=1)


def _integer(text: str) -> int:
    if len(text) > 17:
        raise ValueError("an integer beyond 2^53-1")
    return int(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError("a number that is not an integer")


DECODER = json.JSONDecoder(parse_float=_no_number, parse_constant=_no_number, parse_int=_integer)


def from_base64(text: Json) -> bytes:
    """Bytes from their one standard spelling; ValueError."""
    if not isinstance(text, str):
        raise ValueError("not base64")
    data = base64.b64decode(text.encode(), validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the one base64 spelling of its bytes")
    return data


# --- 2 Trees (§6.1) -------------------------------------------------------------------------------


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


EMPTY_ROOT = sha256(b"")


class Tree:
    """A tree that grows: how many leaves, and the roots of its perfect subtrees, largest first."""

    def __init__(self, size: int, frontier: Iterable[bytes]) -> None:
        self.size, self.frontier = size, list(frontier)
        if size < 0 or bin(size).count("1") != len(self.frontier):
            raise ValueError("a frontier has not one hash for each binary 1 of its size")

    def push(self, leaf: bytes) -> None:
        size = self.size
        while size & 1:  # a subtree of the same size stands at the end: both become one
            leaf = node_hash(self.frontier.pop(), leaf)
            size >>= 1
        self.frontier.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.frontier:
            return EMPTY_ROOT
        folded = self.frontier[-1]
        for left in reversed(self.frontier[:-1]):
            folded = node_hash(left, folded)
        return folded


def tree_root(leaves: Iterable[bytes]) -> bytes:
    tree = Tree(0, [])
    for leaf in leaves:
        tree.push(leaf)
    return tree.root()


def path_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root an inclusion path leads to (RFC 9162, 2.1.3.2); None for a path of the wrong length."""
    if not 0 <= index < size:
        return None
    last = size - 1
    for one in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            leaf = node_hash(one, leaf)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_hash(leaf, one)
        index, last = index >> 1, last >> 1
    return leaf if last == 0 else None


# --- 3 Ed25519 (RFC 8032, 5.1.7), without the cofactor, as OpenSSL checks it ----------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.


def add(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def decompressed(data: bytes) -> tuple[int, int, int, int] | None:
    y = int.from_bytes(data, "little") & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and data[31] >> 7):
        return None
    if x & 1 != data[31] >> 7:
        x = P - x
    return x, y, 1, x * y % P


def compressed(point: tuple[int, int, int, int]) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_base = decompressed((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
assert _base is not None
BASE = _base


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is right: R = S·B - k·A."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, s = decompressed(public), int.from_bytes(signature[32:], "little")
    if key is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], 1, P - key[3])
    return compressed(add(times(s, BASE), times(k, minus))) == signature[:32]


# --- 4 Notes, checkpoints, cosignatures (§6.3, C2SP) ----------------------------------------------

NAME = re.compile(r"[^\s+]{1,200}")
COUNT = re.compile(r"0|[1-9][0-9]{0,15}")
LOG_KEY, WITNESS_KEY = 1, 4


class VerifierKey:
    """`name+keyid+base64(type ‖ public key)`; ValueError unless its type is known and its id is right."""

    def __init__(self, text: str) -> None:
        self.name, self.key_id, coded = [*text.split("+", 2), "", ""][:3]
        data = from_base64(coded)
        if not NAME.fullmatch(self.name) or len(data) != 33 or data[0] not in (LOG_KEY, WITNESS_KEY):
            raise ValueError("not a verifier key of a known type")
        self.text, self.kind, self.public = text, data[0], data[1:]
        if self.key_id != sha256(self.name.encode() + b"\n" + data)[:4].hex():
            raise ValueError("the verifier key's id is not that of its bytes")


class Note:
    """A text and its signature lines: (name, key id, bytes)."""

    def __init__(self, data: str) -> None:
        body, blank, tail = data.rpartition("\n\n")
        if not blank or not body or not tail.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", data):
            raise ValueError("not a signed note")
        self.text = body + "\n"
        lines = tail[:-1].split("\n")
        if len(set(lines)) != len(lines):
            raise ValueError("a signature line stands twice")
        self.lines = [self._line(line) for line in lines]

    @staticmethod
    def _line(line: str) -> tuple[str, str, bytes]:
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        data = from_base64(coded)
        if dash != "\N{EM DASH}" or not NAME.fullmatch(name) or len(data) <= 4:
            raise ValueError("not a signature line")
        return name, data[:4].hex(), data[4:]

    def of(self, key: VerifierKey, kind: int) -> Iterator[bytes]:
        """What this key is said to have signed; lines of unknown keys and types are passed over."""
        for name, key_id, data in self.lines:
            if key.kind == kind and (name, key_id) == (key.name, key.key_id):
                yield data

    def signed(self, key: VerifierKey) -> bool:
        return any(signed_by(key.public, one, self.text.encode()) for one in self.of(key, LOG_KEY))

    def cosigned(self, key: VerifierKey) -> int | None:
        """When a witness says it saw the note, in Unix seconds."""
        times_ = []
        for one in self.of(key, WITNESS_KEY):
            time = int.from_bytes(one[:8], "big")
            if signed_by(key.public, one[8:], f"cosignature/v1\ntime {time}\n{self.text}".encode()):
                times_.append(time)
        return min(times_, default=None)


class SealProof:
    """A tlog-proof: the place of a seal, its path, and the signed checkpoint it leads to."""

    def __init__(self, data: str) -> None:
        head, blank, note = data.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines[0] != "c2sp.org/tlog-proof@v1" or not 2 <= len(lines) <= 65:
            raise ValueError("not a tlog-proof")
        if not lines[1].startswith("index ") or not COUNT.fullmatch(lines[1][6:]):
            raise ValueError("the tlog-proof has no index")
        self.index, self.path = int(lines[1][6:]), [self._hash(line) for line in lines[2:]]
        self.note = Note(note)
        body = self.note.text.split("\n")
        if len(body) != 4 or not body[0] or not COUNT.fullmatch(body[1]):
            raise ValueError("not a checkpoint of three lines")
        self.origin, self.size, self.root = body[0], int(body[1]), self._hash(body[2])

    @staticmethod
    def _hash(line: str) -> bytes:
        data = from_base64(line)
        if len(data) != 32:
            raise ValueError("not a hash in base64")
        return data


# --- 5 Forms (§5.3, §8, §9): which members an object has, and of which kind -----------------------
#
# "name:kind" must be there, "name?:kind" may be absent; a kind that ends in "?" may be null.


def is_instant(value: Json) -> bool:
    try:
        instant(value)
    except (TypeError, ValueError):
        return False
    return True


KINDS: dict[str, Any] = {
    "text": lambda value: isinstance(value, str),
    "texts": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "int": lambda value: type(value) is int,
    "count": lambda value: type(value) is int and value >= 0,
    "bool": lambda value: type(value) is bool,
    "instant": is_instant,
    "hash": lambda value: isinstance(value, str) and HEX64.fullmatch(value) is not None,
    "object": lambda value: isinstance(value, dict),
    "counts": lambda value: (
        isinstance(value, dict) and all(type(one) is int and one >= 0 for one in value.values())
    ),
}


class Form:
    """An object's members. `more`: whether members beside them are passed over."""

    def __init__(self, notation: str, *, more: bool = False, null: bool = False, **nested: Any) -> None:
        self.more, self.null, self.members = more, null, {}
        for part in notation.split():
            name, kind = part.split(":")
            self.members[name.rstrip("?")] = (name[-1] == "?", kind[-1] == "?", KINDS[kind.rstrip("?")])
        for name, form in nested.items():
            self.members[name] = (False, False, form)

    def __call__(self, value: Json) -> bool:
        if value is None and self.null:
            return True
        if not isinstance(value, dict) or not (self.more or value.keys() <= self.members.keys()):
            return False
        for name, (optional, null, fits) in self.members.items():
            if name not in value:
                if not optional:
                    return False
            elif not (fits(value[name]) or (null and value[name] is None)):
                return False
        return True


def each(form: Any) -> Any:
    return lambda value: isinstance(value, list) and all(form(one) for one in value)


def by_name(form: Any, least: int = 0) -> Any:
    return lambda value: isinstance(value, dict) and len(value) >= least and all(map(form, value.values()))


def one_of(*words: str) -> Any:
    return lambda value: value in words


PERIOD = Form("from:instant to:instant tz:text")
ITEMS = each(Form("item:text keys?:texts", more=True))
CHANGEABLE = {  # members of a key that key.update may change (§9)
    name: Form(f"new:{kind}", more=True)
    for kind, names in {
        "text": "account sub_account purpose desk owner storage",
        "texts": "scopes_granted scopes_needed ip_allow",
        "bool": "ip_supported",
        "instant?": "expires_at",
    }.items()
    for name in names.split()
}


def is_changes(value: Json) -> bool:
    return isinstance(value, dict) and all(CHANGEABLE[one](value[one]) for one in value if one in CHANGEABLE)


def body(notation: str, **nested: Any) -> Form:
    return Form(notation, more=True, **nested)


SCOPES_VENUE = body("scopes_origin?:text")
REGISTERED = (
    "key:text hint?:text account:text sub_account?:text kind:text purpose:text desk:text owner:text "
    "scopes_granted:texts scopes_needed:texts ip_allow:texts ip_supported:bool created_at?:instant "
    "expires_at?:instant storage:text source:text"
)
PARTY = (
    "party:text kind:text relation:text name?:text country?:text contract_ref_sha256:text "
    "contract_from:instant contract_until:instant diligence_at?:instant diligence_until?:instant"
)
INCIDENT = "incident:text class:text keys:texts detected_at:instant how:text"
EXCEPTION = "exception:text control:text key?:text reason:text compensating:text until:instant approval:text"
FIRM_BODIES: dict[str, Any] = {
    "log.genesis": body("log_id:text origin:text role:text firm:object"),
    "agent.enroll": body("origin:text vkey:text host:text from:instant"),
    "agent.retire": body("origin:text at:instant last_seal:int"),
    "log.gap": body("from:instant to:instant cause:text"),
    "log.torn": body("at:instant"),
    "clock.check": body("offset_ms:int source:text ok:bool"),
    "signer.add": body("role:text public_key:text label:text from:instant"),
    "signer.remove": body("role:text public_key:text label:text from:instant"),
    "policy.set": body("name:text version:text sha256:text params:object"),
}
VENUE_BODIES: dict[str, Any] = {
    "key.register": body(REGISTERED + " scopes_venue:object"),
    "key.observe": lambda value: (
        body("key:text by:text scopes_granted:texts ip_allow:texts expires_at?:instant status:text")(value)
        and SCOPES_VENUE(value.get("scopes_venue", {}))
    ),
    "venue.keys_listed": body("by:text count:int keys:texts unknown:texts"),
    "key.update": body("key:text", changes=is_changes),
    "key.rotate": body("old:text new:text reason:text"),
    "key.revoke": body("key:text reason:text by:text at_venue:text"),
    "key.remove": body("key:text by:text reason:text living:bool"),
    "key.revoke_confirmed": body("key:text method:text checked_at:instant meaning:text"),
    "key.invalidated_by_venue": body("key:text noticed_at:instant stage:text venue_ref?:text"),
    "access.grant": body(
        "grant:text key:text person:text capacity:text party?:text from:instant until?:instant basis:text "
        "approval:text"
    ),
    "access.revoke": body("grant:text at:instant reason:text by:text"),
    "handout": body("key:text grant?:text person:text host:text process:text mode:text lease_s:int"),
    "handout.denied": body("key?:text person?:text host:text process:text reason:text"),
    "party.set": body(PARTY),
    "approval.request": body("approval:text action:text subject:object by:text reason:text"),
    "approval.decide": body("approval:text by:text decision:text"),
    "review.open": body("review:text reviewers:texts due:instant", items=ITEMS),
    "review.decide": body("review:text item:text decision:text by:text"),
    "review.apply": body("review:text item:text result:text"),
    "review.close": body("review:text by:text decided:int undecided:int changed:int"),
    "exception.open": body(EXCEPTION),
    "exception.close": body("exception:text reason:text"),
    "incident.open": body(INCIDENT),
    "incident.update": body("incident:text note:text containment?:text"),
    "incident.close": body("incident:text root_cause:text actions:texts"),
    "attestation.issued": body("attestation_id:text serial:int statement_sha256:text", period=PERIOD),
}
SNAPSHOTS = {  # what a snapshot restates, exactly (§9.3)
    "key": Form(
        REGISTERED.replace("?:text", ":text").replace("?:instant", ":instant?")
        + " venue:text registered_at:instant seen:text rotated_from:text? rotated_to:text? listed:instant? "
        "missing:instant? first_use:instant? last_use:instant?",
        proof=Form("by:text observed_at:instant?"),
        revoke=Form("at:instant reason:text by:text at_venue:text", null=True),
        confirmed=Form("at:instant method:text meaning:text checked_at:instant", null=True),
        invalidated=Form("at:instant noticed_at:instant stage:text venue_ref:text?", null=True),
        forgotten=Form("at:instant by:text reason:text living:bool", null=True),
        last_review=Form("review:text decision:text at:instant", null=True),
    ),
    "grant": Form(
        "grant:text key:text person:text capacity:text party:text? from:instant until:instant? basis:text "
        "approval:text given_at:instant",
        ended=Form("at:instant told_at:instant reason:text by:text", null=True),
    ),
    "party": Form(
        PARTY.replace("?:text", ":text").replace("?:instant", ":instant?"),
        contracts=by_name(Form("from:instant until:instant"), least=1),
    ),
    "approval": Form(
        "approval:text action:text subject:object requested_by:text requested_at:instant reason:text "
        "decided_by:text? decision:text? decided_at:instant?"
    ),
    "review": Form(
        "review:text opened_at:instant reviewers:texts due:instant",
        items=ITEMS,
        decisions=each(Form("item:text decision:text by:text at:instant")),
        results=each(Form("item:text result:text at:instant")),
        closed=Form("at:instant by:text decided:int undecided:int changed:int", null=True),
    ),
    "incident": Form(
        INCIDENT + " opened_at:instant",
        notes=each(Form("at:instant note:text containment:text?")),
        closed=Form("at:instant root_cause:text actions:texts", null=True),
    ),
    "exception": Form(
        EXCEPTION.replace("key?:text", "key:text?") + " opened_at:instant",
        closed=Form("at:instant reason:text", null=True),
    ),
    "stranger": Form("key:text since:instant listed:instant? missing:instant?"),
}


def restated(kind: str) -> Any:
    """`{"id", "state"}`; the id is the one the state names."""
    members = ("grant", "key") if kind == "grant" else ("key",) if kind == "stranger" else (kind,)
    form = Form("id:text", state=SNAPSHOTS[kind])
    return lambda value: form(value) and value["id"] == "/".join(value["state"][one] for one in members)


VENUE_BODIES.update((f"snapshot.{kind}", restated(kind)) for kind in SNAPSHOTS)
ATTESTATION = {  # the predicate of a statement (§8)
    "spec": one_of("kga/1"),
    "attestation_id": KINDS["text"],
    "serial": lambda value: type(value) is int and value >= 1,
    "firm": Form("name_local:text name_latin:text registration_no:text country:text lei?:text address?:text"),
    "recipient": Form("venue:text? name:text", kind=one_of("exchange", "auditor", "issuer", "bank", "other")),
    "profile": one_of("venue", "auditor", "summary"),
    "period": PERIOD,
    "issued_at": is_instant,
    "valid_until": is_instant,
    "nonce": lambda value: (
        value is None or (isinstance(value, str) and 1 <= len(value) <= 128 and value.isascii())
    ),
    "officer": Form("name_local:text name_latin:text title_local:text title_latin:text key_sha256:hash"),
    "preparer": Form("name_local:text name_latin:text"),
    "statement_text": Form("ko:text en:text"),
    "reservations": KINDS["texts"],
    "fingerprint_salt": lambda value: value is None or KINDS["hash"](value),
    "logs": each(
        Form(
            "log_id:text origin:text vkey:text seal_no:count checkpoint_size:count from:count to:count "
            "root:hash firm_size:count firm_root:hash",
            role=one_of("primary", "agent"),
            previous=Form("checkpoint_size:count to:count root:hash", null=True),
        )
    ),
    "previous": Form("attestation_id:text serial:count statement_sha256:hash", null=True, period=PERIOD),
    "withheld": Form("records:count why:counts"),
    "register": Form("rows:count root:hash row_secret:hash?"),
    "people_disclosed": each(
        Form("person:text name_local:text name_latin:text role:text purpose:text legal_basis:text")
    ),
    "anchors": each(Form("kind:text over:text name:text time:instant")),
    "declared_limits": lambda value: (
        KINDS["texts"](value)
        and value == sorted(set(value))
        and set(value) <= {"L1", "L2", "L3", "L4", "L5", "L6"}
    ),
    "tool": Form("name:text version:text wheel_sha256:hash?"),
}
RENDERINGS = {
    "statement_sha256": KINDS["hash"],
    "tool": ATTESTATION["tool"],
    "fonts": each(Form("name:text version:text sha256:hash")),
}
PREDICATES = {
    "urn:keyguard:predicate:access-control-attestation:v1": ATTESTATION,
    "urn:keyguard:predicate:renderings:v1": RENDERINGS,
}
SLOT_NAMES = (  # §6.2; the number of a name is its place, from 0
    "firm upbit bithumb coinone korbit gopax binance bybit okx bitget kucoin gate htx mexc coinbase "
    "coinbaseexchange kraken bitstamp gemini bitfinex deribit bitmex cryptocom bingx whitebit bullish bitso "
    "bitflyer bitvavo backpack hyperliquid coincheck bitbank gmocoin hashkey osl independentreserve "
    "btcmarkets luno mercado phemex woo binanceus kucoinfutures krakenfutures upbit-sg upbit-id upbit-th"
).split()
SLOTS = {name: number for number, name in enumerate(SLOT_NAMES)}
SLOTS.update((f"local-{number}", number) for number in range(896, 1024))

# --- 6 The steps of §14.2 -------------------------------------------------------------------------
#
# 1 container, 2 signatures, 3 entries, 4 recipient and age, 6 seals and 7 records of each log, 5 the set of
# logs (its records are proven by then), 8 end of the period, 9 tables, 10 limits and wording, 11 the
# attestation before, 12 anchors, 13 warnings. A failure in 1 to 7 ends it; of 8 to 12 all are told.

STATEMENT, RENDERED, DERIVED = "statement.dsse.json", "renderings.dsse.json", "derived.json"
CODES = ("legal_hold", "third_party_secret", "personal_data")
STREAM_FILES = {"slot.json", "slot.proof.json", "frontier.json", "records.jsonl", "private.jsonl"}
LOG_FILES = {"seal.json", "seal.tlog-proof", "seals.json", "seal_secret.json"}
ENTRY = re.compile(r"[a-z0-9._/-]{1,120}")
LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
MADE = (20, 0, 0, 0, 33)  # version 2.0, no flags, stored, 1980-01-01 00:00:00


class Record:
    """What the tables need of one disclosed record."""

    __slots__ = ("body", "log", "n", "priv", "stream", "t", "type")

    def __init__(self, log: str, stream: str, n: int, value: dict[str, Json]) -> None:
        self.log, self.stream, self.n = log, stream, n
        self.t, self.type, self.body, self.priv = value["t"], value["type"], value["body"], value.get("priv")


class Stream:
    """One opened stream whose records are proven."""

    def __init__(self, name: str, start: int, size: int, root: bytes) -> None:
        self.name, self.start, self.size, self.root = name, start, size, root
        self.records: list[Record] = []
        self.private: dict[int, dict[str, Json]] = {}
        self.withheld: list[str] = []
        self.leaves: list[bytes] = []
        self.frontier: list[bytes] = []

    def root_at(self, size: int) -> str | None:
        """The root at an earlier size; None for one before the range."""
        if not self.start <= size <= self.size:
            return None
        tree = Tree(self.start, self.frontier)
        for leaf in self.leaves[: size - self.start]:
            tree.push(leaf)
        return tree.root().hex()


class Log:
    """One log as its files show it; `seal`, `streams` once proven."""

    def __init__(self, entries: dict[str, bytes], log_id: str) -> None:
        self.id, folder = log_id, f"logs/{log_id}/"
        self.files = {name[len(folder) :]: data for name, data in entries.items() if name.startswith(folder)}
        self.folders = sorted({name.split("/")[0] for name in self.files if "/" in name})
        allowed = LOG_FILES | {f"{one}/{name}" for one in self.folders for name in STREAM_FILES}
        if not self.files.keys() <= allowed:
            raise Malformed(f"{folder} holds a file that has no place there")
        seals = self.json("seals.json", "from", "frontier", "leaves")
        self.seals_from = seals["from"]
        self.seals_frontier, self.seal_leaves = hashes(seals["frontier"]), hashes(seals["leaves"])
        if type(self.seals_from) is not int:
            raise Malformed("seals.json: from is not a number")
        self.seal_bytes = self.need("seal.json")
        self.proof_bytes = self.need("seal.tlog-proof")
        self.secret = None
        if "seal_secret.json" in self.files:
            self.secret = hashes([self.json("seal_secret.json", "seal_secret")["seal_secret"]])[0]
        self.parts = {folder: self._part(folder) for folder in self.folders}
        self.streams: dict[str, Stream] = {}
        self.said: dict[str, Json] = {}
        self.seal: dict[str, Json] = {}
        self.proof: SealProof

    def _part(self, folder: str) -> Part:
        path = hashes(self.json(f"{folder}/slot.proof.json", "path")["path"])
        frontier = self.json(f"{folder}/frontier.json", "from", "frontier")
        lines = self.need(f"{folder}/records.jsonl").split(b"\n")
        if lines.pop() or type(frontier["from"]) is not int:
            raise Malformed(f"{folder}: the last record is cut short, or the range has no begin")
        slot, private = self.need(f"{folder}/slot.json"), self.files.get(f"{folder}/private.jsonl")
        opened = {} if private is None else openings(private)
        return slot, path, frontier["from"], hashes(frontier["frontier"]), lines, opened

    def need(self, name: str) -> bytes:
        if name not in self.files:
            raise Malformed(f"logs/{self.id}/{name} is missing")
        return self.files[name]

    def json(self, name: str, *members: str) -> dict[str, Json]:
        return an_object(self.need(name), name, *members)


def an_object(data: bytes, what: str, *members: str) -> dict[str, Json]:
    try:
        value = canonical(data)
    except ValueError as error:
        raise Malformed(f"{what}: {error}") from None
    if not isinstance(value, dict) or value.keys() != set(members):
        raise Malformed(f"{what} has other members than {', '.join(members)}")
    return value


def hashes(value: Json) -> list[bytes]:
    if not isinstance(value, list) or not all(KINDS["hash"](one) for one in value):
        raise Malformed("not a list of hashes")
    return [bytes.fromhex(one) for one in value]


Part = tuple[bytes, list[bytes], int, list[bytes], list[bytes], dict[int, tuple[str, Json]]]


def openings(data: bytes) -> dict[int, tuple[str, Json]]:
    """`s` and private object by record, of an auditor's private.jsonl (§3). Its texts may be any."""
    found: dict[int, tuple[str, Json]] = {}
    lines = data.split(b"\n")
    if lines.pop() or not lines:
        raise Malformed("private.jsonl is empty, or its last line is cut short")
    for line in lines:
        try:
            value = canonical(line, any_text=True)
        except ValueError as error:
            raise Malformed(f"private.jsonl: {error}") from None
        if not Form("n:count private:object s:hash")(value) or (found and value["n"] <= max(found)):
            raise Malformed("private.jsonl: a line of another form, or out of order")
        found[value["n"]] = value["s"], value["private"]
    return found


class Verification:
    """One run over one bundle: the checks made so far, and what they established."""

    def __init__(self, data: bytes, trust: dict[str, Json] | None, asked: Any) -> None:
        self.data, self.asked, self.first_use = data, asked, trust is None
        self.trust: dict[str, Json] = trust or {}
        self.checks: list[tuple[int, int, str]] = []
        self.entries: dict[str, bytes] = {}
        self.said: dict[str, Json] = {}
        self.signers: list[dict[str, Json]] = []
        self.logs: list[Log] = []
        self.derived: dict[str, Json] | None = None
        self.payload = b""
        self.last: dict[str, Json] | None = None

    def tell(self, step: int, outcome: int, detail: str = "") -> None:
        self.checks.append((step, outcome, detail))

    def warn(self, step: int, detail: str) -> None:
        self.tell(step, WARNINGS, detail)

    @property
    def exit(self) -> int:
        return max((outcome for _, outcome, _ in self.checks), default=MALFORMED)

    def run(self) -> Verification:
        for step, check in ((1, self.step_1), (2, self.step_2), (3, self.step_3), (4, self.step_4)):
            if not self.attempt(step, check):
                return self
        if self.said["profile"] == "summary":
            return self.summary()
        for said in self.said["logs"]:
            if not (self.attempt(6, self.step_6, said) and self.attempt(7, self.step_7, self.logs[-1])):
                return self
        if not self.attempt(5, self.step_5):
            return self
        self.attempt(8, self.step_8)
        if self.attempt(9, self.step_9):
            self.attempt(10, self.step_10)
        self.attempt(11, self.step_11)
        self.attempt(12, self.step_12)
        if self.exit <= WARNINGS:
            self.last = self.remembered()
        if self.said["profile"] == "auditor":
            self.ask()
        self.step_13()
        return self

    def attempt(self, step: int, check: Any, *what: Any) -> bool:
        try:
            detail = check(*what)
        except (Failed, Malformed) as error:
            self.tell(step, FAILED if isinstance(error, Failed) else MALFORMED, str(error))
            return False
        self.tell(step, VERIFIED, detail or "")
        return True

    # Step 1: the container (§3) -------------------------------------------------------------------

    def step_1(self) -> str:
        self.entries = unpacked(self.data)
        return f"{len(self.entries)} entries"

    # Step 2: who signed what (§8) -----------------------------------------------------------------

    def step_2(self) -> str:
        if self.first_use:
            self.trust = trust_on_first_use(self.entries)
        self.payload, kind, signatures = envelope(self.entries, STATEMENT)
        if kind != IN_TOTO:
            raise Failed("the statement's envelope holds a payload of another type")
        keys = {one["key"] for one in self.trust["attesters"] if signs(one["key"], signatures, self.payload)}
        if not keys:
            raise Failed("no pinned key signed the statement")
        self.said, _ = statement(self.payload, "access-control-attestation")
        issued = self.said["issued_at"]
        self.signers = [
            one
            for one in self.trust["attesters"]
            if one["key"] in keys
            and (one["from"] is None or one["from"] <= issued)
            and (one["until"] is None or issued < one["until"])
        ]
        needed = max(self.asked.require_signatures, self.trust["signatures_required"])
        if len({one["key"] for one in self.signers}) < needed:
            raise Failed(f"fewer than {needed} pinned keys signed that were valid when it was issued")
        if self.said["officer"]["key_sha256"] not in {sha256(one["key"]).hex() for one in self.signers}:
            raise Failed("the officer it names is not among those who signed")
        return ", ".join(f"{one['name']} ({sha256(one['key']).hex()[:16]}…)" for one in self.signers)

    # Step 3: every entry is signed for, and nothing else is there (§3) ----------------------------

    def step_3(self) -> None:
        _, subject = statement(self.payload, "access-control-attestation")
        self.same(subject)
        rest = self.entries.keys() - subject.keys() - {STATEMENT, RENDERED}
        reading = {name for name in rest if name.startswith("reading/")}
        if reading or RENDERED in self.entries:
            self.readings(reading)
        for name in sorted(rest - reading):
            if not (name.startswith("anchors/") and name.endswith((".tsr", ".note"))):
                raise Failed(f"{name} is covered by no signature")
        for name, digest in subject.items():
            evidence = name.startswith("evidence/") and name.split("/")[1].split(".")[0] == digest
            if not (name == DERIVED or name.startswith("logs/") or evidence):
                raise Failed(f"the statement covers {name}, which has no place there")

    def readings(self, reading: set[str]) -> None:
        payload, kind, signatures = envelope(self.entries, RENDERED)
        if kind != IN_TOTO or not any(signs(one["key"], signatures, payload) for one in self.signers):
            raise Failed("no signer of the statement signed the reading copies")
        said, subject = statement(payload, "renderings")
        if said["statement_sha256"] != sha256(self.payload).hex() or subject.keys() != reading:
            raise Failed("the reading copies are of another statement, or not those that were signed")
        self.same(subject)

    def same(self, subject: dict[str, str]) -> None:
        for name, digest in subject.items():
            if name not in self.entries:
                raise Failed(f"{name} is missing")
            if sha256(self.entries[name]).hex() != digest:
                raise Failed(f"{name} is not what was signed")

    # Step 4: for whom, when, which ----------------------------------------------------------------

    def step_4(self) -> str:
        said, asked, now = self.said, self.asked, self.asked.now
        recipient, issued, until = said["recipient"], said["issued_at"], said["valid_until"]
        if asked.recipient is not None and recipient["venue"] != asked.recipient:
            raise Failed(f"it is made for {recipient['venue'] or recipient['kind']}, not {asked.recipient}")
        if asked.nonce is not None and said["nonce"] != asked.nonce:
            raise Failed("it does not answer this question: the nonce is another")
        if not said["period"]["from"] < said["period"]["to"] <= issued < until:
            raise Failed("period, issue and end of validity are not in their order")
        if issued > spelled(now + timedelta(minutes=5)):
            raise Failed("it was issued in the future")
        if spelled(now) > until:
            raise Failed(f"it was valid until {until}")
        if asked.max_age_days is not None and issued < spelled(now - timedelta(days=asked.max_age_days)):
            raise Failed(f"it is older than {asked.max_age_days} days")
        last = self.trust["last"]
        if said["serial"] < max(asked.min_serial, last["serial"] if last else 1):
            raise Failed(f"its serial is {said['serial']}: a later one was asked for, or seen already")
        if (
            last
            and said["serial"] == last["serial"]
            and sha256(self.payload).hex() != last["statement_sha256"]
        ):
            raise Failed("another statement with this serial was seen already")
        return f"serial {said['serial']}, {recipient['name']}"

    # Step 6: the log's own signature, and the seal under it (§6.3) --------------------------------

    def step_6(self, said: dict[str, Json]) -> str:
        key = self.trust["logs"].get(said["origin"])
        if key is None:
            raise Failed(f"no key is pinned for the log {said['origin']}")
        if said["origin"] != f"keyguard/{said['log_id']}" or said["vkey"] != key.text:
            raise Failed(f"the statement names another key or id for {said['origin']}")
        shown = sorted({name.split("/")[1] for name in self.entries if name.startswith("logs/")})
        logs = {log_id: Log(self.entries, log_id) for log_id in shown}
        if shown != sorted(one["log_id"] for one in self.said["logs"]):
            raise Failed("the logs shown are not those the statement names")
        log = logs[said["log_id"]]
        log.said = said
        try:
            log.seal = read_seal(log.seal_bytes)
            log.proof = SealProof(log.proof_bytes.decode())
            seals = Tree(log.seals_from, log.seals_frontier)
        except ValueError as error:
            raise Malformed(f"log {log.id}: {error}") from None
        proof, seal_leaf, no = log.proof, leaf_hash(log.seal_bytes), log.seal["no"]
        if proof.origin != key.name or not proof.note.signed(key):
            raise Failed(f"the checkpoint is not one of {key.name}, signed with its pinned key")
        if proof.index != no or path_root(seal_leaf, proof.index, proof.size, proof.path) != proof.root:
            raise Failed("the seal is not in the log at the place it names")
        roots = {seals.size: seals.root().hex()}
        for leaf in log.seal_leaves:
            seals.push(leaf)
            roots[seals.size] = seals.root().hex()
        if (seals.size, seals.root()) != (proof.size, proof.root):
            raise Failed("the seals listed do not lead to the checkpoint")
        place = no - log.seals_from
        if not 0 <= place < len(log.seal_leaves) or log.seal_leaves[place] != seal_leaf:
            raise Failed("the seal is not among those made since the previous attestation")
        if (no, proof.size) != (said["seal_no"], said["checkpoint_size"]):
            raise Failed("the statement names another seal or checkpoint")
        if len(self.witnesses(log)) < self.trust["quorum"]:
            raise Failed(f"fewer than {self.trust['quorum']} pinned witnesses saw the checkpoint")
        before = said["previous"]
        if before is not None and before["checkpoint_size"] != log.seals_from:
            raise Failed("the seals shown do not begin at the previous attestation's checkpoint")
        head = self.head(said)
        if head and roots.get(head["checkpoint_size"]) != head["checkpoint_root"]:
            raise Failed("the seals are not a continuation of those seen last")
        self.logs.append(log)
        return f"{said['origin']} seal {no}"

    def witnesses(self, log: Log) -> dict[str, int]:
        seen = {one.name: log.proof.note.cosigned(one) for one in self.trust["witnesses"]}
        return {name: time for name, time in seen.items() if time is not None}

    def head(self, said: dict[str, Json]) -> dict[str, Json] | None:
        last = self.trust["last"]
        found: dict[str, Json] | None = last["logs"].get(said["origin"]) if last else None
        return found

    # Step 7: every record between the range's begin and the seal (§6.1, §6.2, §6.4) ---------------

    def step_7(self, log: Log) -> str:
        profile, venue = self.said["profile"], self.said["recipient"]["venue"]
        names = (
            {one: one for one in log.folders} if profile == "auditor" else {"venue": venue, "firm": "firm"}
        )
        if set(log.folders) != names.keys() or "firm" not in names:
            raise Failed("the streams shown are not the firm's and the recipient's")
        for name in names.values():
            if name not in SLOTS:
                raise Failed(f"no slot for stream {name}")
        for folder, name in names.items():
            log.streams[name] = open_stream(log, log.parts[folder], name)
        firm, said = log.streams["firm"], log.said
        if firm.start or (firm.size, firm.root.hex()) != (said["firm_size"], said["firm_root"]):
            raise Failed("the firm's stream is not the one the statement names, from its first record on")
        if profile == "auditor":
            self.everything(log)
        elif any(one.private for one in log.streams.values()):
            raise Failed("private parts are opened for an auditor alone")
        else:
            self.range(log, log.streams[venue])
        return f"{sum(len(one.leaves) for one in log.streams.values())} records"

    def range(self, log: Log, shown: Stream) -> None:
        said, before = log.said, log.said["previous"]
        if (shown.start, shown.size, shown.root.hex()) != (said["from"], said["to"], said["root"]):
            raise Failed("the venue's stream is not the one the statement names")
        if before is None and shown.start:
            raise Failed("a first attestation begins with the first record")
        if before is not None and shown.start > before["to"]:
            raise Failed("there is a gap between the previous attestation's records and these")
        if before is not None and shown.root_at(before["to"]) != before["root"]:
            raise Failed("the records before are not those of the previous attestation")
        head = self.head(said)
        if head and shown.root_at(head["to"]) != head["root"]:
            raise Failed("the records are not a continuation of those seen last")

    def everything(self, log: Log) -> None:
        """For an auditor every slot opens: used ones are shown from their first record on, others empty."""
        if log.secret is None or any(one.start for one in log.streams.values()):
            raise Failed("an auditor is shown every stream from its first record on, and the seal's secret")
        said = log.said
        if (said["from"], said["to"], said["root"]) != (0, 0, EMPTY_ROOT.hex()):
            raise Failed("the statement names one stream's range, where all are shown")
        used = {SLOTS[one.name]: one for one in log.streams.values()}
        leaves = []
        for number in range(1024):
            stream = used.get(number)
            name = SLOT_NAMES[number] if number < len(SLOT_NAMES) else stream.name if stream else "-"
            slot = {
                "root": (stream.root if stream else EMPTY_ROOT).hex(),
                "salt": keyed(log.secret, f"keyguard/slot/v1\n{number}"),
                "size": stream.size if stream else 0,
                "slot": number,
                "stream": name,
                "v": 1,
            }
            leaves.append(leaf_hash(encoded(slot)))
        if tree_root(leaves).hex() != log.seal["table"]:
            raise Failed("a stream is not shown: the slots do not lead to the seal's table")

    # Step 5: the set of logs ----------------------------------------------------------------------

    def step_5(self) -> str:
        for log in self.logs:
            first = log.streams["firm"].records[:1]
            told = {name: log.said[name] for name in ("log_id", "origin", "role")}
            if not first or (first[0].n, first[0].type) != (0, "log.genesis"):
                raise Failed(f"the log {log.id} does not begin with its genesis")
            if {name: first[0].body[name] for name in told} != told:
                raise Failed(f"the log {log.id} is by its genesis another, or has another role")
        primary = [log for log in self.logs if log.said["role"] == "primary"]
        if len(primary) != 1:
            raise Failed("exactly one log is the primary one")
        enrolled = {primary[0].said["origin"]}
        for record in primary[0].streams["firm"].records:
            if record.type == "agent.enroll":
                enrolled.add(record.body["origin"])
            elif record.type == "agent.retire" and record.body["at"] < self.said["period"]["from"]:
                enrolled.discard(record.body["origin"])
        shown = {log.said["origin"] for log in self.logs}
        if shown != enrolled:
            raise Failed(f"logs left out, or not enrolled: {', '.join(sorted(shown ^ enrolled))}")
        return str(len(shown))

    # Step 8: the whole period is inside (§6.4) ----------------------------------------------------

    def step_8(self) -> None:
        since = self.said["period"]["from"]
        ended = {  # where each retired log ended
            record.body["origin"]: record.body["last_seal"]
            for log in self.logs
            for record in log.streams["firm"].records
            if log.said["role"] == "primary" and record.type == "agent.retire"
        }
        for log in self.logs:
            last = ended.get(log.said["origin"])
            over = log.said["role"] == "agent" and last is not None and log.seal["no"] >= last
            if log.seal["t"] < self.said["period"]["to"] and not over:
                raise Failed("the seal was made before the period ended: its end is not shown")
            for stream in log.streams.values():
                if stream.start == 0:
                    continue
                first = stream.records[0] if stream.records else None
                if first is None or first.n != stream.start:
                    whole = False
                elif log.said["role"] == "primary":
                    whole = first.type == "snapshot.begin" and first.t <= since
                else:
                    whole = first.t < since
                if not whole:
                    raise Failed(f"{stream.name}: the records shown do not reach back to the period's begin")

    # Step 9: the tables are what the records say (§9) ---------------------------------------------

    def step_9(self) -> None:
        period, register = self.said["period"], self.said["register"]
        withheld = sum(len(one.withheld) for log in self.logs for one in log.streams.values())
        seals = sum(log.seal["no"] + 1 for log in self.logs)
        firm = [record for log in self.logs for record in log.streams["firm"].records]
        tables = {}
        for name in sorted({name for log in self.logs for name in log.streams if name != "firm"}):
            venue = [one for log in self.logs if name in log.streams for one in log.streams[name].records]
            tables[name] = Tables(period, firm + venue).derived(withheld, seals)
        if self.said["profile"] == "auditor":
            self.derived = {"persons": persons(self.logs), "venues": tables}
        else:
            self.derived = next(iter(tables.values()))
        if encoded(self.derived) != self.entries.get(DERIVED):
            self.derived = None
            raise Failed("the tables are not what the records say")
        rows = [row for _, one in sorted(tables.items()) for row in one["register"]]
        if register["row_secret"] is None or register["rows"] != len(rows):
            self.derived = None
            raise Failed("the register has another number of rows, or no secret for them")
        secret = bytes.fromhex(register["row_secret"])
        leaves = [leaf_hash(encoded({"row": row, "salt": keyed(secret, row["key"])})) for row in rows]
        if tree_root(leaves).hex() != register["root"]:
            self.derived = None
            raise Failed("the register's rows do not lead to the root in the statement")

    # Step 10: what the statement says of itself (§8, §12.2) ---------------------------------------

    def step_10(self) -> None:
        said = self.said
        why = Counter(code for log in self.logs for one in log.streams.values() for code in one.withheld)
        if said["withheld"] != {"records": sum(why.values()), "why": dict(why)}:
            raise Failed("the number of withheld records is not the one the statement names")
        if not {"L1", "L2", "L5", "L6"} <= set(said["declared_limits"]):
            raise Failed("a limit that always applies is not declared")
        for number in sorted(contradicted(self.tables())):
            for language, sentences in SENTENCES.items():
                venue = said["recipient"]["name"] if said["recipient"]["venue"] else EVERY_VENUE[language]
                plain = f"({number}) " + sentences[number].replace("{venue}", venue)
                if plain in said["statement_text"][language]:
                    raise Failed(f"sentence ({number}) is confirmed although the findings contradict it")

    def tables(self) -> list[dict[str, Json]]:
        """The derived tables of each venue."""
        if self.derived is None:
            return []
        return list(self.derived["venues"].values()) if "venues" in self.derived else [self.derived]

    # Step 11: the attestation before --------------------------------------------------------------

    def step_11(self) -> None:
        said, before, last = self.said, self.said["previous"], self.trust["last"]
        if (before is None) != (said["serial"] == 1) or (before and before["serial"] != said["serial"] - 1):
            raise Failed("it does not follow on the attestation with the serial before its own")
        if said["profile"] == "venue":
            self.issued(before)
        named = before and before["statement_sha256"]
        if last and last["serial"] == said["serial"] - 1 and named != last["statement_sha256"]:
            raise Failed("it does not follow on the attestation seen last")
        if self.asked.previous is not None:
            self.continues(unpacked(self.asked.previous), before)

    def issued(self, before: dict[str, Json] | None) -> None:
        """The log tells of the one before, and of no other for any part of the same time, but older ones."""
        period, told, serials = self.said["period"], False, set()
        for record in (
            one for log in self.logs for one in log.streams[self.said["recipient"]["venue"]].records
        ):
            if record.type != "attestation.issued":
                continue
            other, serial = record.body["period"], record.body["serial"]
            if before is not None and record.body["attestation_id"] == before["attestation_id"]:
                if record.body["statement_sha256"] != before["statement_sha256"]:
                    raise Failed("the log tells of another statement under the previous one's id")
                told = True
            elif before is not None and serial < before["serial"]:
                pass  # known to who followed the serials
            elif other["from"] < period["to"] and other["to"] > period["from"]:
                name = record.body["attestation_id"]
                raise Failed(f"another attestation was issued for the same time: {name}")
            if serial in serials:
                raise Failed(f"two attestations have the serial {serial}")
            serials.add(serial)
        if before is not None and not told:
            raise Failed("the log does not tell of the previous attestation")

    def continues(self, entries: dict[str, bytes], before: dict[str, Json] | None) -> None:
        """The bundle given as the previous one is it, and its log is what this one goes on from."""
        payload, _, signatures = envelope(entries, STATEMENT)
        said, _ = statement(payload, "access-control-attestation")
        known = any(signs(one["key"], signatures, payload) for one in self.signers)
        if not known or before is None or before["statement_sha256"] != sha256(payload).hex():
            raise Failed("the bundle given as the previous one is another")
        heads = {one["origin"]: one for one in said["logs"]}
        for log in self.logs:
            head = heads.get(log.said["origin"])
            if head is None:
                continue
            told = log.said["previous"]
            if told is None or (told["to"], told["root"]) != (head["to"], head["root"]):
                raise Failed("history was rewritten: it is not what the previous bundle shows")
            try:
                proof = SealProof(Log(entries, head["log_id"]).proof_bytes.decode())
            except ValueError as error:
                raise Malformed(f"the previous bundle's checkpoint: {error}") from None
            seals = Tree(log.seals_from, log.seals_frontier)
            if (seals.size, seals.root()) != (head["checkpoint_size"], proof.root):
                raise Failed("the seal log was rewritten: it does not continue the previous checkpoint")

    # Step 12: who independent saw it (§6.3) -------------------------------------------------------

    def step_12(self) -> str:
        seen = [(time, name) for log in self.logs for name, time in self.witnesses(log).items()]
        for name in sorted(self.entries):
            if name.startswith("anchors/"):
                self.warn(12, f"{name} is not checked here: it counts for nothing (§14.3 shows how)")
        if len(seen) < self.asked.require_anchors:
            raise Failed(f"{len(seen)} independent anchors verify, {self.asked.require_anchors} are required")
        if not seen:
            self.warn(13, "history not anchored: nobody independent saw this log (limit L4)")
            return ""
        time, name = min(seen)
        return f"first seen by {name} at {datetime.fromtimestamp(time, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"

    # Step 13: what a recipient should know although all holds -------------------------------------

    def step_13(self) -> None:
        withheld = sum(len(one.withheld) for log in self.logs for one in log.streams.values())
        venue = self.said["recipient"]["venue"]
        if self.said["issued_at"] > spelled(self.asked.now):
            self.warn(13, "it was issued a few minutes in the future, by this clock")
        if self.first_use:
            self.warn(13, "keys pinned on first use: compare their digests by voice")
        if withheld:
            self.warn(13, f"{withheld} records are withheld")
        if len(self.signers) == 1:
            self.warn(13, "one signature only")
        if venue is not None and not (venue in SLOTS and SLOTS[venue] < len(SLOT_NAMES)):
            self.warn(13, f"{venue} is not in the public table: that it is the only stream is not proven")
        for one in self.tables():
            for kind, count in one["unknown_types"].items():
                self.warn(13, f"{count} records of an unknown type: {kind}")

    def ask(self) -> None:
        """What an auditor has to ask the firm about."""
        streams = [one for log in self.logs for one in log.streams.values()]
        closed = sum(
            one.priv is not None and one.n not in shown.private for shown in streams for one in shown.records
        )
        if closed:
            self.warn(13, f"{closed} private parts are not opened")
        for name in sorted({one.name for one in streams} - set(SLOT_NAMES)):
            self.warn(13, f"{name} is not in the public table of venues: ask which venue it is")
        rows = persons(self.logs)
        for one, other in (("pseudonym", "person"), ("person", "pseudonym")):
            known = Counter((row["venue"], row[one]) for row in rows)
            for venue, name in sorted(place for place, count in known.items() if count > 1):
                self.warn(13, f"who is who is in doubt: {venue}: {name} has more than one {other}")

    def summary(self) -> Verification:
        """The summary profile shows no records: steps 1 to 4 only."""
        if self.said["logs"] or any(name.startswith("logs/") for name in self.entries):
            self.tell(5, FAILED, "a summary shows no logs")
        self.attempt(9, self.chosen_rows)
        self.warn(13, "a summary: its figures are the signer's word, no record stands behind them")
        self.step_13()
        return self

    def chosen_rows(self) -> str:
        """The rows that a summary shows are of the register whose root the statement has (§9.2, §11)."""
        try:
            tables, last = canonical(self.entries.get(DERIVED, b"{}")), -1
        except ValueError as error:
            raise Malformed(f"{DERIVED}: {error}") from None
        if not isinstance(tables, dict):
            raise Malformed(f"{DERIVED} is not an object")
        shown, proofs = tables.get("register", []), tables.get("rows", [])
        if not isinstance(shown, list) or not isinstance(proofs, list) or len(shown) != len(proofs):
            raise Failed("the rows shown are not as many as their proofs")
        for row, proof in zip(shown, proofs, strict=True):
            if not isinstance(proof, dict) or proof.keys() != {"index", "path", "salt"}:
                raise Malformed("a row's proof has other members")
            (salt,), path, index = hashes([proof["salt"]]), hashes(proof["path"]), proof["index"]
            if type(index) is not int or index <= last:
                raise Malformed("the rows are not in the register's order")
            leaf = leaf_hash(encoded({"row": row, "salt": salt.hex()}))
            root = path_root(leaf, index, self.said["register"]["rows"], path)
            if root is None or root.hex() != self.said["register"]["root"]:
                raise Failed(f"row {index} is not of the register that was signed")
            last = index
        return f"{len(shown)} rows of the register are proven, nothing else in the tables"

    def remembered(self) -> dict[str, Json]:
        """What the trust file keeps of a bundle that verified (§14.1)."""
        heads = {
            log.said["origin"]: {
                "checkpoint_size": log.proof.size,
                "checkpoint_root": log.proof.root.hex(),
                "to": log.said["to"],
                "root": log.said["root"],
            }
            for log in self.logs
        }
        return {
            "serial": self.said["serial"],
            "statement_sha256": sha256(self.payload).hex(),
            "logs": dict(sorted(heads.items())),
        }


def unpacked(data: bytes) -> dict[str, bytes]:
    """The entries of a ZIP file whose parts follow each other without a byte between, stored, sorted (§3)."""
    if not END.size <= len(data) <= 2 * 1024**3:
        raise Malformed("not a ZIP file, or more than 2 GiB")
    mark, disk, first_disk, here, count, size, start, comment = END.unpack_from(data, len(data) - END.size)
    if mark != b"PK\x05\x06" or disk or first_disk or comment or here != count or count > 10_000:
        raise Malformed("the ZIP file does not end as a bundle does")
    if start + size + END.size != len(data):
        raise Malformed("bytes stand before, between or after the parts of the ZIP file")
    entries: dict[str, bytes] = {}
    at, offset, last = start, 0, ""
    for _ in range(count):
        if at + CENTRAL.size > start + size:
            raise Malformed("the ZIP file's directory is cut short")
        mark, made_by, *fields = CENTRAL.unpack_from(data, at)
        crc, length, name_size, begin = fields[5], fields[7], fields[8], fields[-1]
        name = data[at + CENTRAL.size : at + CENTRAL.size + name_size].decode("latin-1")
        at += CENTRAL.size + name_size
        parts = name.split("/")
        if at > start + size or not ENTRY.fullmatch(name) or any(one in ("", ".", "..") for one in parts):
            raise Malformed(f"{name!a} is not a name of an entry")
        both = [*MADE, crc, length, length, len(name), 0]
        if (mark, made_by) != (b"PK\x01\x02", 0x0314) or fields != [*both, 0, 0, 0, 0o100644 << 16, begin]:
            raise Malformed(f"{name} is not stored as a plain file")
        if name <= last or begin != offset:
            raise Malformed(f"{name}: entries are not sorted, or bytes stand between them")
        content = offset + LOCAL.size + len(name)
        if content > start or LOCAL.unpack_from(data, offset) != (b"PK\x03\x04", *both):
            raise Malformed(f"{name} is not what the ZIP file's directory says")
        if data[offset + LOCAL.size : content] != name.encode():
            raise Malformed(f"{name} has another name where it stands")
        entries[name] = data[content : content + length]
        if zlib.crc32(entries[name]) != crc:
            raise Malformed(f"{name} is damaged: its checksum is another")
        offset, last = content + length, name
    if at != start + size or offset != start:
        raise Malformed("the ZIP file's directory does not fill its place")
    return entries


IN_TOTO = "application/vnd.in-toto+json"


def envelope(entries: dict[str, bytes], name: str) -> tuple[bytes, str, list[tuple[str, bytes]]]:
    """Payload, its type, the signatures; Malformed unless in the one spelling (DSSE, canonical JSON)."""
    if name not in entries:
        raise Malformed(f"{name} is missing")
    try:
        value = parsed(entries[name])
        signed = Form("payload:text payloadType:text", signatures=each(Form("keyid:text sig:text")))
        if not signed(value) or encoded(value) != entries[name]:
            raise ValueError("not an envelope in its one spelling")
        signatures = [(one["keyid"], from_base64(one["sig"])) for one in value["signatures"]]
        return from_base64(value["payload"]), value["payloadType"], signatures
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None


def signs(key: bytes, signatures: list[tuple[str, bytes]], payload: bytes) -> bool:
    """Whether a signature names this key and is its own, over an in-toto payload (DSSE's PAE)."""
    message = b"DSSEv1 %d %b %d %b" % (len(IN_TOTO), IN_TOTO.encode(), len(payload), payload)
    own = sha256(key).hex()
    return any(keyid == own and signed_by(key, sig, message) for keyid, sig in signatures)


def statement(payload: bytes, kind: str) -> tuple[dict[str, Json], dict[str, str]]:
    """Predicate and subject (digest by entry name) of an in-toto statement; Failed."""
    full = f"urn:keyguard:predicate:{kind}:v1"
    try:
        value = parsed(payload)
        if encoded(value) != payload:
            raise ValueError("not in canonical form")
        fits = Form("_type:text predicateType:text predicate:object", subject=each(SUBJECT))
        if not fits(value) or (value["_type"], value["predicateType"]) != (TYPE, full):
            raise ValueError(f"not a statement of {full}")
        check_profile([value["predicate"], value["subject"]], plain=False)
    except ValueError as error:
        raise Failed(f"the signed statement: {error}") from None
    names, predicate, forms = [one["name"] for one in value["subject"]], value["predicate"], PREDICATES[full]
    if names != sorted(set(names)):
        raise Failed("the subject is not sorted, or names an entry twice")
    if predicate.keys() != forms.keys() or not all(forms[name](predicate[name]) for name in forms):
        raise Failed("the predicate lacks a member, has one too many, or one of another form")
    return predicate, {one["name"]: one["digest"]["sha256"] for one in value["subject"]}


TYPE = "https://in-toto.io/Statement/v1"
SUBJECT = Form("name:text", digest=Form("sha256:hash"))


def trust_on_first_use(entries: dict[str, bytes]) -> dict[str, Json]:
    """The keys that the bundle itself names (§14.1): of logs its statement's, of signers its records'."""
    payload, kind, _ = envelope(entries, STATEMENT)
    if kind != IN_TOTO:
        raise Failed("the statement's envelope holds a payload of another type")
    said, _ = statement(payload, "access-control-attestation")
    attesters: list[dict[str, Json]] = []
    removed: list[dict[str, Json]] = []
    for name in sorted(entries):
        if not name.startswith("logs/") or not name.endswith("/firm/records.jsonl"):
            continue
        if entries[name] and not entries[name].endswith(b"\n"):
            raise Malformed("the last record is cut short")
        for line in entries[name].split(b"\n"):
            if b'"type":"signer.' in line:
                try:
                    value = canonical(line)
                    if not RECORD(value):
                        raise ValueError("not a record")
                    kind, told = value["type"], value["body"]
                    fits = FIRM_BODIES.get(kind) if kind in ("signer.add", "signer.remove") else None
                    if fits and fits(told) and told["role"] == "attester":
                        one = attester(told["label"], told["public_key"], told["from"], None)
                        (attesters if kind == "signer.add" else removed).append(one)
                except ValueError as error:
                    raise Malformed(f"a key that the bundle names: {error}") from None
    for one in attesters:
        gone = (other["from"] for other in removed if other["key"] == one["key"])
        one["until"] = least(at for at in gone if at >= one["from"])
    try:
        logs = {one["origin"]: VerifierKey(one["vkey"]) for one in said["logs"]}
    except ValueError as error:
        raise Malformed(f"a key that the bundle names: {error}") from None
    return {
        "logs": logs,
        "attesters": attesters,
        "witnesses": [],
        "quorum": 0,
        "signatures_required": 1,
        "last": None,
    }


def attester(name: str, key: str, since: str | None, until: str | None) -> dict[str, Json]:
    data = base64.b64decode(key.encode(), validate=True)
    if len(data) != 32:
        raise ValueError("a public key is not 32 bytes long")
    return {"name": name, "key": data, "from": since, "until": until}


def read_seal(data: bytes) -> dict[str, Json]:
    value = canonical(data)
    fits = Form("chain:hash kind:text no:count registry:int slots:int t:instant table:hash v:int")
    if not fits(value) or (value["kind"], value["slots"], value["v"]) != ("seal", 1024, 1):
        raise ValueError("not a seal of version 1")
    return dict(value)


def open_stream(log: Log, part: Part, name: str) -> Stream:
    """The slot is this stream's and in the seal, and all its records from the range's begin are there."""
    slot_bytes, path, start, frontier, lines, opened = part
    try:
        slot, tree = read_slot(slot_bytes), Tree(start, frontier)
    except ValueError as error:
        raise Malformed(f"stream {name}: {error}") from None
    if slot["slot"] != SLOTS[name]:
        raise Failed(f"slot {slot['slot']} is not that of {name}")
    table = path_root(leaf_hash(slot_bytes), slot["slot"], 1024, path)
    if table is None or table.hex() != log.seal["table"]:
        raise Failed(f"the slot of {name} is not in the seal")
    if len(lines) != slot["size"] - start:
        raise Failed(f"{name}: {len(lines)} records are shown, {slot['size'] - start} were sealed")
    stream = Stream(name, start, slot["size"], bytes.fromhex(slot["root"]))
    stream.frontier = list(tree.frontier)
    before = ""
    for n, line in enumerate(lines, start):
        if line.startswith(b'{"leaf":'):
            hidden = an_object(line, "a withheld line", "leaf", "why")
            if hidden["why"] not in CODES:
                raise Malformed("a record is withheld for an unknown reason")
            leaf = hashes([hidden["leaf"]])[0]
            stream.withheld.append(hidden["why"])
        else:
            record = read_record(log.id, name, n, line)
            if record.t < before:
                raise Failed(f"{name} #{n} is older than the one before it")
            before, leaf = record.t, leaf_hash(line)
            stream.records.append(record)
        stream.leaves.append(leaf)
        tree.push(leaf)
    if tree.root() != stream.root:
        raise Failed(f"{name}: the records are not those that were sealed: their root is another")
    committed = {one.n: one.priv for one in stream.records}
    for n, (secret, private) in opened.items():
        if sha256(b"keyguard/priv/v1\n" + bytes.fromhex(secret) + encoded(private)).hex() != committed.get(n):
            raise Failed(f"{name}: the private part of record {n} is not the one that was sealed")
        stream.private[n] = private
    return stream


def read_slot(data: bytes) -> dict[str, Json]:
    value = canonical(data)
    if not Form("root:hash salt:hash size:count slot:count stream:text v:int")(value) or value["v"] != 1:
        raise ValueError("not a slot of version 1")
    number, name = value["slot"], value["stream"]
    public = SLOT_NAMES[number] if number < len(SLOT_NAMES) else "-"
    if number >= 1024 or (name != public and SLOTS.get(name) != number):
        raise ValueError(f"slot {number} does not belong to {name!r}")
    return dict(value)


RECORD = Form("body:object n:count stream:text t:instant type:text v:int salt:text priv?:hash")
SHAPES = {name: re.compile(form) for name, form in (("type", "[a-z0-9_.]{1,64}"), ("salt", "[0-9a-f]{32}"))}


def read_record(log_id: str, stream: str, n: int, line: bytes) -> Record:
    """One line: canonical, a record's members, in its place, its body of its type's form; Failed."""
    where = f"{stream}: line {n}"
    try:
        value = canonical(line)
    except ValueError as error:
        raise Failed(f"{where} is not a record: {error}") from None
    if not RECORD(value) or value["v"] != 1:
        raise Failed(f"{where} is not a record of version 1")
    if not all(form.fullmatch(value[name]) for name, form in SHAPES.items()):
        raise Failed(f"{where}: its type or salt has the wrong form")
    if (value["stream"], value["n"]) != (stream, n):
        raise Failed(f"{where}: {value['stream']} #{value['n']} stands in its place")
    fits = (FIRM_BODIES if stream == "firm" else VENUE_BODIES).get(value["type"])
    if fits is not None and not fits(value["body"]):
        raise Failed(f"{where}: the body has not the form of {value['type']}")
    return Record(log_id, stream, n, value)


def keyed(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


# --- 7 The tables (§9): what the disclosed records of all logs say of one venue and period --------

EXTERNAL = ("contractor", "affiliate_staff", "vendor_staff")
SILENT = set(  # types that change nothing in the tables' state
    "handout.denied snapshot.begin snapshot.end attestation.issued log.genesis agent.enroll agent.retire "
    "agent.start agent.stop log.heartbeat log.gap log.torn log.restore clock.step clock.check signer.add "
    "signer.remove role.assign role.remove people.change store.migrate store.rewrap backup.create "
    "workflow.pause workflow.resume handout.freeze panic.begin incident.change log.late "
    "attestation.stopped orders.cancel orders.cancel_result review.suspend".split()
)
NEVER: dict[str, Json] = {  # a key of which nothing has been said but that it is registered
    **{"sub_account": "", "hint": "", "created_at": None, "expires_at": None, "seen": "enabled"},
    **{"proof": {"by": "declared", "observed_at": None}, "rotated_from": None, "rotated_to": None},
    **{"revoke": None, "confirmed": None, "invalidated": None, "forgotten": None, "listed": None},
    **{"missing": None, "first_use": None, "last_use": None, "last_review": None},
}
SAID_OF_KEY = {  # what these types leave on a key, beside the time
    "key.revoke": ("revoke", "reason", "by", "at_venue"),
    "key.revoke_confirmed": ("confirmed", "method", "meaning", "checked_at"),
    "key.invalidated_by_venue": ("invalidated", "noticed_at", "stage", "venue_ref"),
    "key.remove": ("forgotten", "by", "reason", "living"),
}


def named(notation: str, value: dict[str, Json]) -> dict[str, Json]:
    """The members of a body that the notation lists, as far as they are there."""
    names = [part.split(":")[0].rstrip("?") for part in notation.split()]
    return {name: value[name] for name in names if name in value}


def picked(value: dict[str, Json], names: str) -> dict[str, Json]:
    return {name: value[name] for name in names.split()}


def newest(told: list[dict[str, Json]], new: dict[str, Json]) -> None:
    """The newest word on each item, in the order in which they were said."""
    told[:] = [*(one for one in told if one["item"] != new["item"]), new]


def in_order(entities: dict[str, dict[str, Json]]) -> list[dict[str, Json]]:
    return [entity for _, entity in sorted(entities.items())]


def least(values: Iterable[str]) -> str | None:
    return min(values, default=None)


def most(values: Iterable[str]) -> str | None:
    return max(values, default=None)


NAMES_A_PERSON = {  # where a body has a person's pseudonym, and the private part the same person's own id
    "access.grant": ("person", "person"),
    "access.revoke": ("by", "by"),
    "approval.request": ("by", "asked_by"),
    "approval.decide": ("by", "decided_by"),
    "review.decide": ("by", "by"),
    "role.assign": ("person_f", "person"),
    "role.remove": ("person_f", "person"),
}


def persons(logs: list[Log]) -> list[dict[str, str]]:
    """Who is who at which venue, as the private parts say it (§9)."""
    opened = [
        (record, stream.private[record.n])
        for log in logs
        for stream in log.streams.values()
        for record in stream.records
        if record.n in stream.private
    ]
    rows, names = set(), {}
    for record, private in sorted(opened, key=lambda pair: (pair[0].t, pair[0].log, pair[0].n)):
        told, own = (*NAMES_A_PERSON.get(record.type, ("", "")),)
        pseudonym, person = record.body.get(told), private.get(own)
        if isinstance(pseudonym, str) and isinstance(person, str) and person:
            rows.add((person, record.stream, pseudonym))
        declared = (record.stream, record.type, record.body.get("kind")) == (
            "firm",
            "people.change",
            "person",
        )
        if declared and isinstance(private.get("id"), str) and isinstance(private.get("name"), str):
            names[private["id"]] = private["name"]
    return [
        {"name": names.get(person, ""), "person": person, "pseudonym": pseudonym, "venue": venue}
        for person, venue, pseudonym in sorted(rows)
    ]


class Tables:
    """Follows the records in their order, then makes the tables."""

    def __init__(self, period: dict[str, str], records: list[Record]) -> None:
        self.since, self.until = period["from"], period["to"]
        self.keys: dict[str, dict[str, Json]] = {}
        self.grants: dict[str, dict[str, Json]] = {}
        self.parties: dict[str, dict[str, Json]] = {}
        self.approvals: dict[str, dict[str, Json]] = {}
        self.reviews: dict[str, dict[str, Json]] = {}
        self.incidents: dict[str, dict[str, Json]] = {}
        self.exceptions: dict[str, dict[str, Json]] = {}
        self.strangers: dict[str, dict[str, Json]] = {}
        self.policy: dict[str, Json] = {}
        self.unknown: Counter[str] = Counter()
        self.uses: dict[str, list[Record]] = {}
        self.denied: Counter[str] = Counter()
        self.events: list[dict[str, Json]] = []
        self.by_grant: dict[str, list[dict[str, Json]]] = {}
        told = [one for one in records if one.t < self.until]
        told.sort(key=lambda one: (one.t, one.log, one.stream != "firm", one.stream, one.n))
        self.firm = [one for one in told if one.stream == "firm"]
        for record in told:
            self.follow(record)
        self.alive = [one for one in in_order(self.grants) if self.meets(one["from"], grant_end(one))]
        self.capacity = {one["person"]: (one["capacity"], one["party"]) for one in in_order(self.grants)}
        self.handouts = Counter(one.body["person"] for uses in self.uses.values() for one in uses)
        self.by_key, self.by_person, self.by_party = (self.grouped(one) for one in ("key", "person", "party"))

    def grouped(self, member: str) -> dict[str, list[dict[str, Json]]]:
        """The grants of the period by one of their members."""
        groups: dict[str, list[dict[str, Json]]] = {}
        for grant in self.alive:
            groups.setdefault(grant[member], []).append(grant)
        return groups

    def within(self, at: str | None) -> bool:
        return at is not None and self.since <= at < self.until

    def meets(self, start: str, end: str | None) -> bool:
        """Whether the half-open span shares an instant with the period."""
        return start < self.until and (end is None or end > self.since)

    # What each record changes (§9.3) --------------------------------------------------------------

    def follow(self, record: Record) -> None:
        kind, said, at = record.type, record.body, record.t
        if record.stream == "firm":
            if kind == "policy.set":
                self.policy.update(said["params"])
            elif kind not in SILENT:
                self.unknown[kind] += 1
        elif kind == "handout":
            if self.within(at):
                self.uses.setdefault(said["key"], []).append(record)
            if said["key"] in self.keys:
                key = self.keys[said["key"]]
                key.update(first_use=key["first_use"] or at, last_use=at)
        elif kind == "handout.denied":
            self.denied[said.get("key", "")] += self.within(at)
        elif kind.startswith("key."):
            self.follow_key(record)
        elif kind.startswith("snapshot.") and kind[9:] in SNAPSHOTS:
            self.restate(kind[9:], said["id"], dict(said["state"]))
        elif kind == "venue.keys_listed":
            self.listed(said, at)
        elif kind == "access.grant":
            grant: dict[str, Json] = {"party": None, "until": None, "given_at": at, "ended": None}
            grant.update(named("grant: key: person: capacity: party: from: until: basis: approval:", said))
            self.restate("grant", f"{said['grant']}/{said['key']}", grant)
        elif kind == "access.revoke":
            for grant in self.by_grant.get(said["grant"], []):
                if grant["ended"] is None:
                    grant["ended"] = {"told_at": at, **picked(said, "at reason by")}
        elif kind == "party.set":
            party: dict[str, Json] = {
                "name": "",
                "country": "",
                "diligence_at": None,
                "diligence_until": None,
            }
            party.update(named(PARTY, said))
            span = {"from": said["contract_from"], "until": said["contract_until"]}
            known = self.parties.get(said["party"], {"contracts": {}})
            party["contracts"] = {**known["contracts"], said["contract_ref_sha256"]: span}
            self.parties[said["party"]] = party
        else:
            self.follow_case(record)

    def follow_key(self, record: Record) -> None:
        kind, said, at = record.type, record.body, record.t
        if kind == "key.register":
            known = self.keys.get(said["key"], {})
            fresh = {**NEVER, "venue": record.stream, "registered_at": at}
            kept = {name: known.get(name, value) for name, value in fresh.items()}
            self.keys[said["key"]] = {**kept, **named(REGISTERED, said)}
            self.strangers.pop(said["key"], None)
            return
        if kind == "key.rotate":
            self.event(at, "rotated", said["old"], other=said["new"], reason=said["reason"])
            for one, member, other in (("old", "rotated_to", "new"), ("new", "rotated_from", "old")):
                if said[one] in self.keys:
                    self.keys[said[one]][member] = said[other]
            return
        if kind == "key.revoke":
            self.event(at, "revoked", said["key"], reason=said["reason"], by=said["by"])
        elif kind == "key.invalidated_by_venue":
            self.event(at, "invalidated_by_venue", said["key"], reason=said["stage"])
        elif kind == "key.remove":
            self.event(at, "forgotten", said["key"], reason=said["reason"], by=said["by"])
        elif kind not in VENUE_BODIES:
            self.unknown[kind] += 1
            return
        key = self.keys.get(said["key"])
        if key is None:
            return
        if kind in SAID_OF_KEY:
            member, *names = SAID_OF_KEY[kind]
            key[member] = {"at": at, **{name: said.get(name) for name in names}}
        elif kind == "key.observe":
            key["seen"] = said["status"]
            if said["status"] in ("enabled", "disabled"):
                origin = said.get("scopes_venue", {}).get("scopes_origin", "reported")
                by = said["by"] if origin == "reported" else origin
                key["proof"] = {"by": by, "observed_at": at}
                key.update(named("scopes_granted: ip_allow: expires_at:", said))
        elif kind == "key.update":
            key.update({one: said["changes"][one]["new"] for one in said["changes"] if one in CHANGEABLE})

    def follow_case(self, record: Record) -> None:
        """Approvals, reviews, incidents, exceptions."""
        kind, said, at = record.type, record.body, record.t
        if kind == "approval.request":
            asked = {
                "requested_by": said["by"],
                "requested_at": at,
                **picked(said, "approval action subject"),
            }
            nothing = {"decided_by": None, "decision": None, "decided_at": None}
            self.approvals[said["approval"]] = {**asked, **nothing, "reason": said["reason"]}
        elif kind == "review.open":
            review: dict[str, Json] = {"opened_at": at, "decisions": [], "results": [], "closed": None}
            self.reviews[said["review"]] = {**review, **picked(said, "review items reviewers due")}
        elif kind == "incident.open":
            incident = {**named(INCIDENT, said), "opened_at": at, "notes": [], "closed": None}
            self.incidents[said["incident"]] = incident
        elif kind == "exception.open":
            exception = {"key": None, **named(EXCEPTION, said), "opened_at": at, "closed": None}
            self.exceptions[said["exception"]] = exception
        elif kind == "approval.decide" and said["approval"] in self.approvals:
            decided = {"decided_by": said["by"], "decision": said["decision"], "decided_at": at}
            self.approvals[said["approval"]].update(decided)
        elif kind == "review.decide" and said["review"] in self.reviews:
            self.decide(self.reviews[said["review"]], said, at)
        elif kind == "review.apply" and said["review"] in self.reviews:
            newest(self.reviews[said["review"]]["results"], {**picked(said, "item result"), "at": at})
        elif kind == "review.close" and said["review"] in self.reviews:
            closed = {"at": at, **picked(said, "by decided undecided changed")}
            self.reviews[said["review"]]["closed"] = closed
        elif kind == "incident.update" and said["incident"] in self.incidents:
            note = {"at": at, "note": said["note"], "containment": said.get("containment")}
            incident = self.incidents[said["incident"]]
            incident["notes"] = [*incident["notes"], note]
        elif kind == "incident.close" and said["incident"] in self.incidents:
            self.incidents[said["incident"]]["closed"] = {"at": at, **picked(said, "root_cause actions")}
        elif kind == "exception.close" and said["exception"] in self.exceptions:
            self.exceptions[said["exception"]]["closed"] = {"at": at, "reason": said["reason"]}
        elif kind not in VENUE_BODIES and kind not in SILENT:
            self.unknown[kind] += 1

    def decide(self, review: dict[str, Json], said: dict[str, Json], at: str) -> None:
        decision = {"decision": said["decision"], "at": at}
        newest(review["decisions"], {**decision, "by": said["by"], "item": said["item"]})
        for item in review["items"]:
            for one in item.get("keys", ()) if item["item"] == said["item"] else ():
                if one in self.keys:
                    self.keys[one]["last_review"] = {**decision, "review": review["review"]}

    def restate(self, kind: str, id_: str, entity: dict[str, Json]) -> None:
        tables = {
            **{"key": self.keys, "grant": self.grants, "party": self.parties, "approval": self.approvals},
            **{"review": self.reviews, "incident": self.incidents, "exception": self.exceptions},
            **{"stranger": self.strangers},
        }
        if kind == "grant":
            same = self.by_grant.setdefault(entity["grant"], [])
            same[:] = [one for one in same if one["key"] != entity["key"]] + [entity]
        tables[kind][id_] = entity

    def listed(self, said: dict[str, Json], at: str) -> None:
        """A list is of one account, which it does not name: keys listed together are of one account."""
        shown = set(said["keys"])
        for one in said["unknown"]:
            if one in self.keys and self.keys[one]["forgotten"] is None:
                continue
            self.strangers.setdefault(one, {"key": one, "since": at, "listed": None, "missing": None})
        everyone = [*self.keys.values(), *self.strangers.values()]
        accounts = {one["listed"] for one in everyone if one["key"] in shown and one["listed"]}
        account = min(accounts, default=at)
        for one in everyone:
            if one["key"] in shown:
                one.update(listed=account, missing=None)
            elif one["listed"] in accounts:
                one["missing"] = one["missing"] or at
        gone = [name for name, one in self.strangers.items() if one["missing"] is not None]
        for name in gone:
            del self.strangers[name]

    def event(self, at: str, what: str, key: str, **more: Json) -> None:
        if self.within(at):
            empty = {"other": None, "reason": None, "by": None, "confirmed_at": None, "lag_s": None}
            self.events.append({"at": at, "event": what, "key": key, **empty, **more})

    # The tables (§9.1, §9.2) ----------------------------------------------------------------------

    def derived(self, withheld: int, seals: int) -> dict[str, Json]:
        hits = set(findings(self))
        if withheld:
            hits.add(("F23", "", self.since))
        first: dict[tuple[str, str], str] = {}
        for code, row, since in sorted(hits):
            first.setdefault((code, row), since)
        codes: dict[str, list[str]] = {}
        for code, row in sorted(first):
            codes.setdefault(row, []).append(code)
        tables = {
            "spec": "kga/1",
            "complete": not withheld,
            "register": [self.register_row(key, codes.get(key["key"], [])) for key in self.existed()],
            "people": self.people(),
            "parties": [self.party_row(party) for party in in_order(self.parties)],
            "grants": sorted(self.alive, key=lambda one: (one["grant"], one["key"])),
            "approvals": self.approval_rows(),
            "reviews": [self.review_row(one) for one in self.open_in_period(self.reviews)],
            "lifecycle": self.lifecycle(),
            "incidents": self.open_in_period(self.incidents),
            "exceptions": self.open_in_period(self.exceptions),
            "findings": self.finding_rows(first),
            "unknown_types": dict(self.unknown),
        }
        tables["summary"] = self.summary(tables, seals)
        return tables

    def existed(self) -> list[dict[str, Json]]:
        return [one for one in in_order(self.keys) if self.meets(began(one), ended_at(one))]

    def status(self, key: dict[str, Json]) -> str:
        if key["confirmed"] is not None:
            return "revoked"
        if key["invalidated"] is not None:
            return "invalidated_by_venue"
        if key["revoke"] is not None:
            return "revoked_unconfirmed"
        if key["expires_at"] is not None and key["expires_at"] < self.until:
            return "expired"
        if key["missing"] is not None:
            return "unknown_at_venue"
        return "disabled" if key["seen"] == "disabled" else "active"

    def register_row(self, key: dict[str, Json], codes: list[str]) -> dict[str, Json]:
        name, end = key["key"], ended_at(key)
        uses, grants = self.uses.get(name, []), self.by_key.get(name, [])
        granted, needed = set(key["scopes_granted"]), set(key["scopes_needed"])
        confirmed = key["confirmed"]
        return {
            **picked(key, "key hint venue account sub_account kind purpose desk owner created_at expires_at"),
            **picked(key, "rotated_from rotated_to storage ip_supported last_review"),
            "scopes_granted": sorted(granted),
            "scopes_needed": sorted(needed),
            "scopes_excess": sorted(granted - needed),
            "scopes_proof": key["proof"],
            "ip_allow": sorted(set(key["ip_allow"])),
            "age_days": days(began(key), min(end or self.until, self.until)),
            "status": self.status(key),
            "ended_at": end,
            "revocation": confirmed and picked(confirmed, "method meaning checked_at"),
            "could_use": sorted({one["person"] for one in grants}),
            "did_use": self.did_use(uses),
            "handouts": len(uses),
            "handouts_denied": self.denied[name],
            "first_use": uses[0].t if uses else None,
            "last_use": uses[-1].t if uses else None,
            "grants": sorted({one["grant"] for one in grants}),
            "approvals": sorted({one["approval"] for one in grants}),
            "incidents": sorted(id_ for id_, one in self.incidents.items() if name in one["keys"]),
            "exceptions": sorted(id_ for id_, one in self.exceptions.items() if name == one["key"]),
            "findings": codes,
        }

    def did_use(self, uses: list[Record]) -> list[dict[str, Json]]:
        rows = []
        for person in sorted({one.body["person"] for one in uses}):
            mine = [one for one in uses if one.body["person"] == person]
            capacity, party = self.capacity.get(person, (None, None))
            row = {"person": person, "capacity": capacity, "party": party, "handouts": len(mine)}
            hosts = sorted({one.body["host"] for one in mine})
            rows.append({**row, "first": mine[0].t, "last": mine[-1].t, "hosts": hosts})
        return rows

    def people(self) -> list[dict[str, Json]]:
        used: dict[str, list[str]] = {}
        for record in (one for uses in self.uses.values() for one in uses):
            used.setdefault(record.body["person"], []).append(record.t)
        rows = []
        for person in sorted(self.by_person.keys() | used.keys()):
            grants, times_ = self.by_person.get(person, []), used.get(person, [])
            capacity, party = self.capacity.get(person, (None, None))
            ends = [grant_end(one) for one in grants]
            left = [one["ended"] for one in grants if one["ended"] and one["ended"]["reason"] == "leaver"]
            gone, told = least(one["at"] for one in left), most(one["told_at"] for one in left)
            row = {
                "person": person,
                "capacity": capacity,
                "party": party,
                "desks": sorted({self.keys[one["key"]]["desk"] for one in grants if one["key"] in self.keys}),
                "keys": sorted({one["key"] for one in grants}),
                "granted_from": least(one["from"] for one in grants),
                "granted_until": None if None in ends else most(end for end in ends if end),
                "handouts": len(times_),
                "first": least(times_),
                "last": most(times_),
                "offboarded_at": gone,
                "days_to_revoke": days(gone, told) if gone and told else None,
            }
            rows.append(row)
        return rows

    def party_row(self, party: dict[str, Json]) -> dict[str, Json]:
        grants = self.by_party.get(party["party"], [])
        persons = {one["person"] for one in grants}
        return {
            **{name: value for name, value in party.items() if name != "contracts"},
            "persons": len(persons),
            "keys": len({one["key"] for one in grants}),
            "handouts": sum(self.handouts[one] for one in persons),
            "contract_valid_in_period": uncovered(party, self.since, self.until) is None,
        }

    def approval_rows(self) -> list[dict[str, Json]]:
        needed = {one["approval"] for one in self.alive}
        names = "approval action subject requested_by decided_by decision requested_at decided_at"
        return [
            {**picked(one, names), "self_approved": self_approved(one)}
            for one in in_order(self.approvals)
            if one["approval"] in needed or self.within(one["requested_at"]) or self.within(one["decided_at"])
        ]

    def review_row(self, review: dict[str, Json]) -> dict[str, Json]:
        decided = Counter(one["decision"] for one in review["decisions"])
        closed = review["closed"]["at"] if review["closed"] else None
        return {
            "review": review["review"],
            "opened": review["opened_at"],
            "due": review["due"],
            "closed": closed,
            "items": len(review["items"]),
            **{word: decided[word] for word in ("keep", "reduce", "remove")},
            "undecided": len(review["items"]) - sum(decided.values()) + decided["unknown"],
            "late": review["due"] < (closed or self.until),
        }

    def lifecycle(self) -> list[dict[str, Json]]:
        for row in self.events:
            key = self.keys.get(row["key"])
            if row["event"] == "revoked" and key is not None and key["confirmed"] is not None:
                row["confirmed_at"] = key["confirmed"]["at"]
                row["lag_s"] = seconds(row["at"], row["confirmed_at"])
        for key in in_order(self.keys):
            if key["created_at"] is not None:
                self.event(key["created_at"], "created", key["key"])
        return sorted(self.events, key=lambda row: (row["at"], row["event"], row["key"]))

    def open_in_period(self, entities: dict[str, dict[str, Json]]) -> list[dict[str, Json]]:
        """Reviews, incidents, exceptions that were open at any instant of the period."""
        return [
            one
            for one in in_order(entities)
            if self.meets(one["opened_at"], one["closed"]["at"] if one["closed"] else None)
        ]

    def finding_rows(self, first: dict[tuple[str, str], str]) -> list[dict[str, Json]]:
        groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for (code, row), since in first.items():
            groups.setdefault((code, self.covering(code, row)), []).append((row, since))
        return [
            {
                "code": code,
                "severity": SEVERITY[code],
                "rows": sorted(row for row, _ in group if row),
                "since": min(since for _, since in group),
                "exception": exception or None,
            }
            for (code, exception), group in sorted(groups.items())
        ]

    def covering(self, code: str, row: str) -> str:
        for id_, one in sorted(self.exceptions.items()):
            covers = one["control"] == code and one["key"] in (None, row)
            if covers and one["closed"] is None and one["until"] >= self.until:
                return id_
        return ""

    def summary(self, tables: dict[str, Json], seals: int) -> dict[str, Json]:
        register, people = tables["register"], tables["people"]
        alive = [row for row in register if row["status"] in ("active", "disabled")]
        events = Counter(row["event"] for row in tables["lifecycle"])
        severities = Counter(row["severity"] for row in tables["findings"])
        return {
            "keys": len(register),
            "active": sum(row["status"] == "active" for row in register),
            **{event: events[event] for event in ("created", "rotated", "revoked")},
            "confirmed": sum(row["confirmed_at"] is not None for row in tables["lifecycle"]),
            "persons_able": len({person for row in register for person in row["could_use"]}),
            "persons_using": sum(row["handouts"] > 0 for row in people),
            "contractors": sum(row["capacity"] in EXTERNAL for row in people),
            "handouts": sum(row["handouts"] for row in register),
            "denied": sum(self.denied.values()),
            "excess_scope_keys": sum(bool(row["scopes_excess"]) for row in alive),
            "withdraw_keys": sum("withdraw" in row["scopes_granted"] for row in alive),
            "keys_without_ip_list": sum(row["ip_supported"] and not row["ip_allow"] for row in alive),
            "reviews": len(tables["reviews"]),
            "reviews_on_time": sum(not row["late"] for row in tables["reviews"]),
            "incidents": len(tables["incidents"]),
            "exceptions": len(tables["exceptions"]),
            "findings": {word: severities[word] for word in ("high", "medium", "low", "info")},
            "log_gap_minutes": gap_minutes(self),
            "seals": seals,
        }


# --- 8 The findings (§10): (code, what broke the rule, since when) --------------------------------

SEVERITY = {
    **dict.fromkeys("F02 F06 F07 F11 F13 F16 F21".split(), "high"),
    **dict.fromkeys("F01 F03 F04 F08 F09 F10 F12 F14 F17 F18 F22".split(), "medium"),
    **dict.fromkeys("F05 F15 F19 F20".split(), "low"),
    "F23": "info",
}
DAY_S, SILENCE_S, OFFSET_MS = 24 * 3600, 26 * 3600, 1000


def findings(of: Tables) -> Iterator[tuple[str, str, str]]:
    for key in of.existed():
        yield from findings_of_key(of, key)
    for name, stranger in of.strangers.items():
        yield "F11", name, stranger["since"]
    for name, uses in of.uses.items():
        end = ended_at(of.keys[name]) if name in of.keys else None
        for use in uses:
            yield from findings_of_use(of, use, end)
    for grant in of.alive:
        yield from findings_of_grant(of, grant)
    for name, grants in of.by_key.items():
        unexplained = [one["from"] for one in grants if one["basis"] in ("", "not stated")]
        if unexplained and len({one["person"] for one in grants}) > 1:
            yield "F12", name, max(of.since, min(unexplained))
    for review in of.open_in_period(of.reviews):
        closed = review["closed"]
        if review["due"] < (closed["at"] if closed else of.until):
            yield "F09", review["review"], review["due"]
        elif closed and closed["undecided"]:
            yield "F09", review["review"], closed["at"]
    for id_, approval in of.approvals.items():
        if of.within(approval["decided_at"]):
            if approval["decision"] == "approve" and self_approved(approval):
                yield "F22", id_, approval["decided_at"]
            if approval["reason"] == "script_exception":
                yield "F20", id_, approval["decided_at"]
    for id_, exception in of.exceptions.items():
        if exception["closed"] is None and exception["until"] < of.until:
            yield "F18", id_, exception["until"]
    yield from findings_of_log(of)


def findings_of_key(of: Tables, key: dict[str, Json]) -> Iterator[tuple[str, str, str]]:
    name, word, revoke, confirmed = key["key"], of.status(key), key["revoke"], key["confirmed"]
    seen = key["proof"]["observed_at"] or key["registered_at"]
    if word in ("revoked", "revoked_unconfirmed"):
        known = confirmed["at"] if confirmed else of.until
        if revoke and seconds(revoke["at"], known) > DAY_S:
            yield "F10", name, revoke["at"]
        return
    if word == "unknown_at_venue":
        yield "F11", name, key["missing"]
    if key["forgotten"] and key["forgotten"]["living"] and ended_at(key) is None:
        yield "F11", name, key["forgotten"]["at"]
    if word == "expired":
        yield "F05", name, key["expires_at"]
    if word not in ("active", "disabled"):
        return
    granted = set(key["scopes_granted"])
    if granted - set(key["scopes_needed"]):
        yield "F01", name, seen
    if granted & {"withdraw", "manage_keys"}:
        yield "F02", name, seen
    if key["ip_supported"] and not key["ip_allow"]:
        yield "F03", name, seen
    rotation, idle = of.policy.get("rotation_days"), of.policy.get("idle_days")
    if type(rotation) is int and days(began(key), of.until) > rotation:
        yield "F04", name, began(key)
    quiet = key["last_use"] or key["registered_at"]
    if type(idle) is int and days(quiet, of.until) > idle:
        yield "F05", name, quiet
    if key["storage"] in ("plain_file", "unknown"):
        yield "F17", name, key["registered_at"]
    if key["proof"]["by"] not in ("venue_api", "venue_web"):
        yield "F19", name, seen


def findings_of_use(of: Tables, use: Record, key_end: str | None) -> Iterator[tuple[str, str, str]]:
    name, person = use.body["key"], use.body["person"]
    grant = of.grants.get(f"{use.body.get('grant')}/{name}")
    over = grant_end(grant) if grant else None
    if (key_end is not None and use.t >= key_end) or (over is not None and use.t >= over):
        yield "F16", name, use.t
    elif grant is None or grant["person"] != person or use.t < grant["from"]:
        yield "F06", name, use.t


def findings_of_grant(of: Tables, grant: dict[str, Json]) -> Iterator[tuple[str, str, str]]:
    approval, ended = of.approvals.get(grant["approval"]), grant["ended"]
    if approval is None or approval["decision"] != "approve" or self_approved(approval):
        yield "F08", grant["grant"], grant["given_at"]
    if ended and ended["reason"] == "leaver" and days(ended["at"], ended["told_at"]) > 1:
        yield "F21", grant["person"], ended["at"]
    if grant["capacity"] not in EXTERNAL:
        return
    party, end = of.parties.get(grant["party"] or ""), grant_end(grant)
    if party is None:
        yield "F13", grant["person"], grant["from"]
        return
    if end is None or end > max(one["until"] for one in party["contracts"].values()):
        yield "F07", grant["grant"], grant["given_at"]
    last = min(end or of.until, of.until)
    gap = uncovered(party, max(grant["from"], of.since), last)
    if gap is not None:
        yield "F13", party["party"], gap
    checked = party["diligence_until"]
    if party["diligence_at"] is None or (checked is not None and checked < last):
        yield "F13", party["party"], checked or party["contract_from"]


def findings_of_log(of: Tables) -> Iterator[tuple[str, str, str]]:
    checks = [one for one in of.firm if one.type == "clock.check" and of.within(one.t)]
    for record in checks:
        if not record.body["ok"] or abs(record.body["offset_ms"]) > OFFSET_MS:
            yield "F15", "", record.t
    if not checks:
        yield "F15", "", of.since
    for record in of.firm:
        if record.type in ("log.gap", "log.torn") and of.within(record.t):
            yield "F14", "", record.t
    for start, _ in silences(of):
        yield "F14", "", max(start, of.since)


def silences(of: Tables) -> Iterator[tuple[str, str]]:
    """Spans of more than 26 h in which a log's firm stream says nothing, nor why."""
    for log in sorted({one.log for one in of.firm}):
        told = [(one.t, one.type) for one in of.firm if one.log == log]
        for (start, kind), (end, after) in zip(told, [*told[1:], (of.until, "")]):
            explained = kind == "agent.stop" or after == "log.gap"
            if not explained and of.meets(start, end) and seconds(start, end) > SILENCE_S:
                yield start, end


def gap_minutes(of: Tables) -> int:
    gaps = {(one.body["from"], one.body["to"]) for one in of.firm if one.type == "log.gap"}
    spans = ((max(start, of.since), min(end, of.until)) for start, end in gaps | set(silences(of)))
    return sum(seconds(start, end) for start, end in spans if start < end) // 60


def began(key: dict[str, Json]) -> str:
    return str(key["created_at"] or key["registered_at"])


def ended_at(key: dict[str, Json]) -> str | None:
    """Told to the venue, noticed, or else confirmed."""
    if key["revoke"]:
        return str(key["revoke"]["at"])
    if key["invalidated"]:
        return str(key["invalidated"]["noticed_at"])
    return str(key["confirmed"]["at"]) if key["confirmed"] else None


def grant_end(grant: dict[str, Json]) -> str | None:
    return least(one for one in (grant["until"], grant["ended"] and grant["ended"]["at"]) if one)


def uncovered(party: dict[str, Json], start: str, end: str) -> str | None:
    """The first instant of the span that no contract of the party covers."""
    for span in sorted(party["contracts"].values(), key=lambda one: (one["from"], one["until"])):
        if span["from"] <= start < span["until"]:
            start = span["until"]
    return None if start >= end else start


def self_approved(approval: dict[str, Json]) -> bool:
    """Who decided is who asked, or who gains."""
    gains = (approval["requested_by"], approval["subject"].get("person"))
    return approval["decided_by"] is not None and approval["decided_by"] in gains


EVERY_VENUE = {"en": "every venue in the records shown", "ko": "제시된 기록상의 모든 거래소"}
SENTENCES = {  # those that findings can contradict (§12.2)
    "en": {
        1: "the register contains every API key that existed in the firm's accounts at {venue}",
        2: "each key was used only for the recorded purpose by the recorded persons, and was not lent, "
        "transferred to or shared with anyone else",
        3: "access of affiliates, service providers and contractors rests on a valid contract and approval "
        "and was removed without delay when that ended",
    },
    "ko": {
        1: "등록부에는 해당 기간 중 당사 명의 계정에 존재한 모든 API 키가 빠짐없이 기재되어 있습니다",
        2: "각 키는 기재된 용도로 기재된 자만이 사용하였으며, 그 외의 자에게 대여·양도·공유하지 "
        "아니하였습니다",
        3: "계열사·수탁사·계약직 등 외부자의 접근권한은 유효한 계약과 승인에 근거하였고, 그 사유가 종료된 때 "
        "지체 없이 말소하였습니다",
    },
}


def contradicted(tables: list[dict[str, Json]]) -> set[int]:
    codes = {row["code"] for one in tables for row in one["findings"]}
    incidents = [one for table in tables for one in table["incidents"]]
    if any(one["class"] == "suspected_sharing" and one["closed"] is None for one in incidents):
        codes.add("F06")
    against = {1: {"F11"}, 2: {"F06", "F12", "F16"}, 3: {"F07", "F13", "F21"}}
    return {number for number, some in against.items() if codes & some}


# --- 9 The command (§14.1) ------------------------------------------------------------------------

STEPS = (
    "container, signatures, entries, recipient and age, logs, seals, records, end of the period, tables, "
    "limits and wording, previous attestation, independent anchors, warnings"
).split(", ")
WORDS = ("ok", "note", "FAILED", "MALFORMED")
VERDICTS = ("VERIFIED", "VERIFIED WITH WARNINGS", "FAILED", "FAILED")


class Usage(Exception):
    """Exit status 4."""


class Parser(argparse.ArgumentParser):
    """argparse's own exit status is 2, which means another thing here."""

    def error(self, message: str) -> NoReturn:
        raise Usage(message)


def options(words: list[str]) -> argparse.Namespace:
    parser = Parser(prog="kga_verify.py", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("bundle", metavar="BUNDLE", help="the attestation, a .zip file")
    parser.add_argument("--trust", metavar="F", help="keys and what was seen last, as you pinned them")
    parser.add_argument("--tofu", action="store_true", help="take the keys from the bundle, and show them")
    parser.add_argument("--recipient", metavar="VENUE", help="whom it must be made for")
    parser.add_argument("--previous", metavar="F", help="the attestation before this one")
    parser.add_argument("--nonce", metavar="TEXT", help="the question it must answer")
    parser.add_argument("--max-age-days", type=int, metavar="N", help="no older than this")
    parser.add_argument("--min-serial", type=int, default=1, metavar="N", help="no earlier than this")
    parser.add_argument("--require-signatures", type=int, default=1, metavar="K", help="by different keys")
    parser.add_argument("--require-anchors", type=int, default=0, metavar="K", help="independent ones")
    parser.add_argument("--remember", action="store_true", help="note in the trust file what was seen")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    asked = parser.parse_args(words)
    if asked.tofu == bool(asked.trust):
        raise Usage("say whose keys are to be believed: --trust F, or --tofu")
    if asked.tofu and asked.remember:
        raise Usage("there is no trust file to remember in")
    return asked


def read_trust(data: bytes) -> dict[str, Json]:
    """The recipient's own file, in any JSON spelling; Usage saying that it cannot be read."""
    try:
        value = parsed(data)
        trust: dict[str, Json] = {
            "logs": {one["origin"]: VerifierKey(one["vkey"]) for one in value["logs"]},
            "attesters": [
                attester(one["name"], one["public_key"], one.get("from"), one.get("until"))
                for one in value["attesters"]
            ],
            "witnesses": [VerifierKey(one["vkey"]) for one in value.get("witnesses", [])],
            "quorum": value.get("quorum", 0),
            "signatures_required": value.get("signatures_required", 1),
            "last": value.get("last"),
        }
        for one in trust["attesters"]:
            for bound in ("from", "until"):
                if one[bound] is not None:
                    instant(one[bound])
        if any(key.name != origin or key.kind != LOG_KEY for origin, key in trust["logs"].items()):
            raise ValueError("a log's verifier key has another name than its origin")
        if not 0 <= trust["quorum"] <= len(trust["witnesses"]) or trust["signatures_required"] < 1:
            raise ValueError(
                "the quorum or the number of signatures is one that no bundle can reach, or none"
            )
        head = Form("checkpoint_size:count checkpoint_root:hash to:count root:hash")
        fits = Form("serial:count statement_sha256:hash", null=True, logs=by_name(head))
        if not fits(trust["last"]):
            raise ValueError("what was seen last has another form")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Usage(f"the trust file cannot be read: {error}") from None
    return trust


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from None


def remember(path: str, data: bytes, last: dict[str, Json]) -> None:
    text = json.dumps({**json.loads(data), "last": last}, ensure_ascii=False, indent=1, sort_keys=True)
    beside = Path(path + ".new")
    try:
        beside.write_bytes(text.encode() + b"\n")
        beside.replace(path)
    except OSError as error:
        raise Usage(f"what was seen could not be noted in {path}: {error.strerror}") from None


def visible(text: str) -> str:
    """Nothing from the bundle reaches the terminal unescaped."""
    plain = (one if one.isprintable() and ord(one) not in HIDDEN else f"<U+{ord(one):04X}>" for one in text)
    return "".join(plain)


def tell(done: Verification, as_json: bool) -> str:
    said, verdict = done.said, VERDICTS[done.exit]
    checks = sorted(done.checks, key=lambda one: one[0])
    if as_json:
        rows = [
            {"step": step, "what": STEPS[step - 1], "outcome": WORDS[outcome].lower(), "detail": detail}
            for step, outcome, detail in checks
        ]
        summary = done.derived.get("summary") if done.derived else None
        id_ = said.get("attestation_id")
        value = {"verdict": verdict, "exit": done.exit, "checks": rows, "attestation_id": id_}
        return json.dumps({**value, "summary": summary})
    lines = []
    if said:
        period = said["period"]
        lines.append(f"{said['attestation_id']} of {said['firm']['name_latin']}")
        lines.append(
            f"period {period['from']} to {period['to']} ({period['tz']}), issued {said['issued_at']}"
        )
    for step, outcome, detail in checks:
        lines.append(f"{step:>3}  {WORDS[outcome]:<9}  {STEPS[step - 1]}{': ' if detail else ''}{detail}")
    if said and done.first_use:
        lines += [f"log key      {log['vkey']}" for log in said["logs"]]
        lines.append(f"officer key  {said['officer']['key_sha256']} (SHA-256 of the public key)")
    return "\n".join(visible(line) for line in [*lines, verdict])


def main(words: list[str]) -> int:
    try:
        asked = options(words)
        asked.now = datetime.now(timezone.utc)
        asked.previous = read(asked.previous) if asked.previous else None
        trust = read(asked.trust) if asked.trust else None
        pinned = None if trust is None else read_trust(trust)
        done = Verification(read(asked.bundle), pinned, asked).run()
        if asked.remember and trust is not None and done.last is not None:
            remember(asked.trust, trust, done.last)
    except Usage as error:
        sys.stderr.write(f"kga_verify: {visible(str(error))}\n")
        return USAGE
    sys.stdout.buffer.write(tell(done, asked.json).encode() + b"\n")
    return done.exit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
