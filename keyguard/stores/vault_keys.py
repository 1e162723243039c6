"""The vault file's keys: a random data key, wrapped once for each way to open the file.

data key (256 random bits)
├─ HKDF-SHA256(salt = file id, info = "keyguard vault 1 items")   AES-256-GCM of items
├─ HKDF-SHA256(salt = file id, info = "keyguard vault 1 seal")    HMAC-SHA256 over header and items
└─ AES-256-GCM under each wrap's own key:
     passphrase           Argon2id(passphrase, salt, cost)
     key_file             HKDF-SHA256(key, salt): the key is random, stretching adds nothing
     systemd_credential   as key_file
     recovery_share       as key_file: the key that a share on paper stands for (`core/share.py`)
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from keyguard.core.errors import StoreError, UsageError
from keyguard.core.secret import Secret
from keyguard.stores.vault_format import FORMAT, Box, Header, binary, canonical, damaged, text

KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
_KEY_TEXT = re.compile(r"[0-9a-f]{64}")

Token = Callable[[int], bytes]
"""Gives that many random bytes: `Clock.token`."""


class WrapKind(enum.Enum):
    """What opens a wrap."""

    PASSPHRASE = "passphrase"  # noqa: S105 - names a kind
    KEY_FILE = "key_file"
    SYSTEMD_CREDENTIAL = "systemd_credential"
    RECOVERY_SHARE = "recovery_share"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of the passphrase costs (Argon2id, RFC 9106).

    The upper bounds hold for what a file says too: a hostile file must not eat the machine. Below the
    default there is no bound but Argon2's own, since parameters are authenticated with the wrap.
    """

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        if not (
            1 <= self.passes <= 10 and 1 <= self.lanes <= 16 and 8 * self.lanes <= self.memory_kib <= 1 << 20
        ):
            raise ValueError("Argon2 parameters out of bounds")


DEFAULT_COST = Cost()


@dataclass(frozen=True, slots=True)
class Keys:
    """What an opened file needs: kept in memory, so that Argon2 runs once a process."""

    file: str
    data: bytes

    def __repr__(self) -> str:
        return f"Keys({self.file})"

    def derived_for(self, info: str) -> bytes:
        """A key of its own for another use of this data key, as `info` names it."""
        return _hkdf(self.data, bytes.fromhex(self.file), info)

    def seal(self, body: bytes) -> bytes:
        """Authenticate header and items together."""
        return hmac.digest(self._derived("seal"), body, hashlib.sha256)

    def encrypt(self, name: str, value: bytes, nonce: bytes) -> Box:
        """Encrypt an item, bound to its name, this file and the format's version."""
        return Box(nonce, _gcm(self._derived("items")).encrypt(nonce, value, self._bound(name)))

    def decrypt(self, name: str, box: Box) -> bytes:
        """Open an item; StoreError `store.damaged` if it is not the one that was put under this name."""
        try:
            return bytes(_gcm(self._derived("items")).decrypt(box.nonce, box.sealed, self._bound(name)))
        except (_invalid_tag(), ValueError):
            raise damaged(f"the item {name!a} does not open") from None

    def _bound(self, name: str) -> bytes:
        return canonical(["keyguard vault item", FORMAT, self.file, name])

    def _derived(self, use: str) -> bytes:
        return self.derived_for(f"keyguard vault {FORMAT} {use}")


def passphrase_wrap(keys: Keys, passphrase: Secret, cost: Cost, token: Token) -> dict[str, Any]:
    """Wrap the data key with a passphrase. UsageError `store.no_passphrase` for an empty one."""
    if not len(passphrase):
        raise UsageError(
            "the passphrase is empty", code="store.no_passphrase", hint="choose six random words"
        )
    wrap = {
        "kind": WrapKind.PASSPHRASE.value,
        "id": token(8).hex(),
        "salt": text(token(SALT_BYTES)),
        "memory_kib": cost.memory_kib,
        "passes": cost.passes,
        "lanes": cost.lanes,
    }
    return _locked(keys, wrap, passphrase, token)


