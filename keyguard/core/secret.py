"""Secret: a string that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A secret string. It never appears in repr, str, format, pickles, copies or dictionary keys.

    `reveal()` is the only way to the value: search for it to find every place that handles plaintext.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the plaintext; keep it short-lived and never in a message."""
        return self._value

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # noqa: PLC0415 - loads OpenSSL, which a scan that finds nothing has no use for

        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would allow secrets as dictionary keys

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")
