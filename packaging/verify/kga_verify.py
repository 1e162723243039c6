#!/usr/bin/env python3
"""Verify an access-control attestation (KGA/1) offline: one file, nothing but Python 3.9's standard library.

    python3 -I kga_verify.py BUNDLE.zip --trust trust.json --recipient upbit

It opens no network connection, starts no program, and writes nothing, except into the trust file when told to
--remember. It shares no code with the tool that makes attestations: both were
written from docs/kga-1.md, whose section numbers stand at each part (§).

Exit status: 0 verified, 1 verified with warnings, 2 failed, 3 malformed or unsupported, 4 wrong use.

To read it in order: 1 text and JSON (§4), 2 trees (§6.1), 3 Ed25519 (RFC 8032), 4 notes and checkpoints
(§6.3), 5 forms of records and statements (§5, §8, §9), 6 files of a bundle (§3), 7 the steps of §14.2, 8 what
is private (§9), 9 the tables (§9), 10 the findings (§10), 11 time-stamps (RFC 3161), 12 the command.
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
from collections import Counter, namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

VERIFIED, WARNINGS, FAILED, MALFORMED, USAGE = range(5)
Object = dict[str, Any]  # of JSON


class Malformed(Exception):
    """Not a bundle, or not of a form known here: exit status 3."""


class Failed(Exception):
    """A check did not hold: exit status 2."""


class Usage(Exception):
    """Exit status 4."""


# --- 1 Text, numbers, time, JSON (§4) -------------------------------------------------------------

LARGEST, DEEPEST, LONGEST = 2**53 - 1, 64, 4000
HIDDEN = {0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)}
INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z")
TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')


def no_number(text: str) -> NoReturn:
    raise ValueError("a number that is not an integer")


def integer(text: str) -> int:
    if len(text) > 17:
        raise ValueError("an integer beyond 2^53-1")
    return int(text)


ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
DECODER = json.JSONDecoder(parse_float=no_number, parse_constant=no_number, parse_int=integer)


def encoded(value: Any) -> bytes:
    """The canonical bytes. With ASCII member names and no floats, these are the bytes of RFC 8785."""
    return ENCODER.encode(value).encode()


def parsed(data: bytes) -> Any:
    """Any JSON without floats, not nested too deeply for the parser; ValueError."""
    if data.count(b"{") + data.count(b"[") > DEEPEST:
        depth = 0
        for token in TOKENS.finditer(data):
            depth += 1 if token[0] in b"{[" else -1 if token[0] in b"}]" else 0
            if depth > DEEPEST:
                raise ValueError(f"nested deeper than {DEEPEST}")
    return DECODER.decode(data.decode())


def canonical(data: bytes, any_text: bool = False) -> Any:
    """A value of the restricted profile from its only spelling; `any_text`: but for its texts; ValueError."""
    value = parsed(data)
    harmless = len(data) <= LONGEST and data.isascii() and b"\\" not in data and data.decode().isprintable()
    check_profile(value, any_text or harmless)
    if encoded(value) != data:
        raise ValueError("not in canonical form")
    return value


def check_profile(value: Any, any_text: bool = False) -> None:
    """Names, integers and texts as §4 has them."""
    if isinstance(value, dict):
        for name, member in value.items():
            if not is_member_name(name):
                raise ValueError("a member name is not of [a-z0-9_]")
            check_profile(member, any_text)
    elif isinstance(value, list):
        for item in value:
            check_profile(item, any_text)
    elif isinstance(value, str):
        if not any_text:
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
    return re.fullmatch(r"[a-z0-9_]{1,500}", name) is not None


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


def from_base64(text: Any, size: int | None = None) -> bytes:
    """Bytes, `size` of them, from their one standard spelling; ValueError."""
    if not isinstance(text, str):
        raise ValueError("not base64")
    data = base64.b64decode(text.encode(), validate=True)
    if base64.b64encode(data).decode() != text or size not in (None, len(data)):
        raise ValueError("not the one base64 spelling of its bytes, or not as many as there have to be")
    return data


# --- 2 Trees (§6.1) -------------------------------------------------------------------------------


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def keyed(secret: bytes, text: str) -> str:
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


EMPTY_ROOT = sha256(b"").hex()


def grown(size: int, frontier: list[bytes], leaves: Iterable[bytes], at: Iterable[Any] = ()) -> dict[Any, str]:
    """Roots (hex) of a tree by its size: as it begins, whenever it has a size of `at`, and last as it ends.

    It begins with `size` leaves, of which `frontier` has the roots of the perfect subtrees, largest first.
    """
    peaks, wanted = list(frontier), set(at)
    if size < 0 or bin(size).count("1") != len(peaks):
        raise ValueError("a frontier has not one hash for each binary 1 of its size")
    roots = {size: folded(peaks)}
    for leaf in leaves:
        rest = size
        while rest & 1:  # a subtree of the same size stands at the end: both become one
            leaf, rest = node_hash(peaks.pop(), leaf), rest >> 1
        peaks.append(leaf)
        size += 1
        if size in wanted:
            roots[size] = folded(peaks)
    roots.pop(size, None)
    return {**roots, size: folded(peaks)}


def folded(peaks: list[bytes]) -> str:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = node_hash(left, root)
    return root.hex()


def tree_root(leaves: list[bytes]) -> str:
    return grown(0, [], leaves)[len(leaves)]


def path_root(leaf: bytes, index: int, size: int, path: list[bytes]) -> str | None:
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
    return leaf.hex() if last == 0 else None


# --- 3 Ed25519 (RFC 8032, 5.1.7), without the cofactor, as OpenSSL checks it ----------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z


def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def decompressed(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little") & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and data[31] >> 7):
        return None
    x = x if x & 1 == data[31] >> 7 else P - x
    return x, y, 1, x * y % P


def compressed(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decompressed((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is right: R = S·B - k·A."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, s = decompressed(public), int.from_bytes(signature[32:], "little")
    if key is None or BASE is None or s >= ORDER:
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
        self.name, self.id, coded = [*text.split("+", 2), "", ""][:3]
        data = from_base64(coded, 33)
        if not NAME.fullmatch(self.name) or data[0] not in (LOG_KEY, WITNESS_KEY):
            raise ValueError("not a verifier key of a known type")
        self.text, self.kind, self.public = text, data[0], data[1:]
        if self.id != sha256(self.name.encode() + b"\n" + data)[:4].hex():
            raise ValueError("the verifier key's id is not that of its bytes")


class SealProof:
    """A tlog-proof: the place of a seal, its path, and the signed checkpoint it leads to; ValueError."""

    def __init__(self, data: str) -> None:
        head, blank, note = data.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines[0] != "c2sp.org/tlog-proof@v1" or not 2 <= len(lines) <= 65:
            raise ValueError("not a tlog-proof")
        if not lines[1].startswith("index ") or not COUNT.fullmatch(lines[1][6:]):
            raise ValueError("the tlog-proof has no index")
        self.index, self.path = int(lines[1][6:]), [from_base64(line, 32) for line in lines[2:]]
        text, blank, tail = note.rpartition("\n\n")
        if not blank or not text or not tail.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
            raise ValueError("not a signed note")
        signatures, body = tail[:-1].split("\n"), text.split("\n")
        if len(set(signatures)) != len(signatures):
            raise ValueError("a signature line stands twice")
        if len(body) != 3 or not body[0] or not COUNT.fullmatch(body[1]):
            raise ValueError("not a checkpoint of three lines")
        self.text, self.lines = text + "\n", [self.line(one) for one in signatures]
        self.origin, self.size, self.root = body[0], int(body[1]), from_base64(body[2], 32).hex()

    @staticmethod
    def line(line: str) -> tuple[str, str, bytes]:
        """Name, key id, signature of one line."""
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        data = from_base64(coded)
        if dash != "\N{EM DASH}" or not NAME.fullmatch(name) or len(data) <= 4:
            raise ValueError("not a signature line")
        return name, data[:4].hex(), data[4:]

    def by(self, key: VerifierKey, kind: int) -> list[bytes]:
        """What this key is said to have signed; lines of unknown keys and types are passed over."""
        known = key.kind == kind
        return [data for name, id_, data in self.lines if known and (name, id_) == (key.name, key.id)]

    def signed(self, key: VerifierKey) -> bool:
        return any(signed_by(key.public, one, self.text.encode()) for one in self.by(key, LOG_KEY))

    def cosigned(self, key: VerifierKey) -> int | None:
        """When a witness says it saw the checkpoint, in Unix seconds."""
        seen = []
        for one in self.by(key, WITNESS_KEY):
            time = int.from_bytes(one[:8], "big")
            if signed_by(key.public, one[8:], f"cosignature/v1\ntime {time}\n{self.text}".encode()):
                seen.append(time)
        return min(seen, default=None)


# --- 5 Forms (§5.3, §8, §9): which members an object has, and of which kind -----------------------

Fits = Callable[[Any], bool]


def is_instant(value: Any) -> bool:
    try:
        instant(value)
    except (TypeError, ValueError):
        return False
    return True


def is_limits(value: Any) -> bool:
    return KINDS["texts"](value) and value == sorted(set(value)) and set(value) <= set("L1 L2 L3 L4 L5 L6".split())


KINDS: dict[str, Fits] = {
    "text": lambda value: isinstance(value, str),
    "texts": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "int": lambda value: type(value) is int,
    "count": lambda value: type(value) is int and value >= 0,
    "serial": lambda value: type(value) is int and value >= 1,
    "bool": lambda value: type(value) is bool,
    "instant": is_instant,
    "hash": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
    "nonce": lambda value: isinstance(value, str) and 1 <= len(value) <= 128 and value.isascii(),
    "limits": is_limits,
    "object": lambda value: isinstance(value, dict),
}
MEMBERS: dict[str, list[str]] = {}  # the names of each form's members


def kind(text: str) -> Fits:
    """`x?` or null, `[x]` a list of them, `{x}` some under any names, `=a|b` these words."""
    if text.endswith("?"):
        fits = kind(text[:-1])
        return lambda value: value is None or fits(value)
    if text[0] == "[":
        fits = kind(text[1:-1])
        return lambda value: isinstance(value, list) and all(map(fits, value))
    if text[0] == "{":
        fits = kind(text[1:-1])
        return lambda value: isinstance(value, dict) and all(map(fits, value.values()))
    if text[0] == "=":
        words = text[1:].split("|")
        return lambda value: value in words
    return KINDS[text]


def form(notation: str, more: bool = False) -> Fits:
    """`name:kind` has to be there, `name?:kind` may be absent; `more`: others are passed over."""
    parts = [part.split(":", 1) for part in notation.split()]
    members = [(name.rstrip("?"), name[-1] == "?", kind(text)) for name, text in parts]
    names = {name for name, _, _ in members}

    def fits(value: Any) -> bool:
        if not isinstance(value, dict) or not (more or value.keys() <= names):
            return False
        return all(fit(value[name]) if name in value else absent for name, absent, fit in members)

    return fits


FORMS = """
period from:instant to:instant tz:text
record body:object n:count stream:text t:instant type:text v:int salt:text priv?:hash
opening n:count private:object s:hash
seal chain:hash kind:=seal no:count registry:int slots:int t:instant table:hash v:int
slot root:hash salt:hash size:count slot:count stream:text v:int
signature keyid:text sig:text
envelope payload:text payloadType:text signatures:[signature]
digest sha256:hash
subject name:text digest:digest
statement _type:=https://in-toto.io/Statement/v1 predicateType:text predicate:object subject:[subject]
head checkpoint_size:count checkpoint_root:hash to:count root:hash
last serial:count statement_sha256:hash logs:{head}