def key_wrap(keys: Keys, key: Secret, kind: WrapKind, token: Token, *, wrap_id: str = "") -> dict[str, Any]:
    """Wrap the data key with a random key as `new_key` makes it; UsageError `store.weak_key` otherwise."""
    if kind is WrapKind.PASSPHRASE or not _KEY_TEXT.fullmatch(key.reveal()):
        raise UsageError(
            "a key file holds 64 hexadecimal digits of randomness",
            code="store.weak_key",
            still="the vault was not changed",
            hint="let keyguard make the key file",
        )
    wrap = {"kind": kind.value, "id": wrap_id or token(8).hex(), "salt": text(token(SALT_BYTES))}
    return _locked(keys, wrap, key, token)


def new_key(token: Token) -> Secret:
    """Make a key for a key file: 256 random bits in hex."""
    return Secret(token(KEY_BYTES).hex())


def unwrap(header: Header, key: Secret) -> Keys:
    """Open the file with a passphrase or key, whichever wrap it fits.

    Raises StoreError `store.wrong_passphrase`; `store.damaged` for wraps out of format or bounds, before
    any memory is spent on them.
    """
    is_key = bool(_KEY_TEXT.fullmatch(key.reveal()))
    # 64 hex digits may be a passphrase too, but the expensive guess comes last.
    for wrap, kind in sorted(_known(header), key=lambda known: known[1] is WrapKind.PASSPHRASE):
        if (is_key or kind is WrapKind.PASSPHRASE) and (keys := _opened(header.file, wrap, key)):
            return keys
    raise StoreError(
        "the passphrase does not open the vault",
        code="store.wrong_passphrase",
        still="nothing was changed",
        hint="try again; check the keyboard layout, or which passphrase file is named",
    )


def _known(header: Header) -> Iterator[tuple[Mapping[str, Any], WrapKind]]:
    for wrap in header.wraps:
        if wrap.get("kind") in {kind.value for kind in WrapKind}:
            yield wrap, WrapKind(wrap["kind"])


def _locked(keys: Keys, wrap: dict[str, Any], key: Secret, token: Token) -> dict[str, Any]:
    nonce = token(NONCE_BYTES)
    sealed = _gcm(_wrapping_key(wrap, key)).encrypt(nonce, keys.data, _bound(keys.file, wrap))
    return {**wrap, "nonce": text(nonce), "sealed": text(sealed)}


def _opened(file: str, wrap: Mapping[str, Any], key: Secret) -> Keys | None:
    try:
        plain = {name: value for name, value in wrap.items() if name not in ("nonce", "sealed")}
        wrapping = _gcm(_wrapping_key(plain, key))
        data = wrapping.decrypt(binary(wrap["nonce"]), binary(wrap["sealed"]), _bound(file, plain))
    except _invalid_tag():
        return None
    except MemoryError:
        raise StoreError(
            "there is not enough memory to check the passphrase",
            code="store.no_memory",
            still="nothing was changed",
            hint=f"it takes {wrap['memory_kib'] // 1024} MiB; free some memory, then try again",
        ) from None
    except (ValueError, LookupError, TypeError):
        raise damaged("one of its locks is not in the documented format") from None
    return Keys(file, bytes(data))


def _bound(file: str, wrap: Mapping[str, Any]) -> bytes:
    return canonical(["keyguard vault wrap", FORMAT, file, wrap])


def _wrapping_key(wrap: Mapping[str, Any], key: Secret) -> bytes:
    salt = binary(wrap["salt"])
    # One passphrase, one byte string: macOS and Linux keyboards compose accents differently.
    material = unicodedata.normalize("NFC", key.reveal()).encode(errors="surrogatepass")
    if wrap["kind"] != WrapKind.PASSPHRASE.value:
        return _hkdf(material, salt, f"keyguard vault {FORMAT} wrap")
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    cost = Cost(wrap["memory_kib"], wrap["passes"], wrap["lanes"])
    stretch = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    return bytes(stretch.derive(material))


def _hkdf(key: bytes, salt: bytes, info: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, info.encode()).derive(key)


def _gcm(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag
