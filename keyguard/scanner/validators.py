"""What a pattern cannot say of a value: checksums, and what is inside of an encoding.

A rule names one (`validate = "bip39"`). Each is a pure function of the captured text. It returns the part
that is the secret, or None if the text is none.
"""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from keyguard.scanner.lazily import pattern

Check = Callable[[str], "slice | None"]

_DATA = Path(__file__).with_name("data")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = 6
_WORD = pattern(r"[a-z]+")
_WORD_BITS = 11
_MNEMONIC_WORDS = (24, 21, 18, 15, 12)
_REPEATED_WORDS = 2
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SMALL = 1 << 160
_CLASSES = (pattern("[a-z]"), pattern("[A-Z]"), pattern("[0-9]"))
_KINDS = bytes((97 <= byte <= 122) + 2 * (65 <= byte <= 90) + 3 * (48 <= byte <= 57) for byte in range(256))
_HEX = pattern(r"(?:0x)?[0-9a-fA-F]+\Z")
_UUID = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_WORDS_OF = pattern(r"[A-Za-z][a-z]+|[A-Z]+|[0-9]+")
_LONG_WORD = 4
_CHANGES_PER_CHARACTER = 0.2
_SHORTEST_PASSWORD = 4
_BEGINNING = 24
_LONG_EXPIRED = 1_640_995_200  # 2022-01-01: what ended before then is documentation by now
_CLAIMS = frozenset(("iss", "sub", "aud", "exp", "nbf", "iat", "jti"))
_BASE64_ONLY = re.compile(r"[+/]")
_URL_ONLY = pattern(r"[-_.]")
_ADDRESS = 40
_SIGNS = "!@#%^&*?+"
_HEX_SIZES = frozenset((32, 40, 48, 56, 64, 66, 80, 96, 128))
_FEWEST_DIGITS = 0.06
_MANY_CHANGES = 0.4
_VOWEL = pattern(r"[aeiouyAEIOUY]")
_PHRASE = pattern(
    r"(?:[A-Z][a-z0-9]{2,11}[!@#$%^&*?_.+-]?){1,3}[0-9]{3,6}[!@#$%^&*?]?|[a-z]{3,10}[0-9]{2,6}[A-Z]{3,10}[!@#$%^&*?]"
)
"""Words and a number, as people are told to make passwords."""
_MASK = pattern(
    r"(?i)x{3}|fake|test|example|sample|dummy|mock|placeholder|secret|passw|token|publickey|privatekey|"
    r"hmac|pbkdf|aes\d{3}|sha\d{3}"
)
"""Words in a value that say what it is: no secret, or the name of one, or of an algorithm."""


def bip39(text: str) -> slice | None:
    """The first run of 12 to 24 words of the English list whose checksum holds (BIP-39), unless it is one
    that documentation and development chains use: those repeat words or are published."""
    words = list(_WORD.finditer(text))
    numbers = [_word_list().get(word[0], -1) for word in words]
    for first in range(len(words)):
        for count in _MNEMONIC_WORDS:
            run = numbers[first : first + count]
            if len(run) < count or -1 in run or not _mnemonic_checksum(run):
                continue
            if len(set(run)) < count - _REPEATED_WORDS:
                return None
            part = slice(words[first].start(), words[first + count - 1].end())
            plain = " ".join(word[0] for word in words[first : first + count])
            return None if _is_published(plain) else part
    return None


def _mnemonic_checksum(numbers: list[int]) -> bool:
    import hashlib  # noqa: PLC0415 - loads OpenSSL, which most scans have no use for

    value = 0
    for number in numbers:
        value = value << _WORD_BITS | number
    size = len(numbers) * _WORD_BITS // 33
    entropy = (value >> size).to_bytes(size * 4, "big")
    return hashlib.sha256(entropy).digest()[0] >> (8 - size) == value & ((1 << size) - 1)


@cache
def _word_list() -> dict[str, int]:
    lines = (_DATA / "bip39-english.txt").read_text("ascii").split()
    return {word: number for number, word in enumerate(lines)}