firm name_local:text name_latin:text registration_no:text country:text lei?:text address?:text
recipient venue:text? name:text kind:=exchange|auditor|issuer|bank|other
officer name_local:text name_latin:text title_local:text title_latin:text key_sha256:hash
preparer name_local:text name_latin:text
both ko:text en:text
log_before checkpoint_size:count to:count root:hash
log log_id:text origin:text vkey:text role:=primary|agent seal_no:count checkpoint_size:count from:count to:count
    root:hash firm_size:count firm_root:hash previous:log_before?
before attestation_id:text serial:count statement_sha256:hash period:period
withheld records:count why:{count}
register rows:count root:hash row_secret:hash?
disclosed person:text name_local:text name_latin:text role:text purpose:text legal_basis:text
anchor kind:text over:text name:text time:instant
tool name:text version:text wheel_sha256:hash?
font name:text version:text sha256:hash
access-control-attestation spec:=kga/1 attestation_id:text serial:serial firm:firm recipient:recipient
    profile:=venue|auditor|summary period:period issued_at:instant valid_until:instant nonce:nonce? officer:officer
    preparer:preparer statement_text:both reservations:texts fingerprint_salt:hash? logs:[log] previous:before?
    withheld:withheld register:register people_disclosed:[disclosed] anchors:[anchor] declared_limits:limits tool:tool
renderings statement_sha256:hash tool:tool fonts:[font]

firm/log.genesis+ log_id:text origin:text role:text firm:object
firm/agent.enroll+ origin:text vkey:text host:text from:instant
firm/agent.retire+ origin:text at:instant last_seal:int
firm/log.gap+ from:instant to:instant cause:text
firm/log.torn+ at:instant
firm/clock.check+ offset_ms:int source:text ok:bool
firm/signer.add+ role:text public_key:text label:text from:instant
firm/signer.remove+ role:text public_key:text label:text from:instant
firm/policy.set+ name:text version:text sha256:text params:object

own_words+ scopes_origin?:text
new_text+ new:text
new_texts+ new:texts
new_bool+ new:bool
new_instant+ new:instant?
changes+ account?:new_text sub_account?:new_text purpose?:new_text desk?:new_text owner?:new_text storage?:new_text
    scopes_granted?:new_texts scopes_needed?:new_texts ip_allow?:new_texts ip_supported?:new_bool
    expires_at?:new_instant
item+ item:text keys?:texts
venue/key.register+ key:text hint?:text account:text sub_account?:text kind:text purpose:text desk:text owner:text
    scopes_granted:texts scopes_needed:texts scopes_venue:object ip_allow:texts ip_supported:bool created_at?:instant
    expires_at?:instant storage:text source:text
venue/key.observe+ key:text by:text scopes_granted:texts ip_allow:texts expires_at?:instant status:text
    scopes_venue?:own_words
venue/venue.keys_listed+ by:text count:int keys:texts unknown:texts
venue/key.update+ key:text changes:changes
venue/key.rotate+ old:text new:text reason:text
venue/key.revoke+ key:text reason:text by:text at_venue:text
venue/key.remove+ key:text by:text reason:text living:bool
venue/key.revoke_confirmed+ key:text method:text checked_at:instant meaning:text
venue/key.invalidated_by_venue+ key:text noticed_at:instant stage:text venue_ref?:text
venue/access.grant+ grant:text key:text person:text capacity:text party?:text from:instant until?:instant basis:text
    approval:text
venue/access.revoke+ grant:text at:instant reason:text by:text
venue/handout+ key:text grant?:text person:text host:text process:text mode:text lease_s:int
venue/handout.denied+ key?:text person?:text host:text process:text reason:text
venue/party.set+ party:text kind:text relation:text name?:text country?:text contract_ref_sha256:text
    contract_from:instant contract_until:instant diligence_at?:instant diligence_until?:instant
venue/approval.request+ approval:text action:text subject:object by:text reason:text
venue/approval.decide+ approval:text by:text decision:text
venue/review.open+ review:text items:[item] reviewers:texts due:instant
venue/review.decide+ review:text item:text decision:text by:text
venue/review.apply+ review:text item:text result:text
venue/review.close+ review:text by:text decided:int undecided:int changed:int
venue/exception.open+ exception:text control:text key?:text reason:text compensating:text until:instant approval:text
venue/exception.close+ exception:text reason:text
venue/incident.open+ incident:text class:text keys:texts detected_at:instant how:text
venue/incident.update+ incident:text note:text containment?:text
venue/incident.close+ incident:text root_cause:text actions:texts
venue/attestation.issued+ attestation_id:text serial:int statement_sha256:text period:period

proof by:text observed_at:instant?
revoked at:instant reason:text by:text at_venue:text
confirmed at:instant method:text meaning:text checked_at:instant
invalidated at:instant noticed_at:instant stage:text venue_ref:text?
forgotten at:instant by:text reason:text living:bool
reviewed review:text decision:text at:instant
ended at:instant told_at:instant reason:text by:text
span from:instant until:instant
decision item:text decision:text by:text at:instant
result item:text result:text at:instant
review_end at:instant by:text decided:int undecided:int changed:int
note at:instant note:text containment:text?
incident_end at:instant root_cause:text actions:texts
exception_end at:instant reason:text
state/key key:text hint:text account:text sub_account:text kind:text purpose:text desk:text owner:text
    scopes_granted:texts scopes_needed:texts ip_allow:texts ip_supported:bool created_at:instant? expires_at:instant?
    storage:text source:text venue:text registered_at:instant seen:text rotated_from:text? rotated_to:text?
    listed:instant? missing:instant? first_use:instant? last_use:instant? proof:proof revoke:revoked?
    confirmed:confirmed? invalidated:invalidated? forgotten:forgotten? last_review:reviewed?
state/grant grant:text key:text person:text capacity:text party:text? from:instant until:instant? basis:text
    approval:text given_at:instant ended:ended?
state/party party:text kind:text relation:text name:text country:text contract_ref_sha256:text contract_from:instant
    contract_until:instant diligence_at:instant? diligence_until:instant? contracts:{span}
state/approval approval:text action:text subject:object requested_by:text requested_at:instant reason:text
    decided_by:text? decision:text? decided_at:instant?
state/review review:text opened_at:instant items:[item] reviewers:texts due:instant decisions:[decision]
    results:[result] closed:review_end?
state/incident incident:text class:text keys:texts detected_at:instant how:text opened_at:instant notes:[note]
    closed:incident_end?
state/exception exception:text control:text key:text? reason:text compensating:text until:instant approval:text
    opened_at:instant closed:exception_end?
