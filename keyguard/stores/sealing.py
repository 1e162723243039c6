"""Sealing of journalled replies: one of them may be the only copy of a new secret."""

from __future__ import annotations

from keyguard.core.errors import IntegrityError, NotStored, StoreError
from keyguard.core.secret import Secret
from keyguard.ports.clock import Clock
from keyguard.ports.secrets import SecretStore

KEY_ITEM = "system/journal-key"
_KEY_SIZE = 32
_NONCE_SIZE = 12


class Sealer:
    """ChaCha20-Poly1305 under a key that stands in the secret store and is made on first use.

    A sealed text is nonce and ciphertext. `context` is bound to it: it opens nowhere else.
    """

    def __init__(self, secrets: SecretStore, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Seal; raises StoreError when the secret store cannot be used."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        nonce = self._clock.token(_NONCE_SIZE)
        return nonce + ChaCha20Poly1305(self._make_key()).encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Open; IntegrityError if it was altered, moved or sealed under another key, NotStored if the
        key is gone."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        cipher = ChaCha20Poly1305(self._key())
        try:
            return cipher.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], context)
        except (InvalidTag, ValueError):
            raise IntegrityError(
                "a sealed reply in the journal does not open",
                code="journal.altered",
                still="nothing was changed; the reply is kept as it is",
                hint="restore the database and the secret store from the same time",
            ) from None

    def _key(self) -> bytes:
        text = self._secrets.get(KEY_ITEM).reveal()
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != _KEY_SIZE:
            raise StoreError(f"the item {KEY_ITEM} is not a key", code="journal.key", hint="keyguard doctor")
        return key

    def _make_key(self) -> bytes:
        try:
            return self._key()
        except NotStored:
            fresh = Secret(self._clock.token(_KEY_SIZE).hex())
        try:
            self._secrets.put(KEY_ITEM, fresh)
        except StoreError:
            if KEY_ITEM not in self._secrets.names():
                raise
            # Another process was first: its key counts.
        return self._key()
