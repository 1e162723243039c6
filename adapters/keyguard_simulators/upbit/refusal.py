"""Upbit's refusals: a name that programs branch on, a message for people."""

from __future__ import annotations


class Refusal(Exception):
    """A call that is not served."""

    def __init__(self, name: str, message: str, status: int = 401) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.status = status


def out_of_scope() -> Refusal:
    """The key lacks the permission for this call."""
    return Refusal("out_of_scope", "허용되지 않은 기능입니다.", 403)


def bad_parameter(message: str) -> Refusal:
    """A parameter is missing or of the wrong form."""
    return Refusal("invalid_parameter", message, 400)


def not_found(name: str) -> Refusal:
    """No such thing, or no such page."""
    return Refusal(name, "찾을 수 없습니다.", 404)