state/stranger key:text since:instant listed:instant? missing:instant?
"""
for line in FORMS.replace("\n    ", " ").split("\n"):
    title, _, notation = line.partition(" ")
    if title:
        KINDS[title.rstrip("+")] = form(notation, more=title[-1] == "+")
        MEMBERS[title.rstrip("+")] = [part.split(":")[0].rstrip("?") for part in notation.split()]
SNAPSHOTS = {f"snapshot.{title[6:]}": title[6:] for title in MEMBERS if title.startswith("state/")}
VENUE_TYPES = {title[6:] for title in MEMBERS if title.startswith("venue/")} | SNAPSHOTS.keys()
IDS = {"grant": "grant key", "stranger": "key"}  # of whose members the `id` is; of others it is the entity's own


def fits_type(stream: str, type_: str, body: Object) -> bool:
    """Whether a body has the form of its type; one without rules has any."""
    if stream == "firm" or type_ not in SNAPSHOTS:
        return KINDS.get(f"{'firm' if stream == 'firm' else 'venue'}/{type_}", KINDS["object"])(body)
    entity = SNAPSHOTS[type_]
    state: Object = body.get("state", {})
    if body.keys() != {"id", "state"} or not KINDS[f"state/{entity}"](state):
        return False
    ids = [state[one] for one in IDS.get(entity, entity).split()]
    return bool(body["id"] == "/".join(ids) and (entity != "party" or state["contracts"]))


SLOT_NAMES = (  # §6.2; the number of a name is its place, from 0
    "firm upbit bithumb coinone korbit gopax binance bybit okx bitget kucoin gate htx mexc coinbase "
    "coinbaseexchange kraken bitstamp gemini bitfinex deribit bitmex cryptocom bingx whitebit bullish bitso "
    "bitflyer bitvavo backpack hyperliquid coincheck bitbank gmocoin hashkey osl independentreserve "
    "btcmarkets luno mercado phemex woo binanceus kucoinfutures krakenfutures upbit-sg upbit-id upbit-th"
).split()
SLOTS = {name: number for number, name in enumerate(SLOT_NAMES)}
SLOTS.update((f"local-{number}", number) for number in range(896, 1024))

# --- 6 Files of a bundle (§3) ---------------------------------------------------------------------

STATEMENT, RENDERED, DERIVED = "statement.dsse.json", "renderings.dsse.json", "derived.json"
ATTESTATION, IN_TOTO = "access-control-attestation", "application/vnd.in-toto+json"
CODES = ("legal_hold", "third_party_secret", "personal_data")
STREAM_FILES = {"slot.json", "slot.proof.json", "frontier.json", "records.jsonl", "private.jsonl"}
LOG_FILES = {"seal.json", "seal.tlog-proof", "seals.json", "seal_secret.json"}
LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
MADE = (20, 0, 0, 0, 33)  # version 2.0, no flags, stored, 1980-01-01 00:00:00


def unpacked(data: bytes) -> dict[str, bytes]:
    """The entries of a ZIP file whose parts follow each other without a byte between, stored, sorted."""
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
        odd = not re.fullmatch(r"[a-z0-9._/-]{1,120}", name) or {"", ".", ".."} & set(name.split("/"))
        if at > start + size or odd:
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


def envelope(entries: Mapping[str, bytes], name: str) -> tuple[bytes, list[Object]]:
    """Payload and signatures; Malformed unless in the one spelling (DSSE, canonical JSON), Failed for another type."""
    if name not in entries:
        raise Malformed(f"{name} is missing")
    try:
        value = parsed(entries[name])
        if not KINDS["envelope"](value) or encoded(value) != entries[name]:
            raise ValueError("not an envelope in its one spelling")
        payload = from_base64(value["payload"])
        signatures = [{"keyid": one["keyid"], "sig": from_base64(one["sig"])} for one in value["signatures"]]
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None
    if value["payloadType"] != IN_TOTO:
        raise Failed(f"{name} holds a payload of another type")
    return payload, signatures


def signs(key: bytes, signatures: list[Object], payload: bytes) -> bool:
    """Whether a signature names this key and is its own, over an in-toto payload (DSSE's PAE)."""
    message = b"DSSEv1 %d %b %d %b" % (len(IN_TOTO), IN_TOTO.encode(), len(payload), payload)
    own = sha256(key).hex()
    return any(one["keyid"] == own and signed_by(key, one["sig"], message) for one in signatures)


def statement(payload: bytes, kind_: str) -> tuple[Object, dict[str, str]]:
    """Predicate and subject (digest by entry name) of an in-toto statement; Failed."""
    try:
        value = parsed(payload)
        if encoded(value) != payload:
            raise ValueError("not in canonical form")
        if not KINDS["statement"](value) or value["predicateType"] != f"urn:keyguard:predicate:{kind_}:v1":
            raise ValueError(f"not a statement of {kind_}")
        check_profile([value["predicate"], value["subject"]])
    except ValueError as error:
        raise Failed(f"the signed statement: {error}") from None
    subject = {one["name"]: one["digest"]["sha256"] for one in value["subject"]}
    if [one["name"] for one in value["subject"]] != sorted(subject):
        raise Failed("the subject is not sorted, or names an entry twice")
    if not KINDS[kind_](value["predicate"]):
        raise Failed("the predicate lacks a member, has one too many, or one of another form")
    return value["predicate"], subject


# What the tables need of a disclosed record; a stream's files; a stream whose records are proven, with the roots it
# had by size, and private parts by record.
Record = namedtuple("Record", "log stream n t type body priv")
Part = namedtuple("Part", "slot path start frontier lines openings")
Stream = namedtuple("Stream", "name start size roots records withheld private")


class Log:
    """One log as its files show it; `said`, `seal`, `proof`, `seal_roots`, `streams` once proven."""

    said: Object
    seal: Object
    proof: SealProof
    seal_roots: dict[int, str]
    streams: dict[str, Stream]

    def __init__(self, entries: Mapping[str, bytes], log_id: str) -> None:
        self.id, folder = log_id, f"logs/{log_id}/"
        self.files = {name[len(folder) :]: data for name, data in entries.items() if name.startswith(folder)}
        folders = sorted({name.split("/")[0] for name in self.files if "/" in name})
        if not self.files.keys() <= LOG_FILES | {f"{one}/{name}" for one in folders for name in STREAM_FILES}:
            raise Malformed(f"{folder} holds a file that has no place there")
        seals = self.json("seals.json", "from", "frontier", "leaves")
        self.seals_from = an_int(seals["from"])
        self.seals_frontier, self.seal_leaves = hashes(seals["frontier"]), hashes(seals["leaves"])
        self.need("seal.json")
        self.need("seal.tlog-proof")
        self.secret = None
        if "seal_secret.json" in self.files:
            (self.secret,) = hashes([self.json("seal_secret.json", "seal_secret")["seal_secret"]])
        self.parts = {one: self.part(one) for one in folders}

    def part(self, folder: str) -> Part:
        path = hashes(self.json(f"{folder}/slot.proof.json", "path")["path"])
        frontier = self.json(f"{folder}/frontier.json", "from", "frontier")
        records, private = self.need(f"{folder}/records.jsonl"), self.files.get(f"{folder}/private.jsonl")
        openings = [] if private is None else [an_opening(line) for line in lines_of(private)]
        if private == b"" or any(one["n"] >= next_["n"] for one, next_ in zip(openings, openings[1:])):
            raise Malformed(f"{folder}/private.jsonl is empty, or not in the order of the records")
        slot, start = self.need(f"{folder}/slot.json"), an_int(frontier["from"])
        return Part(slot, path, start, hashes(frontier["frontier"]), lines_of(records), openings)

    def need(self, name: str) -> bytes:
        if name not in self.files:
            raise Malformed(f"logs/{self.id}/{name} is missing")
        return self.files[name]

    def json(self, name: str, *members: str) -> Object:
        return an_object(self.need(name), name, *members)


def an_object(data: bytes, what: str, *members: str, any_text: bool = False) -> Object:
    try:
        value = canonical(data, any_text)
    except ValueError as error:
        raise Malformed(f"{what}: {error}") from None
    if not isinstance(value, dict) or value.keys() != set(members):
        raise Malformed(f"{what} has other members than {', '.join(members)}")
    return value


def an_opening(line: bytes) -> Object:
    """A record's private part and the random `s` it was committed to with. Its texts may be any."""
    value = an_object(line, "private.jsonl", "n", "private", "s", any_text=True)
    if not KINDS["opening"](value):
        raise Malformed("private.jsonl: a member has the wrong form")
    return value


def an_int(value: Any) -> int:
    if type(value) is not int:
        raise Malformed("where a tree begins is not a number")
    return value


def hashes(value: Any) -> list[bytes]:
    if not isinstance(value, list) or not all(KINDS["hash"](one) for one in value):
        raise Malformed("not a list of hashes")
    return [bytes.fromhex(one) for one in value]


def lines_of(data: bytes) -> list[bytes]:
    *lines, end = data.split(b"\n")
    if end:
        raise Malformed("the last line is cut short")
    return lines


def read_seal(data: bytes) -> Object:
    value: Object = canonical(data)
    if not KINDS["seal"](value) or (value["slots"], value["v"]) != (1024, 1):
        raise ValueError("not a seal of version 1")
    return value


def read_slot(data: bytes) -> Object:
    value: Object = canonical(data)
    if not KINDS["slot"](value) or value["v"] != 1:
        raise ValueError("not a slot of version 1")
    number, name = value["slot"], value["stream"]
    public = SLOT_NAMES[number] if number < len(SLOT_NAMES) else "-"
    if number >= 1024 or (name != public and SLOTS.get(name) != number):
        raise ValueError(f"slot {number} does not belong to {name!r}")
    return value


def read_record(log_id: str, stream: str, n: int, line: bytes) -> Record:
    """One line: canonical, a record's members, in its place, its body of its type's form; Failed."""
    where = f"{stream}: line {n}"
    try:
        value = canonical(line)
    except ValueError as error:
        raise Failed(f"{where} is not a record: {error}") from None
    if not is_record(value):
        raise Failed(f"{where} is not a record of version 1, or a member has the wrong form")
    if (value["stream"], value["n"]) != (stream, n):
        raise Failed(f"{where}: {value['stream']} #{value['n']} stands in its place")
    if not fits_type(stream, value["type"], value["body"]):
        raise Failed(f"{where}: the body has not the form of {value['type']}")
    return Record(log_id, stream, n, value["t"], value["type"], value["body"], value.get("priv"))


def is_record(value: Any) -> bool:
    shapes = {"stream": "[a-z0-9-]{1,32}", "type": "[a-z0-9_.]{1,64}", "salt": "[0-9a-f]{32}"}
    if not KINDS["record"](value) or value["v"] != 1:
        return False
    return all(re.fullmatch(shape, value[name]) for name, shape in shapes.items())


def open_stream(log: Log, part: Part, name: str, at: Iterable[int]) -> Stream:
    """The slot is this stream's and in the seal, and all its records from the range's begin are there.

    `at`: the sizes whose roots are asked for.
    """
    try:
        slot = read_slot(part.slot)
        grown(part.start, part.frontier, ())
    except ValueError as error:
        raise Malformed(f"stream {name}: {error}") from None
    if slot["slot"] != SLOTS[name]:
        raise Failed(f"slot {slot['slot']} is not that of {name}")
    if path_root(leaf_hash(part.slot), slot["slot"], 1024, part.path) != log.seal["table"]:
        raise Failed(f"the slot of {name} is not in the seal")
    if len(part.lines) != slot["size"] - part.start:
        raise Failed(f"{name}: {len(part.lines)} records are shown, {slot['size'] - part.start} were sealed")
    records: list[Record] = []
    withheld, leaves = [], []
    for n, line in enumerate(part.lines, part.start):
        if line.startswith(b'{"leaf":'):
            hidden = an_object(line, "a withheld line", "leaf", "why")
            if hidden["why"] not in CODES:
                raise Malformed("a record is withheld for an unknown reason")
            leaves += hashes([hidden["leaf"]])
            withheld.append(hidden["why"])
            continue
        record = read_record(log.id, name, n, line)
        if records and record.t < records[-1].t:
            raise Failed(f"{name} #{n} is older than the one before it")
        records.append(record)
        leaves.append(leaf_hash(line))
    roots = grown(part.start, part.frontier, leaves, at)
    if roots[slot["size"]] != slot["root"]:
        raise Failed(f"{name}: the records are not those that were sealed: their root is another")
    committed = {one.n: one.priv for one in records}
    for one in part.openings:
        opened = sha256(b"keyguard/priv/v1\n" + bytes.fromhex(one["s"]) + encoded(one["private"])).hex()
        if opened != committed.get(one["n"]):
            raise Failed(f"{name}: the private part of record {one['n']} is not the one that was sealed")
    private = {one["n"]: one["private"] for one in part.openings}
    return Stream(name, part.start, slot["size"], roots, records, withheld, private)


# --- 7 The steps of §14.2 -------------------------------------------------------------------------
#
# 1 container, 2 signatures, 3 entries, 4 recipient and age, 6 seals and 7 records of each log, 5 the set of
# logs (its records are proven by then), 8 end of the period, 9 tables, 10 limits and wording, 11 the
# attestation before, 12 anchors, 13 warnings. A failure in 1 to 7 ends it; of 8 to 12 all are told.


def demand(held: Any, otherwise: str) -> None:
    if not held:
        raise Failed(otherwise)


class Verification:
    """One run over one bundle: the checks made so far, and what they established."""

    def __init__(self, data: bytes, trust: Object | None, asked: Any) -> None:
        self.data, self.asked, self.first_use = data, asked, trust is None
        self.trust: Object = trust or {}
        self.checks: list[tuple[int, int, str]] = []
        self.entries: dict[str, bytes] = {}
        self.payload = b""
        self.said: Object = {}
        self.subject: dict[str, str] = {}
        self.signers: list[Object] = []
        self.shown: dict[str, Log] = {}
        self.logs: list[Log] = []
        self.derived: Object | None = None
        self.last: Object | None = None

    def warn(self, step: int, detail: str) -> None:
        self.checks.append((step, WARNINGS, detail))

    @property
    def exit(self) -> int:
        return max((outcome for _, outcome, _ in self.checks), default=MALFORMED)

    @property
    def streams(self) -> list[Stream]:
        return [stream for log in self.logs for stream in log.streams.values()]

    def run(self) -> Verification:
        for step, check in ((1, self.step_1), (2, self.step_2), (3, self.step_3), (4, self.step_4)):
            if not self.attempt(step, check):
                return self
        if self.said["profile"] == "summary":
            if self.said["logs"] or any(name.startswith("logs/") for name in self.entries):
                self.checks.append((5, FAILED, "a summary shows no logs"))
            self.attempt(9, self.chosen_rows)
            self.warn(13, "a summary: its figures are the signer's word, no record stands behind them")
            self.step_13()
            return self
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
        self.step_13()
        return self

    def attempt(self, step: int, check: Any, *what: Any) -> bool:
        try:
            detail = check(*what)
        except (Failed, Malformed) as error:
            self.checks.append((step, FAILED if isinstance(error, Failed) else MALFORMED, str(error)))
            return False
        self.checks.append((step, VERIFIED, detail or ""))
        return True

    def step_1(self) -> str:
        self.entries = unpacked(self.data)
        return f"{len(self.entries)} entries"

    def step_2(self) -> str:
        """Step 2: who signed what (§8)."""
        if self.first_use:
            self.trust = trust_on_first_use(self.entries)
        self.payload, signatures = envelope(self.entries, STATEMENT)
        signed = [one for one in self.trust["attesters"] if signs(one["key"], signatures, self.payload)]
        demand(signed, "no pinned key signed the statement")
        self.said, self.subject = statement(self.payload, ATTESTATION)
        at = self.said["issued_at"]
        self.signers = [one for one in signed if valid(one, at)]
        needed = max(self.asked.require_signatures, self.trust["signatures_required"])
        enough = len({one["key"] for one in self.signers}) >= needed
        demand(enough, f"fewer than {needed} pinned keys signed that were valid when it was issued")
        digests = {sha256(one["key"]).hex() for one in self.signers}
        officer = self.said["officer"]["key_sha256"]
        demand(officer in digests, "the officer it names is not among those who signed")
        return ", ".join(f"{one['name']} ({sha256(one['key']).hex()[:16]}…)" for one in self.signers)

    def step_3(self) -> None:
        """Step 3: every entry is signed for, and nothing else is there (§3)."""
        self.same(self.subject)
        rest = self.entries.keys() - self.subject.keys() - {STATEMENT, RENDERED}
        reading = {name for name in rest if name.startswith("reading/")}
        if reading or RENDERED in self.entries:
            payload, signatures = envelope(self.entries, RENDERED)
            known = any(signs(one["key"], signatures, payload) for one in self.signers)
            demand(known, "no signer of the statement signed the reading copies")
            said, subject = statement(payload, "renderings")
            mine = said["statement_sha256"] == sha256(self.payload).hex() and subject.keys() == reading
            demand(mine, "the reading copies are of another statement, or not those that were signed")
            self.same(subject)
        for name in sorted(rest - reading):
            anchor = name.startswith("anchors/") and name.endswith((".tsr", ".note"))
            demand(anchor, f"{name} is covered by no signature")
        for name, digest in self.subject.items():
            evidence = name.startswith("evidence/") and name.split("/")[1].split(".")[0] == digest
            placed = name == DERIVED or name.startswith("logs/") or evidence
            demand(placed, f"the statement covers {name}, which has no place there")

    def same(self, subject: dict[str, str]) -> None:
        for name, digest in subject.items():
            demand(name in self.entries, f"{name} is missing")
            demand(sha256(self.entries[name]).hex() == digest, f"{name} is not what was signed")

    def step_4(self) -> str:
        """Step 4: for whom, when, which."""
        said, asked, last = self.said, self.asked, self.trust["last"]
        venue, issued, until = said["recipient"]["venue"], said["issued_at"], said["valid_until"]
        whom = venue or said["recipient"]["kind"]
        demand(asked.recipient in (None, venue), f"it is made for {whom}, not {asked.recipient}")
        demand(asked.nonce in (None, said["nonce"]), "it does not answer this question: the nonce is another")
        in_order = said["period"]["from"] < said["period"]["to"] <= issued < until
        demand(in_order, "period, issue and end of validity are not in their order")
        demand(issued <= spelled(asked.now + timedelta(minutes=5)), "it was issued in the future")
        demand(spelled(asked.now) <= until, f"it was valid until {until}")
        if asked.max_age_days is not None:
            oldest = spelled(asked.now - timedelta(days=asked.max_age_days))
            demand(issued >= oldest, f"it is older than {asked.max_age_days} days")
        least_ = max(asked.min_serial, last["serial"] if last else 1)
        later = f"its serial is {said['serial']}: a later one was asked for, or seen already"
        demand(said["serial"] >= least_, later)
        again = last and said["serial"] == last["serial"]
        known = not again or sha256(self.payload).hex() == last["statement_sha256"]
        demand(known, "another statement with this serial was seen already")
        return f"serial {said['serial']}, {said['recipient']['name']}"

    def step_6(self, said: Object) -> str:
        """Step 6: the log's own signature, and the seal under it (§6.3)."""
        key, before, head = self.trust["logs"].get(said["origin"]), said["previous"], self.head(said)
        demand(key, f"no key is pinned for the log {said['origin']}")
        own = said["origin"] == f"keyguard/{said['log_id']}" and said["vkey"] == key.text
        demand(own, f"the statement names another key or id for {said['origin']}")
        if not self.shown:
            ids = {name.split("/")[1] for name in self.entries if name.startswith("logs/")}
            self.shown = {log_id: Log(self.entries, log_id) for log_id in sorted(ids)}
        named = sorted(one["log_id"] for one in self.said["logs"])
        demand(sorted(self.shown) == named, "the logs shown are not those the statement names")
        log = self.shown[said["log_id"]]
        log.said = said
        try:
            log.seal = read_seal(log.files["seal.json"])
            log.proof = proof = SealProof(log.files["seal.tlog-proof"].decode())
            asked = [head["checkpoint_size"]] if head else []
            log.seal_roots = roots = grown(log.seals_from, log.seals_frontier, log.seal_leaves, asked)
        except ValueError as error:
            raise Malformed(f"log {log.id}: {error}") from None
        own = proof.origin == key.name and proof.signed(key)
        demand(own, f"the checkpoint is not one of {key.name}, signed with its pinned key")
        no, leaf = log.seal["no"], leaf_hash(log.files["seal.json"])
        placed = proof.index == no and path_root(leaf, no, proof.size, proof.path) == proof.root
        demand(placed, "the seal is not in the log at the place it names")
        whole = [*roots.items()][-1] == (proof.size, proof.root)
        demand(whole, "the seals listed do not lead to the checkpoint")
        listed = dict(enumerate(log.seal_leaves, log.seals_from)).get(no) == leaf
        demand(listed, "the seal is not among those made since the previous attestation")
        same = (no, proof.size) == (said["seal_no"], said["checkpoint_size"])
        demand(same, "the statement names another seal or checkpoint")
        quorum = self.trust["quorum"]
        demand(len(self.witnesses(log)) >= quorum, f"fewer than {quorum} pinned witnesses saw the checkpoint")
        begins = before is None or before["checkpoint_size"] == log.seals_from
        demand(begins, "the seals shown do not begin at the previous attestation's checkpoint")
        continued = not head or roots.get(head["checkpoint_size"]) == head["checkpoint_root"]
        demand(continued, "the seals are not a continuation of those seen last")
        self.logs.append(log)
        return f"{said['origin']} seal {no}"

    def witnesses(self, log: Log) -> dict[str, int]:
        seen = {one.name: log.proof.cosigned(one) for one in self.trust["witnesses"]}
        return {name: time for name, time in seen.items() if time is not None}

    def head(self, said: Object) -> Object | None:
        """How far this log was when it was seen last."""
        return self.trust["last"]["logs"].get(said["origin"]) if self.trust["last"] else None

    def step_7(self, log: Log) -> str:
        """Step 7: every record between the range's begin and the seal (§6.1, §6.2, §6.4)."""
        said, before, head, venue = log.said, log.said["previous"], self.head(log.said), self.said["recipient"]["venue"]
        auditor = self.said["profile"] == "auditor"
        names = {one: one for one in log.parts} if auditor else {"venue": venue, "firm": "firm"}
        right = log.parts.keys() == names.keys() and "firm" in names
        demand(right, "the streams shown are not the firm's and the recipient's")
        for name in names.values():
            demand(name in SLOTS, f"no slot for stream {name}")
        at = [one["to"] for one in (before, head) if one]
        log.streams = {name: open_stream(log, log.parts[folder], name, at) for folder, name in names.items()}
        firm = log.streams["firm"]
        whole = (firm.start, firm.size, firm.roots[firm.size]) == (0, said["firm_size"], said["firm_root"])
        demand(whole, "the firm's stream is not the one the statement names, from its first record on")
        if auditor:
            self.everything(log)
        else:
            shown = log.streams[venue]
            closed = not any(one.private for one in log.streams.values())
            demand(closed, "private parts are opened for an auditor alone")
            same = (shown.start, shown.size, shown.roots[shown.size]) == (said["from"], said["to"], said["root"])
            demand(same, "the venue's stream is not the one the statement names")
            demand(before or shown.start == 0, "a first attestation begins with the first record")
            touches = not before or shown.start <= before["to"]
            demand(touches, "there is a gap between the previous attestation's records and these")
            same = not before or shown.roots.get(before["to"]) == before["root"]
            demand(same, "the records before are not those of the previous attestation")
            continued = not head or shown.roots.get(head["to"]) == head["root"]
            demand(continued, "the records are not a continuation of those seen last")
        return f"{sum(len(one.records) + len(one.withheld) for one in log.streams.values())} records"

    def everything(self, log: Log) -> None:
        """For an auditor every slot opens: used ones are shown from their first record on, others empty."""
        if log.secret is None or any(one.start for one in log.streams.values()):
            raise Failed("an auditor is shown every stream from its first record on, and the seal's secret")
        none = (log.said["from"], log.said["to"], log.said["root"]) == (0, 0, EMPTY_ROOT)
        demand(none, "the statement names one stream's range, where all are shown")
        used = {SLOTS[one.name]: (one.name, one.size, one.roots[one.size]) for one in log.streams.values()}
        leaves = []
        for number in range(1024):
            public = SLOT_NAMES[number] if number < len(SLOT_NAMES) else "-"
            name, size, root = used.get(number, (public, 0, EMPTY_ROOT))
            salt = keyed(log.secret, f"keyguard/slot/v1\n{number}")
            slot = {"root": root, "salt": salt, "size": size, "slot": number, "stream": name, "v": 1}
            leaves.append(leaf_hash(encoded(slot)))
        whole = tree_root(leaves) == log.seal["table"]
        demand(whole, "a stream is not shown: the slots do not lead to the seal's table")

    def step_5(self) -> str:
        """Step 5: the set of logs."""
        for log in self.logs:
            first = log.streams["firm"].records[:1]
            begins = first and (first[0].n, first[0].type) == (0, "log.genesis")
            demand(begins, f"the log {log.id} does not begin with its genesis")
            same = all(first[0].body[name] == log.said[name] for name in ("log_id", "origin", "role"))
            demand(same, f"the log {log.id} is by its genesis another, or has another role")
        primary = [log for log in self.logs if log.said["role"] == "primary"]
        demand(len(primary) == 1, "exactly one log is the primary one")
        enrolled = {primary[0].said["origin"]}
        for record in primary[0].streams["firm"].records:
            if record.type == "agent.enroll":
                enrolled.add(record.body["origin"])
            elif record.type == "agent.retire" and record.body["at"] < self.said["period"]["from"]:
                enrolled.discard(record.body["origin"])
        odd = enrolled ^ {log.said["origin"] for log in self.logs}
        demand(not odd, f"logs left out, or not enrolled: {', '.join(sorted(odd))}")
        return str(len(enrolled))

    def step_8(self) -> None:
        """Step 8: the whole period is inside (§6.4)."""
        since = self.said["period"]["from"]
        primary = next(log for log in self.logs if log.said["role"] == "primary")
        retired = [one.body for one in primary.streams["firm"].records if one.type == "agent.retire"]
        ended = {body["origin"]: body["last_seal"] for body in retired}
        for log in self.logs:
            last = ended.get(log.said["origin"]) if log.said["role"] == "agent" else None
            over = last is not None and log.seal["no"] >= last
            after = over or log.seal["t"] >= self.said["period"]["to"]
            demand(after, "the seal was made before the period ended: its end is not shown")
            for stream in (one for one in log.streams.values() if one.start):
                first = stream.records[0] if stream.records else None
                if first is None or first.n != stream.start:
                    whole = False
                elif log.said["role"] == "primary":
                    whole = first.type == "snapshot.begin" and first.t <= since
                else:
                    whole = first.t < since
                demand(whole, f"{stream.name}: the records shown do not reach back to the period's begin")

    def step_9(self) -> None:
        """Step 9: the tables are what the records say (§9)."""
        register, tables = self.said["register"], {}
        withheld, seals = sum(len(one.withheld) for one in self.streams), sum(one.seal["no"] + 1 for one in self.logs)
        for name in sorted({one.name for one in self.streams} - {"firm"}):
            records = [record for one in self.streams if one.name in ("firm", name) for record in one.records]
            tables[name] = Tables(self.said["period"], records).derived(withheld, seals)
        auditor = self.said["profile"] == "auditor"
        derived = {"persons": persons(self.streams), "venues": tables} if auditor else next(iter(tables.values()))
        demand(encoded(derived) == self.entries.get(DERIVED), "the tables are not what the records say")
        rows, secret = [row for one in tables.values() for row in one["register"]], register["row_secret"]
        listed = secret is not None and register["rows"] == len(rows)
        demand(listed, "the register has another number of rows, or no secret for them")
        salts = [keyed(bytes.fromhex(secret), row["key"]) for row in rows]
        leaves = [leaf_hash(encoded({"row": row, "salt": salt})) for row, salt in zip(rows, salts)]
        same = tree_root(leaves) == register["root"]
        demand(same, "the register's rows do not lead to the root in the statement")
        self.derived = derived

    def chosen_rows(self) -> str:
        """Step 9 of a summary: the rows it shows are of the register whose root was signed (§11)."""
        try:
            tables = canonical(self.entries.get(DERIVED, b"{}"))
        except ValueError as error:
            raise Malformed(f"{DERIVED}: {error}") from None
        if not isinstance(tables, dict):
            raise Malformed(f"{DERIVED} is not an object")
        rows, proofs, last = tables.get("register", []), tables.get("rows", []), -1
        several = isinstance(rows, list) and isinstance(proofs, list) and len(rows) == len(proofs)
        demand(several, "the rows shown are not as many as their proofs")
        for row, proof in zip(rows, proofs):
            if not isinstance(proof, dict) or proof.keys() != {"index", "path", "salt"}:
                raise Malformed("a row's proof has other members")
            path, index = hashes(proof["path"]), proof["index"]
            if not KINDS["hash"](proof["salt"]) or type(index) is not int or index <= last:
                raise Malformed("a row's salt is none, or the rows are not in the register's order")
            leaf, last = leaf_hash(encoded({"row": row, "salt": proof["salt"]})), index
            same = path_root(leaf, index, self.said["register"]["rows"], path) == self.said["register"]["root"]
            demand(same, f"row {index} is not of the register that was signed")
        return f"{len(rows)} rows of the register are proven, nothing else in the tables"

    def step_10(self) -> None:
        """Step 10: what the statement says of itself (§8, §12.2)."""
        why = Counter(code for one in self.streams for code in one.withheld)
        same = self.said["withheld"] == {"records": sum(why.values()), "why": dict(why)}
        demand(same, "the number of withheld records is not the one the statement names")
        declared = {"L1", "L2", "L5", "L6"} <= set(self.said["declared_limits"])
        demand(declared, "a limit that always applies is not declared")
        recipient = self.said["recipient"]
        for number in sorted(contradicted(self.tables())):
            for language, (every_venue, *sentences) in SENTENCES.items():
                venue = recipient["name"] if recipient["venue"] else every_venue
                plain = f"({number}) " + sentences[number - 1].replace("{venue}", venue)
                silent = plain not in self.said["statement_text"][language]
                demand(silent, f"sentence ({number}) is confirmed although the findings contradict it")

    def tables(self) -> list[Object]:
        """The derived tables of each venue."""
        if self.derived is None:
            return []
        return list(self.derived["venues"].values()) if "venues" in self.derived else [self.derived]

    def step_11(self) -> None:
        """Step 11: the attestation before."""
        said, before, last = self.said, self.said["previous"], self.trust["last"]
        follows = said["serial"] == (before["serial"] + 1 if before else 1) and (not before or before["serial"] > 0)
        demand(follows, "it does not follow on the attestation with the serial before its own")
        if said["profile"] == "venue":
            self.issued(before)
        next_ = last and last["serial"] == said["serial"] - 1
        same = not next_ or (before and before["statement_sha256"]) == last["statement_sha256"]
        demand(same, "it does not follow on the attestation seen last")
        if self.asked.previous is not None:
            self.continues(unpacked(self.asked.previous), before)

    def issued(self, before: Object | None) -> None:
        """The log tells of the one before, and of no other for any part of the same time but older ones, which
        are known to who followed the serials."""
        period, told, serials = self.said["period"], before is None, set()
        records = [record for one in self.streams if one.name != "firm" for record in one.records]
        for body in (one.body for one in records if one.type == "attestation.issued"):
            other, serial, id_ = body["period"], body["serial"], body["attestation_id"]
            if before and id_ == before["attestation_id"]:
                same = body["statement_sha256"] == before["statement_sha256"]
                demand(same, "the log tells of another statement under the previous one's id")
                told = True
            elif before is None or serial >= before["serial"]:
                apart = other["from"] >= period["to"] or other["to"] <= period["from"]
                demand(apart, f"another attestation was issued for the same time: {id_}")
            demand(serial not in serials, f"two attestations have the serial {serial}")
            serials.add(serial)
        demand(told, "the log does not tell of the previous attestation")

    def continues(self, entries: dict[str, bytes], before: Object | None) -> None:
        """The bundle given as the previous one is it, and its log is what this one goes on from."""
        payload, signatures = envelope(entries, STATEMENT)
        said, _ = statement(payload, ATTESTATION)
        then = [
            one for one in [*self.trust["attesters"], *attesters_named(self.entries)] if valid(one, said["issued_at"])
        ]
        known = any(signs(one["key"], signatures, payload) for one in [*self.signers, *then])
        same = before and before["statement_sha256"] == sha256(payload).hex()
        demand(known and same, "the bundle given as the previous one is another")
        heads = {one["origin"]: one for one in said["logs"]}
        for log in (one for one in self.logs if one.said["origin"] in heads):
            head, told = heads[log.said["origin"]], log.said["previous"]
            same = told and (told["to"], told["root"]) == (head["to"], head["root"])
            demand(same, "history was rewritten: it is not what the previous bundle shows")
            try:
                proof = SealProof(Log(entries, head["log_id"]).files["seal.tlog-proof"].decode())
            except ValueError as error:
                raise Malformed(f"the previous bundle's checkpoint: {error}") from None
            same = (log.seals_from, log.seal_roots[log.seals_from]) == (head["checkpoint_size"], proof.root)
            demand(same, "the seal log was rewritten: it does not continue the previous checkpoint")

    def step_12(self) -> str:
        """Step 12: who independent saw it (§6.3)."""
        seen = [(time, name) for log in self.logs for name, time in self.witnesses(log).items()]
        over = {f"the checkpoint of {log.id} was there": log.proof.text.encode() for log in self.logs}
        over["the statement was there"] = self.payload
        for name in sorted(one for one in self.entries if one.startswith("anchors/")):
            try:
                told = f"says that {' at '.join(stamped(self.entries[name], over))}; who says so is not checked here"
            except ValueError as error:
                told = str(error)
            self.warn(12, f"{name} counts for nothing: {told}")
        required = self.asked.require_anchors
        demand(len(seen) >= required, f"{len(seen)} independent anchors verify, {required} are required")
        if not seen:
            self.warn(13, "history not anchored: nobody independent saw this log (limit L4)")
            return ""
        time, name = min(seen)
        return f"first seen by {name} at {datetime.fromtimestamp(time, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"

    def step_13(self) -> None:
        """Step 13: what a recipient should know although all holds."""
        venue, withheld = self.said["recipient"]["venue"], sum(len(one.withheld) for one in self.streams)
        if self.said["issued_at"] > spelled(self.asked.now):
            self.warn(13, "it was issued a few minutes in the future, by this clock")
        if self.first_use:
            self.warn(13, "keys pinned on first use: compare their digests by voice")
        if withheld:
            self.warn(13, f"{withheld} records are withheld")
        if len(self.signers) == 1:
            self.warn(13, "one signature only")
        if venue not in (None, *SLOT_NAMES):
            self.warn(13, f"{venue} is not in the public table of venues: that it is the only stream is not proven")
        for one in self.tables():
            for type_, count in one["unknown_types"].items():
                self.warn(13, f"{count} records of an unknown type: {type_}")
        if self.said["profile"] == "auditor":
            self.ask()

    def ask(self) -> None:
        """What an auditor has to ask the firm about."""
        closed = sum(one.priv is not None and one.n not in at.private for at in self.streams for one in at.records)
        if closed:
            self.warn(13, f"{closed} private parts are not opened")
        for name in sorted({one.name for one in self.streams} - set(SLOT_NAMES)):
            self.warn(13, f"{name} is not in the public table of venues: ask which venue it is")
        rows = persons(self.streams)
        for (venue, pseudonym), count in Counter((row["venue"], row["pseudonym"]) for row in rows).items():
            if count > 1:
                self.warn(13, f"who is who is in doubt: {venue}: {pseudonym} stands for {count} persons")
        for (venue, _), count in Counter((row["venue"], row["person"]) for row in rows).items():
            if count > 1:
                self.warn(13, f"who is who is in doubt: {venue}: a person has {count} pseudonyms")

    def remembered(self) -> Object:
        """What the trust file keeps of a bundle that verified (§14.1)."""
        heads = {
            log.said["origin"]: {
                **{"checkpoint_size": log.proof.size, "checkpoint_root": log.proof.root},
                **{"to": log.said["to"], "root": log.said["root"]},
            }
            for log in self.logs
        }
        digest = sha256(self.payload).hex()
        return {"serial": self.said["serial"], "statement_sha256": digest, "logs": dict(sorted(heads.items()))}


def trust_on_first_use(entries: dict[str, bytes]) -> Object:
    """The keys that the bundle itself names (§14.1): of logs its statement's, of signers its records'."""
    payload, _ = envelope(entries, STATEMENT)
    said, _ = statement(payload, ATTESTATION)
    attesters = attesters_named(entries)
    try:
        logs = {one["origin"]: VerifierKey(one["vkey"]) for one in said["logs"]}
    except ValueError as error:
        raise Malformed(f"a key that the bundle names: {error}") from None
    rest = {"witnesses": [], "quorum": 0, "signatures_required": 1, "last": None}
    return {"logs": logs, "attesters": attesters, **rest}


def attesters_named(entries: dict[str, bytes]) -> list[Object]:
    """The signers that the records shown name: each from its `signer.add` on, until the first `signer.remove`
    that is not earlier."""
    told: dict[str, list[Object]] = {"signer.add": [], "signer.remove": []}
    try:
        for name in sorted(entries):
            if not name.startswith("logs/") or not name.endswith("/firm/records.jsonl"):
                continue
            for line in lines_of(entries[name]):
                if b'"type":"signer.' not in line:
                    continue
                value = canonical(line)
                if not is_record(value):
                    raise ValueError("not a record")
                type_, body = value["type"], value["body"]
                if type_ in told and fits_type("firm", type_, body) and body["role"] == "attester":
                    told[type_].append(attester(body["label"], body["public_key"], body["from"]))
    except ValueError as error:
        raise Malformed(f"a key that the bundle names: {error}") from None
    for one in told["signer.add"]:
        gone = [other["from"] for other in told["signer.remove"] if other["key"] == one["key"]]
        one["until"] = min((at for at in gone if at >= one["from"]), default=None)
    return told["signer.add"]


def valid(one: Object, at: str) -> bool:
    """Whether this key could sign then."""
    return (one["from"] or "") <= at < (one["until"] or "9999-99")


def attester(name: str, key: str, since: str | None, until: str | None = None) -> Object:
    data = base64.b64decode(key.encode(), validate=True)
    if len(data) != 32:
        raise ValueError("a public key is not 32 bytes long")
    return {"name": name, "key": data, "from": since, "until": until}


# --- 8 What is private: who is who at which venue (§9) --------------------------------------------

NAMES_A_PERSON = {  # where a body has a person's pseudonym, and the private part the same person's own id
    **{"access.grant": ("person", "person"), "access.revoke": ("by", "by"), "review.decide": ("by", "by")},
    **{"approval.request": ("by", "asked_by"), "approval.decide": ("by", "decided_by")},
    **{"role.assign": ("person_f", "person"), "role.remove": ("person_f", "person")},
}


def persons(streams: list[Stream]) -> list[Object]:
    """Who is who at which venue, as the private parts say it."""
    opened = [(record, one.private[record.n]) for one in streams for record in one.records if record.n in one.private]
    rows: set[tuple[str, str, str]] = set()
    names: dict[str, str] = {}
    for record, private in sorted(opened, key=lambda pair: (pair[0].t, pair[0].log, pair[0].n)):
        shown, own = NAMES_A_PERSON.get(record.type, ("", ""))
        pseudonym, person = record.body.get(shown), private.get(own)
        if isinstance(pseudonym, str) and isinstance(person, str) and person:
            rows.add((person, record.stream, pseudonym))
        id_, name = private.get("id"), private.get("name")
        declares = (record.stream, record.type, record.body.get("kind")) == ("firm", "people.change", "person")
        if declares and isinstance(id_, str) and isinstance(name, str):
            names[id_] = name
    members = ("person", "venue", "pseudonym")
    return [{"name": names.get(row[0], ""), **dict(zip(members, row))} for row in sorted(rows)]


# --- 9 The tables (§9): what the disclosed records of all logs say of one venue and period --------

EXTERNAL = ("contractor", "affiliate_staff", "vendor_staff")
SILENT = set(  # types that change nothing in the tables' state
    "handout.denied snapshot.begin snapshot.end attestation.issued log.genesis agent.enroll agent.retire "
    "agent.start agent.stop log.heartbeat log.gap log.torn log.restore clock.step clock.check signer.add "
    "signer.remove role.assign role.remove people.change store.migrate store.rewrap backup.create "
    "workflow.pause workflow.resume handout.freeze panic.begin incident.change log.late "
    "attestation.stopped orders.cancel orders.cancel_result review.suspend".split()
)
NEVER: Object = {  # a key of which nothing has been said but that it is registered
    **dict.fromkeys("created_at expires_at rotated_from rotated_to revoke confirmed invalidated".split()),
    **dict.fromkeys("forgotten listed missing first_use last_use last_review".split()),
    **{"sub_account": "", "hint": "", "seen": "enabled", "proof": {"by": "declared", "observed_at": None}},
}
SAID_OF_KEY = {  # what these types leave on a key, beside the time
    "key.revoke": ("revoke", "reason by at_venue"),
    "key.revoke_confirmed": ("confirmed", "method meaning checked_at"),
    "key.invalidated_by_venue": ("invalidated", "noticed_at stage venue_ref"),
    "key.remove": ("forgotten", "by reason living"),
}
EVENTS = {  # the rows of `lifecycle` that types make: event, and what body members its own are taken from
    "key.rotate": ("rotated", {"key": "old", "other": "new", "reason": "reason"}),
    "key.revoke": ("revoked", {"key": "key", "reason": "reason", "by": "by"}),
    "key.invalidated_by_venue": ("invalidated_by_venue", {"key": "key", "reason": "stage"}),
    "key.remove": ("forgotten", {"key": "key", "reason": "reason", "by": "by"}),
}


def picked(value: Object, names: str) -> Object:
    return {name: value[name] for name in names.split()}


def kept(title: str, body: Object) -> Object:
    """The members that a form names, as far as the body has them."""
    return {name: body[name] for name in MEMBERS[title] if name in body and name != "scopes_venue"}


def newest(told: list[Object], new: Object) -> None:
    """The newest word on each item, in the order in which they were said."""
    told[:] = [*(one for one in told if one["item"] != new["item"]), new]


def in_order(entities: Mapping[str, Object]) -> list[Object]:
    return [entity for _, entity in sorted(entities.items())]


def grouped(values: Iterable[Any], by: Callable[[Any], str]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for value in values:
        groups.setdefault(by(value), []).append(value)
    return groups


def least(values: Iterable[str]) -> str | None:
    return min(values, default=None)


def most(values: Iterable[str]) -> str | None:
    return max(values, default=None)


class Tables:
    """Follows the records in their order, then makes the tables."""

    def __init__(self, period: Mapping[str, str], records: list[Record]) -> None:
        self.since, self.until = period["from"], period["to"]
        self.of: dict[str, dict[str, Object]] = {entity: {} for entity in SNAPSHOTS.values()}
        self.keys, self.grants, self.exceptions = self.of["key"], self.of["grant"], self.of["exception"]
        self.policy: Object = {}
        self.unknown: Counter[str] = Counter()
        self.denied: Counter[str] = Counter()
        self.used: list[Record] = []
        self.events: list[Object] = []
        self.by_grant: dict[str, list[Object]] = {}
        told = [one for one in records if one.t < self.until]
        told.sort(key=lambda one: (one.t, one.log, one.stream != "firm", one.stream, one.n))
        self.firm = [one for one in told if one.stream == "firm"]
        for record in told:
            self.follow(record)
        self.alive = [one for one in in_order(self.grants) if self.meets(one["from"], grant_end(one))]
        self.capacity = {one["person"]: picked(one, "capacity party") for one in in_order(self.grants)}
        self.uses = grouped(self.used, lambda one: str(one.body["key"]))
        self.uses_of = grouped(self.used, lambda one: str(one.body["person"]))
        self.by_key = grouped(self.alive, lambda one: str(one["key"]))
        self.granted = grouped(self.alive, lambda one: str(one["person"]))

    def within(self, at: str | None) -> bool:
        return at is not None and self.since <= at < self.until

    def meets(self, start: str, end: str | None) -> bool:
        """Whether the half-open span shares an instant with the period."""
        return start < self.until and (end is None or end > self.since)

    # What each record changes (§9.3) --------------------------------------------------------------

    def follow(self, record: Record) -> None:
        type_, said, at = record.type, record.body, record.t
        entity, _, verb = type_.partition(".")
        if record.stream == "firm":
            self.policy.update(said["params"] if type_ == "policy.set" else {})
            self.unknown[type_] += type_ != "policy.set" and type_ not in SILENT
        elif type_ not in VENUE_TYPES:
            self.unknown[type_] += type_ not in SILENT
        elif type_ in SNAPSHOTS:
            self.put(SNAPSHOTS[type_], said["id"], dict(said["state"]))
        elif entity == "key":
            self.follow_key(record)
        elif type_ == "handout":
            self.used += [record] if self.within(at) else []
            if said["key"] in self.keys:
                key = self.keys[said["key"]]
                key.update(first_use=key["first_use"] or at, last_use=at)
        elif type_ == "handout.denied":
            self.denied[said.get("key", "")] += self.within(at)
        elif type_ == "venue.keys_listed":
            self.listed(said, at)
        elif type_ == "access.grant":
            fresh = {"party": None, "until": None, "given_at": at, "ended": None}
            self.put("grant", f"{said['grant']}/{said['key']}", {**fresh, **kept("venue/access.grant", said)})
        elif type_ == "access.revoke":
            for grant in (one for one in self.by_grant.get(said["grant"], []) if one["ended"] is None):
                grant["ended"] = {"told_at": at, **picked(said, "at reason by")}
        elif type_ == "party.set":
            fresh = {"name": "", "country": "", "diligence_at": None, "diligence_until": None}
            contracts = self.of["party"].get(said["party"], {"contracts": {}})["contracts"]
            span = {"from": said["contract_from"], "until": said["contract_until"]}
            contracts = {**contracts, said["contract_ref_sha256"]: span}
            self.put("party", said["party"], {**fresh, **kept("venue/party.set", said), "contracts": contracts})
        elif verb == "request":
            asked = {"requested_by": said["by"], "requested_at": at, **picked(said, "approval action subject reason")}
            nothing = dict.fromkeys(("decided_by", "decision", "decided_at"))
            self.put("approval", said["approval"], {**asked, **nothing})
        elif verb == "open":
            fresh = {"opened_at": at, "closed": None, **kept(f"venue/{type_}", said)}
            more: dict[str, Object] = {
                **{"review": {"decisions": [], "results": []}, "incident": {"notes": []}},
                "exception": {"key": said.get("key")},
            }
            self.put(entity, said[entity], {**fresh, **more[entity]})
        elif entity in self.of and said[entity] in self.of[entity]:
            self.follow_case(self.of[entity][said[entity]], type_, said, at)

    def follow_key(self, record: Record) -> None:
        type_, said, at = record.type, record.body, record.t
        if type_ in EVENTS:
            event, members = EVENTS[type_]
            self.event(at, event, **{name: said[member] for name, member in members.items()})
        if type_ == "key.register":
            known = self.keys.get(said["key"], {})
            fresh = {**NEVER, "venue": record.stream, "registered_at": at}
            old = {name: known.get(name, value) for name, value in fresh.items()}
            self.put("key", said["key"], {**old, **kept("venue/key.register", said)})
            self.of["stranger"].pop(said["key"], None)
        elif type_ == "key.rotate":
            for one, member, other in (("old", "rotated_to", "new"), ("new", "rotated_from", "old")):
                if said[one] in self.keys:
                    self.keys[said[one]][member] = said[other]
        elif said["key"] in self.keys:
            key = self.keys[said["key"]]
            if type_ in SAID_OF_KEY:
                member, names = SAID_OF_KEY[type_]
                key[member] = {"at": at, **{name: said.get(name) for name in names.split()}}
            elif type_ == "key.observe":
                key["seen"] = said["status"]
                if said["status"] in ("enabled", "disabled"):
                    origin = said.get("scopes_venue", {}).get("scopes_origin", "reported")
                    key["proof"] = {"by": said["by"] if origin == "reported" else origin, "observed_at": at}
                    seen = ("scopes_granted", "ip_allow", "expires_at")
                    key.update({name: said[name] for name in seen if name in said})
            elif type_ == "key.update":
                changes = said["changes"]
                key.update({name: changes[name]["new"] for name in changes if name in MEMBERS["changes"]})

    def follow_case(self, case: Object, type_: str, said: Object, at: str) -> None:
        """A known approval, review, incident, exception."""
        if type_ == "approval.decide":
            case.update(decided_by=said["by"], decision=said["decision"], decided_at=at)
        elif type_ == "review.decide":
            newest(case["decisions"], {"at": at, **picked(said, "item decision by")})
            for item in (one for one in case["items"] if one["item"] == said["item"]):
                for key in (self.keys[one] for one in item.get("keys", ()) if one in self.keys):
                    key["last_review"] = {"at": at, **picked(said, "review decision")}
        elif type_ == "review.apply":
            newest(case["results"], {"at": at, **picked(said, "item result")})
        elif type_ == "review.close":
            case["closed"] = {"at": at, **picked(said, "by decided undecided changed")}
        elif type_ == "incident.update":
            note = {"at": at, "note": said["note"], "containment": said.get("containment")}
            case["notes"] = [*case["notes"], note]
        elif type_ == "incident.close":
            case["closed"] = {"at": at, **picked(said, "root_cause actions")}
        elif type_ == "exception.close":
            case["closed"] = {"at": at, "reason": said["reason"]}

    def put(self, entity: str, id_: str, state: Object) -> None:
        if entity == "grant":
            same = self.by_grant.setdefault(state["grant"], [])
            same[:] = [*(one for one in same if one["key"] != state["key"]), state]
        self.of[entity][id_] = state

    def listed(self, said: Object, at: str) -> None:
        """A list is of one account, which it does not name: keys listed together are of one account."""
        strangers, shown = self.of["stranger"], set(said["keys"])
        for one in said["unknown"]:
            if one not in self.keys or self.keys[one]["forgotten"] is not None:
                strangers.setdefault(one, {"key": one, "since": at, "listed": None, "missing": None})
        everyone = [*self.keys.values(), *strangers.values()]
        accounts = {one["listed"] for one in everyone if one["key"] in shown and one["listed"]}
        for one in everyone:
            if one["key"] in shown:
                one.update(listed=min(accounts, default=at), missing=None)
            elif one["listed"] in accounts:
                one["missing"] = one["missing"] or at
        for name in [name for name, one in strangers.items() if one["missing"] is not None]:
            del strangers[name]

    def event(self, at: str, what: str, **members: Any) -> None:
        if self.within(at):
            empty = dict.fromkeys(("other", "reason", "by", "confirmed_at", "lag_s"))
            self.events.append({"at": at, "event": what, **empty, **members})

    # The tables (§9.1, §9.2) ----------------------------------------------------------------------

    def derived(self, withheld: int, seals: int) -> Object:
        hits = {*findings(self), *([("F23", "", self.since)] if withheld else [])}
        first: dict[tuple[str, str], str] = {}
        for code, row, since in sorted(hits):
            first.setdefault((code, row), since)
        codes = grouped(sorted(first), lambda hit: str(hit[1]))
        tables: Object = {
            "spec": "kga/1",
            "complete": not withheld,
            "register": [self.register_row(key, codes.get(key["key"], [])) for key in self.existed()],
            "people": [self.person_row(one) for one in self.people()],
            "parties": [self.party_row(party) for party in in_order(self.of["party"])],
            "grants": sorted(self.alive, key=lambda one: (one["grant"], one["key"])),
            "approvals": self.approval_rows(),
            "reviews": [self.review_row(one) for one in self.open_in_period("review")],
            "lifecycle": self.lifecycle(),
            "incidents": self.open_in_period("incident"),
            "exceptions": self.open_in_period("exception"),
            "findings": self.finding_rows(first),
            "unknown_types": {type_: count for type_, count in self.unknown.items() if count},
        }
        return {**tables, "summary": self.summary(tables, seals)}

    def existed(self) -> list[Object]:
        return [one for one in in_order(self.keys) if self.meets(began(one), ended_at(one))]

    def open_in_period(self, entity: str) -> list[Object]:
        """Reviews, incidents, exceptions that were open at any instant of the period."""
        return [one for one in in_order(self.of[entity]) if self.meets(one["opened_at"], closed_at(one))]

    def status(self, key: Object) -> str:
        expired = key["expires_at"] is not None and key["expires_at"] < self.until
        words = {"revoked": key["confirmed"], "invalidated_by_venue": key["invalidated"]}
        words.update(revoked_unconfirmed=key["revoke"], expired=expired, unknown_at_venue=key["missing"])
        words.update(disabled=key["seen"] == "disabled", active=True)
        return next(word for word, holds in words.items() if holds)

    def register_row(self, key: Object, hits: list[tuple[str, str]]) -> Object:
        name, end = key["key"], ended_at(key)
        uses, grants = self.uses.get(name, []), self.by_key.get(name, [])
        granted, needed = set(key["scopes_granted"]), set(key["scopes_needed"])
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
            "revocation": key["confirmed"] and picked(key["confirmed"], "method meaning checked_at"),
            "could_use": sorted({one["person"] for one in grants}),
            "did_use": self.did_use(uses),
            "handouts": len(uses),
            "handouts_denied": self.denied[name],
            "first_use": least(one.t for one in uses),
            "last_use": most(one.t for one in uses),
            "grants": sorted({one["grant"] for one in grants}),
            "approvals": sorted({one["approval"] for one in grants}),
            "incidents": sorted(id_ for id_, one in self.of["incident"].items() if name in one["keys"]),
            "exceptions": sorted(id_ for id_, one in self.exceptions.items() if name == one["key"]),
            "findings": [code for code, _ in hits],
        }

    def capacity_of(self, person: str) -> Object:
        return {"person": person, **self.capacity.get(person, {"capacity": None, "party": None})}

    def did_use(self, uses: list[Record]) -> list[Object]:
        rows = []
        for person, mine in sorted(grouped(uses, lambda one: str(one.body["person"])).items()):
            span = {"handouts": len(mine), "first": mine[0].t, "last": mine[-1].t}
            rows.append({**self.capacity_of(person), **span, "hosts": sorted({one.body["host"] for one in mine})})
        return rows

    def people(self) -> list[str]:
        return sorted({one["person"] for one in self.alive} | self.uses_of.keys())

    def person_row(self, person: str) -> Object:
        grants, times_ = self.granted.get(person, []), [one.t for one in self.uses_of.get(person, [])]
        ends = [grant_end(one) for one in grants]
        left = [one["ended"] for one in grants if one["ended"] and one["ended"]["reason"] == "leaver"]
        gone, told = least(one["at"] for one in left), most(one["told_at"] for one in left)
        return {
            **self.capacity_of(person),
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

    def party_row(self, party: Object) -> Object:
        grants = [one for one in self.alive if one["party"] == party["party"]]
        persons_ = {one["person"] for one in grants}
        return {
            **{name: value for name, value in party.items() if name != "contracts"},
            "persons": len(persons_),
            "keys": len({one["key"] for one in grants}),
            "handouts": sum(len(self.uses_of.get(one, [])) for one in persons_),
            "contract_valid_in_period": uncovered(party, self.since, self.until) is None,
        }

    def approval_rows(self) -> list[Object]:
        named = {one["approval"] for one in self.alive}
        shown = "approval action subject requested_by decided_by decision requested_at decided_at"
        return [
            {**picked(one, shown), "self_approved": self_approved(one)}
            for one in in_order(self.of["approval"])
            if one["approval"] in named or self.within(one["requested_at"]) or self.within(one["decided_at"])
        ]

    def review_row(self, review: Object) -> Object:
        decided, closed = Counter(one["decision"] for one in review["decisions"]), closed_at(review)
        return {
            **{"review": review["review"], "opened": review["opened_at"], "due": review["due"], "closed": closed},
            "items": len(review["items"]),
            **{word: decided[word] for word in ("keep", "reduce", "remove")},
            "undecided": len(review["items"]) - sum(decided.values()) + decided["unknown"],
            "late": review["due"] < (closed or self.until),
        }

    def lifecycle(self) -> list[Object]:
        for row in self.events:
            confirmed = self.keys.get(row["key"], NEVER)["confirmed"]
            if row["event"] == "revoked" and confirmed is not None:
                row.update(confirmed_at=confirmed["at"], lag_s=seconds(row["at"], confirmed["at"]))
        for key in (one for one in in_order(self.keys) if one["created_at"] is not None):
            self.event(key["created_at"], "created", key=key["key"])
        return sorted(self.events, key=lambda row: (row["at"], row["event"], row["key"]))

    def finding_rows(self, first: dict[tuple[str, str], str]) -> list[Object]:
        groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for (code, row), since in first.items():
            groups.setdefault((code, self.covering(code, row)), []).append((row, since))
        return [
            {
                **{"code": code, "severity": SEVERITY[code], "exception": exception or None},
                "rows": sorted(row for row, _ in group if row),
                "since": min(since for _, since in group),
            }
            for (code, exception), group in sorted(groups.items())
        ]

    def covering(self, code: str, row: str) -> str:
        for id_, one in sorted(self.exceptions.items()):
            covers = one["control"] == code and one["key"] in (None, row)
            if covers and one["closed"] is None and one["until"] >= self.until:
                return id_
        return ""

    def summary(self, tables: Object, seals: int) -> Object:
        register, people, lifecycle = tables["register"], tables["people"], tables["lifecycle"]
        alive = [row for row in register if row["status"] in ("active", "disabled")]
        events = Counter(row["event"] for row in lifecycle)
        severities = Counter(row["severity"] for row in tables["findings"])
        return {
            "keys": len(register),
            "active": sum(row["status"] == "active" for row in register),
            **{event: events[event] for event in ("created", "rotated", "revoked")},
            "confirmed": sum(row["confirmed_at"] is not None for row in lifecycle),
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


def began(key: Object) -> str:
    return str(key["created_at"] or key["registered_at"])


def ended_at(key: Object) -> str | None:
    """Told to the venue, noticed, or else confirmed."""
    for member, at in (("revoke", "at"), ("invalidated", "noticed_at"), ("confirmed", "at")):
        if key[member]:
            return str(key[member][at])
    return None


def closed_at(case: Object) -> str | None:
    return case["closed"]["at"] if case["closed"] else None


def grant_end(grant: Object) -> str | None:
    return least(one for one in (grant["until"], grant["ended"] and grant["ended"]["at"]) if one)


def uncovered(party: Object, start: str, end: str) -> str | None:
    """The first instant of the span that no contract of the party covers."""
    for span in sorted(party["contracts"].values(), key=lambda one: (one["from"], one["until"])):
        if span["from"] <= start < span["until"]:
            start = span["until"]
    return None if start >= end else start


def self_approved(approval: Object) -> bool:
    """Who decided is who asked, or who gains."""
    gains = (approval["requested_by"], approval["subject"].get("person"))
    return approval["decided_by"] is not None and approval["decided_by"] in gains


# --- 10 The findings (§10): (code, what broke the rule, since when) -------------------------------

SEVERITY = {
    **dict.fromkeys("F02 F06 F07 F11 F13 F16 F21".split(), "high"),
    **dict.fromkeys("F01 F03 F04 F08 F09 F10 F12 F14 F17 F18 F22".split(), "medium"),
    **dict.fromkeys("F05 F15 F19 F20".split(), "low"),
    "F23": "info",
}
DAY_S, SILENCE_S, OFFSET_MS = 24 * 3600, 26 * 3600, 1000
Hits = Iterator[tuple[str, str, str]]


def findings(of: Tables) -> Hits:
    for key in of.existed():
        yield from findings_of_key(of, key)
    for name, stranger in of.of["stranger"].items():
        yield "F11", name, stranger["since"]
    for use in of.used:
        yield from findings_of_use(of, use)
    for grant in of.alive:
        yield from findings_of_grant(of, grant)
    for name, grants in of.by_key.items():
        unexplained = [one["from"] for one in grants if one["basis"] in ("", "not stated")]
        if unexplained and len({one["person"] for one in grants}) > 1:
            yield "F12", name, max(of.since, min(unexplained))
    for review in of.open_in_period("review"):
        if review["due"] < (closed_at(review) or of.until):
            yield "F09", review["review"], review["due"]
        elif review["closed"] and review["closed"]["undecided"]:
            yield "F09", review["review"], review["closed"]["at"]
    for id_, approval in of.of["approval"].items():
        if of.within(approval["decided_at"]):
            if approval["decision"] == "approve" and self_approved(approval):
                yield "F22", id_, approval["decided_at"]
            if approval["reason"] == "script_exception":
                yield "F20", id_, approval["decided_at"]
    for id_, exception in of.exceptions.items():
        if exception["closed"] is None and exception["until"] < of.until:
            yield "F18", id_, exception["until"]
    yield from findings_of_log(of)


def findings_of_key(of: Tables, key: Object) -> Hits:
    name, word, revoke, confirmed = key["key"], of.status(key), key["revoke"], key["confirmed"]
    seen, quiet = key["proof"]["observed_at"] or key["registered_at"], key["last_use"] or key["registered_at"]
    if word in ("revoked", "revoked_unconfirmed"):
        if revoke and seconds(revoke["at"], confirmed["at"] if confirmed else of.until) > DAY_S:
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
    rotation, idle = of.policy.get("rotation_days"), of.policy.get("idle_days")
    if granted - set(key["scopes_needed"]):
        yield "F01", name, seen
    if granted & {"withdraw", "manage_keys"}:
        yield "F02", name, seen
    if key["ip_supported"] and not key["ip_allow"]:
        yield "F03", name, seen
    if type(rotation) is int and days(began(key), of.until) > rotation:
        yield "F04", name, began(key)
    if type(idle) is int and days(quiet, of.until) > idle:
        yield "F05", name, quiet
    if key["storage"] in ("plain_file", "unknown"):
        yield "F17", name, key["registered_at"]
    if key["proof"]["by"] not in ("venue_api", "venue_web"):
        yield "F19", name, seen


def findings_of_use(of: Tables, use: Record) -> Hits:
    name = use.body["key"]
    grant = of.grants.get(f"{use.body.get('grant')}/{name}")
    ends = [ended_at(of.keys[name]) if name in of.keys else None, grant_end(grant) if grant else None]
    if any(end is not None and use.t >= end for end in ends):
        yield "F16", name, use.t
    elif grant is None or grant["person"] != use.body["person"] or use.t < grant["from"]:
        yield "F06", name, use.t


def findings_of_grant(of: Tables, grant: Object) -> Hits:
    approval, ended = of.of["approval"].get(grant["approval"]), grant["ended"]
    if approval is None or approval["decision"] != "approve" or self_approved(approval):
        yield "F08", grant["grant"], grant["given_at"]
    if ended and ended["reason"] == "leaver" and days(ended["at"], ended["told_at"]) > 1:
        yield "F21", grant["person"], ended["at"]
    if grant["capacity"] not in EXTERNAL:
        return
    party, end = of.of["party"].get(grant["party"] or ""), grant_end(grant)
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


def findings_of_log(of: Tables) -> Hits:
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
        for (start, before), (end, after) in zip(told, [*told[1:], (of.until, "")]):
            explained = before == "agent.stop" or after == "log.gap"
            if not explained and of.meets(start, end) and seconds(start, end) > SILENCE_S:
                yield start, end


def gap_minutes(of: Tables) -> int:
    gaps = {(one.body["from"], one.body["to"]) for one in of.firm if one.type == "log.gap"}
    spans = ((max(start, of.since), min(end, of.until)) for start, end in gaps | set(silences(of)))
    return sum(seconds(start, end) for start, end in spans if start < end) // 60


SENTENCES = {  # those that findings can contradict, behind what stands for {venue} of who is none (§12.2)
    "en": (
        "every venue in the records shown",
        "the register contains every API key that existed in the firm's accounts at {venue}",
        "each key was used only for the recorded purpose by the recorded persons, and was not lent, "
        "transferred to or shared with anyone else",
        "access of affiliates, service providers and contractors rests on a valid contract and approval "
        "and was removed without delay when that ended",
    ),
    "ko": (
        "제시된 기록상의 모든 거래소",
        "등록부에는 해당 기간 중 당사 명의 계정에 존재한 모든 API 키가 빠짐없이 기재되어 있습니다",
        "각 키는 기재된 용도로 기재된 자만이 사용하였으며, 그 외의 자에게 대여·양도·공유하지 아니하였습니다",
        "계열사·수탁사·계약직 등 외부자의 접근권한은 유효한 계약과 승인에 근거하였고, 그 사유가 종료된 때 "
        "지체 없이 말소하였습니다",
    ),
}


def contradicted(tables: list[Object]) -> set[int]:
    codes = {row["code"] for one in tables for row in one["findings"]}
    incidents = [one for table in tables for one in table["incidents"]]
    if any(one["class"] == "suspected_sharing" and one["closed"] is None for one in incidents):
        codes.add("F06")
    against = {1: {"F11"}, 2: {"F06", "F12", "F16"}, 3: {"F07", "F13", "F21"}}
    return {number for number, some in against.items() if codes & some}


# --- 11 Time-stamps (§6.3, RFC 3161) --------------------------------------------------------------
#
# What a reply is over, and when, is read here. Who made it stands in certificates, which Python's standard
# library does not verify, so it counts for nothing; §14.3 has the line for `openssl ts`, which verifies them.

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
DIGESTS = {
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
SEQUENCE, OCTETS, OBJECT_ID, INTEGER, TIME, EXPLICIT_0 = 0x30, 0x04, 0x06, 0x02, 0x18, 0xA0


def elements(data: bytes, *tags: int) -> list[bytes]:
    """The contents of DER elements, of which the first have these tags; ValueError."""
    found, seen, at = [], [], 0
    while at < len(data):
        if len(data) - at < 2 or data[at] & 31 == 31:
            raise ValueError("not a time-stamp in DER")
        tag, size, at = data[at], data[at + 1], at + 2
        if size > 127:
            more = size & 127
            size = int.from_bytes(data[at : at + more], "big")
            if not 1 <= more <= 4 or at + more > len(data) or size < max(128, 1 << 8 * (more - 1)):
                raise ValueError("not a time-stamp in DER")
            at += more
        if at + size > len(data):
            raise ValueError("not a time-stamp in DER")
        seen.append(tag)
        found.append(data[at : at + size])
        at += size
    if seen[: len(tags)] != list(tags):
        raise ValueError("not a time-stamp of the form of RFC 3161")
    return found


def stamped(reply: bytes, over: Mapping[str, bytes]) -> tuple[str, str]:
    """Which of these bytes a granted reply is over, and when it says it saw them; ValueError."""
    (response,) = elements(reply, SEQUENCE)
    status, token = elements(response, SEQUENCE, SEQUENCE)
    kind_, content = elements(token, OBJECT_ID, EXPLICIT_0)
    (signed,) = elements(content, SEQUENCE)
    inner, tst = elements(elements(signed, INTEGER, 0x31, SEQUENCE)[2], OBJECT_ID, EXPLICIT_0)
    if elements(status, INTEGER)[0] not in (b"\x00", b"\x01") or (kind_, inner) != (SIGNED_DATA, TST_INFO):
        raise ValueError("no time-stamp was granted in it")
    (info,) = elements(elements(tst, OCTETS)[0], SEQUENCE)
    _, _, imprint, _, time, *_ = elements(info, INTEGER, OBJECT_ID, SEQUENCE, INTEGER, TIME)
    algorithm, digest = elements(imprint, SEQUENCE, OCTETS)
    name = DIGESTS.get(elements(algorithm, OBJECT_ID)[0])
    told = re.fullmatch(rb"([0-9]{14})(\.[0-9]+)?Z", time)
    if name is None or told is None:
        raise ValueError("its digest or its time is of a kind not known here")
    at = datetime.strptime(told[1].decode() + "Z", "%Y%m%d%H%M%S%z")
    for what, data in over.items():
        if hashlib.new(name, data).digest() == digest:
            return what, f"{at:%Y-%m-%dT%H:%M:%SZ}"
    raise ValueError("it is over other data")


# --- 12 The command (§14.1) -----------------------------------------------------------------------

STEPS = (
    "container, signatures, entries, recipient and age, logs, seals, records, end of the period, tables, "
    "limits and wording, previous attestation, independent anchors, warnings"
).split(", ")
WORDS = ("ok", "note", "FAILED", "MALFORMED")
VERDICTS = ("VERIFIED", "VERIFIED WITH WARNINGS", "FAILED", "FAILED")


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


def read_trust(data: bytes) -> Object:
    """The recipient's own file, in any JSON spelling; Usage saying that it cannot be read."""
    try:
        value = parsed(data)
        trust: Object = {
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
        for at in (one[bound] for one in trust["attesters"] for bound in ("from", "until")):
            instant(at or "2026-01-01T00:00:00.000000Z")
        if any(key.name != origin or key.kind != LOG_KEY for origin, key in trust["logs"].items()):
            raise ValueError("a log's verifier key has another name than its origin")
        if not 0 <= trust["quorum"] <= len(trust["witnesses"]) or trust["signatures_required"] < 1:
            raise ValueError("the quorum or the number of signatures is one that no bundle can reach, or none")
        if not kind("last?")(trust["last"]):
            raise ValueError("what was seen last has another form")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Usage(f"the trust file cannot be read: {error}") from None
    return trust


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from None


def remember(path: str, data: bytes, last: Object) -> None:
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
        members = ("step", "what", "outcome", "detail")
        rows = [dict(zip(members, (n, STEPS[n - 1], WORDS[end].lower(), detail))) for n, end, detail in checks]
        value = {"verdict": verdict, "exit": done.exit, "checks": rows, "attestation_id": said.get("attestation_id")}
        return json.dumps({**value, "summary": done.derived.get("summary") if done.derived else None})
    lines = []
    if said:
        period = said["period"]
        lines.append(f"{said['attestation_id']} of {said['firm']['name_latin']}")
        span = f"{period['from']} to {period['to']} ({period['tz']})"
        lines.append(f"period {span}, issued {said['issued_at']}")
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
