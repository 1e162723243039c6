"""Bybit's refusals: HTTP 200 with a retCode, but for a few that its front machines give themselves."""

from __future__ import annotations


class Refusal(Exception):
    """A call that is not served; `status` is the HTTP status it goes out with."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def bad_parameter(message: str) -> Refusal:
    """A parameter is missing, unknown or of the wrong form."""
    return Refusal(10001, message)


def permission_denied() -> Refusal:
    """The key lacks the right for this call."""
    return Refusal(10005, "Permission denied, please check your API key permissions.")


def unknown_key() -> Refusal:
    """No such key here: never issued, deleted, or of another environment. Bybit does not say which."""
    return Refusal(10003, "API key is invalid.")