@cache
def _published() -> frozenset[str]:
    lines = (_DATA / "published.txt").read_text("utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if line and not line.startswith("#"))


def _is_published(value: str) -> bool:
    """Whether a value stands in documentation for everybody. The list holds hashes of beginnings, so it
    gives no value away, and one whose end was changed is still known."""
    import hashlib  # noqa: PLC0415 - loads OpenSSL, which most scans have no use for

    return hashlib.sha256(value[:_BEGINNING].encode()).hexdigest() in _published()


def unpublished(text: str) -> slice | None:
    """Any value that does not stand in documentation for everybody."""
    return None if _is_published(text) else slice(0, len(text))


def secp256k1(text: str) -> slice | None:
    """64 hex digits that are a private key on the curve and no counter, mask, or published test key."""
    digits = text.lower().removeprefix("0x")
    number = int(digits, 16)
    if not _SMALL < number < _CURVE_ORDER or number % _SMALL == 0 or _is_published(digits):
        return None
    return slice(0, len(text))


def crc32(text: str) -> slice | None:
    """A token that ends in the CRC-32 of the characters between its prefix and the checksum, in base 62
    (GitHub, npm)."""
    body, checksum = text[text.rfind("_") + 1 : -_CHECKSUM], text[-_CHECKSUM:]
    import zlib  # noqa: PLC0415 - for GitHub's and npm's tokens alone

    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return slice(0, len(text)) if digits == checksum else None


def jwt(text: str) -> slice | None:
    """A signed token: a header with an algorithm and a payload with claims, both JSON; neither jwt.io's nor
    one that ended long ago."""
    first, _, rest = text.partition(".")
    header, payload = _json(first), _json(rest.partition(".")[0])
    if not isinstance(header, dict) or not isinstance(payload, dict):
        return None
    if not isinstance(header.get("alg"), str) or header["alg"].lower() == "none" or not payload:
        return None
    if payload.get("sub") == "1234567890" or payload.get("name") == "John Doe":
        return None
    if any(isinstance(claim, str) and claim.startswith("FAKE") for claim in payload.values()):
        return None
    end = payload.get("exp")
    if isinstance(end, int | float) and end < _LONG_EXPIRED:
        return None
    return slice(0, len(text)) if len(payload) > 1 or not _CLAIMS.isdisjoint(payload) else None


def _json(part: str) -> object:
    import json  # noqa: PLC0415 - for tokens alone

    try:
        return json.loads(_decoded(part, urlsafe=True) or b"")
    except (ValueError, RecursionError):
        return None


def _decoded(text: str, *, urlsafe: bool = False) -> bytes | None:
    """Base64 with or without its padding; None if it is none."""
    if urlsafe:
        text = text.replace("-", "+").replace("_", "/")
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def basic_auth(text: str) -> slice | None:
    """Base64 of "user:password" as Docker, npm and HTTP keep it."""
    raw = _decoded(text)
    if raw is None or not raw.isascii() or not raw.decode("ascii").isprintable():
        return None
    user, colon, word = raw.decode("ascii").partition(":")
    return slice(0, len(text)) if colon and user and password(word) else None


def discord_bot(text: str) -> slice | None:
    """A token whose first part is the bot's id, a decimal number, in base64."""
    raw = _decoded(text.split(".")[0], urlsafe=True)
    return slice(0, len(text)) if raw and raw.isdigit() else None


def pem_inside(text: str) -> slice | None:
    """Base64 of a PEM private key."""
    raw = _decoded(text)
    return slice(0, len(text)) if raw and b" PRIVATE KEY-----" in raw[:64] else None


_DEFAULTS = pattern(
    r"(?i)(?:my|your|the|some|a|db|user|test|dev|local|super|default|redis|mysql|postgres(?:ql)?|rabbitmq)?"
    r"[_-]?(?:pass(?:word|wd|phrase)?|pwd?|pw|secret|root|admin|user(?:name)?|guest|postgres(?:ql)?|mysql|"
    r"mongo(?:db)?|redis|rabbitmq|token|key|login|credentials?|api[_-]?key|foo|bar|qwerty|letmein|toor|sa|"
    r"string|value|here|hunter2|p(?:a|@|%40|4)ss[@_-]?(?:w[o0]rd)?|tiger|fixture|example|sample|dummy|secure|x{2,}|airflow|minio(?:admin)?|changeit|anonymous|oauth2|git|x-oauth-basic)"
    r"[_-]?(?:here|word|value)?[_-]?[0-9!@#$]{0,4}\Z"
)


def password(text: str) -> slice | None:
    """A password that is not the one everybody uses while developing, nor a name that stands for one."""
    low = text.lower()
    if len(text) < _SHORTEST_PASSWORD or _DEFAULTS.match(text) or len(set(low)) < _SHORTEST_PASSWORD:
        return None
    if any(sign in text for sign in ("...", "***", "${", "{{", "<", "%s", "%(", "$(")) or text[0] in "$%{":
        return None
    return slice(0, len(text))


def random(text: str) -> slice | None:
    """A value that a machine made: letters and digits mixed as chance mixes them, no words, no path, no
    identifier, no address. For names that say "secret" and nothing else."""
    digits = text.lower().removeprefix("0x")
    if _UUID.match(text) or _MASK.search(text) or not password(text) or _is_published(digits):
        return None
    if _HEX.match(text):
        address = len(digits) < len(text) and len(digits) == _ADDRESS
        varied = len(set(digits)) > len("0123456789")
        return slice(0, len(text)) if len(digits) in _HEX_SIZES and varied and not address else None
    if text[0] in "./~" or (_BASE64_ONLY.search(text) and _URL_ONLY.search(text)) or _is_text(text):
        return None
    if sum(1 for kind in _CLASSES if kind.search(text)) < len(_CLASSES):
        return None
    kinds = text.encode("ascii", "replace").translate(_KINDS)
    changes = sum(map(operator.ne, kinds, kinds[1:]))
    numbers = sum(map(str.isdigit, text))
    if changes < _CHANGES_PER_CHARACTER * len(text) or _worded(text) * 2 > len(text):
        return None
    if numbers >= max(2, _FEWEST_DIGITS * len(text)):
        return slice(0, len(text))
    # Of twenty random letters and digits one in ten has a single digit; names change their case less often.
    mixed = numbers and changes >= _MANY_CHANGES * len(text) and not _is_spoken(text)
    return slice(0, len(text)) if mixed else None


def _is_spoken(text: str) -> bool:
    """Whether words of three letters or more, as in "getUserApiKey", make half of a value."""
    spoken = sum(len(word) for word in _WORDS_OF.findall(text) if len(word) > 2 and _VOWEL.search(word))
    return spoken * 2 > len(text)


def _worded(text: str) -> int:
    """How many characters stand in long words that can be said."""
    return sum(
        len(word) for word in _WORDS_OF.findall(text) if len(word) > _LONG_WORD and _VOWEL.search(word)
    )


def careful(text: str) -> slice | None:
    """A password that somebody made well: capitals, small letters and digits, and either a sign and no long
    word, or words that a number of three digits or more, or a sign with one of two, makes more than words."""
    if _MASK.search(text) or not password(text) or text[0] in "./~":
        return None
    if not all(kind.search(text) for kind in _CLASSES):
        return None
    signed = any(sign in text for sign in _SIGNS)
    if signed and _worded(text) * 2 <= len(text):
        return slice(0, len(text))
    return slice(0, len(text)) if _PHRASE.fullmatch(text) else None


def _is_text(value: str) -> bool:
    """Base64 of something that can be read."""
    raw = _decoded(value) or b""
    return raw.isascii() and raw.decode("ascii").isprintable() and bool(raw)


VALIDATORS: dict[str, Check] = {
    "basic_auth": basic_auth,
    "bip39": bip39,
    "careful": careful,
    "crc32": crc32,
    "discord_bot": discord_bot,
    "jwt": jwt,
    "password": password,
    "pem_inside": pem_inside,
    "random": random,
    "secp256k1": secp256k1,
    "unpublished": unpublished,
}
"""What rule files may name."""
