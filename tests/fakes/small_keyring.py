"""A keyring with the limits of macOS and Windows: small values, no search, delete-then-add updates."""

from __future__ import annotations

from keyring.errors import KeyringLocked, PasswordDeleteError, PasswordSetError

from keyguard.stores.os_backends import OsBackend


class PowerCut(BaseException):
    """The process ends here."""


class SmallKeyring:
    """A keyring library backend. `items` is what survives; `steps_left` counts down to a power cut."""

    def __init__(self, limit: int = 1280) -> None:
        self.limit = limit
        self.items: dict[tuple[str, str], str] = {}
        self.steps_left: int | None = None
        self.locked = False
        self.forgetful = False

    def backend(self) -> OsBackend:
        return OsBackend(api=lambda: self, probe=lambda: "", limit=self.limit, one_a_service=True)

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("FAKE secret in the library's message")
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2 * self.limit:
            raise PasswordSetError(f"too long: {password}")
        if (service, username) in self.items:
            self._step()
            del self.items[service, username]
        self._step()
        if not self.forgetful:
            self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._step()
        if (service, username) not in self.items:
            raise PasswordDeleteError(service)
        del self.items[service, username]

    def _step(self) -> None:
        if self.steps_left is not None:
            if self.steps_left == 0:
                raise PowerCut
            self.steps_left -= 1
