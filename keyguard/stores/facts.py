"""Frozen dataclasses of the core as JSON text, by their annotations. Strict: a surprise is a ValueError.

A member that is missing takes its default, so a later keyguard can add one; an unknown member is refused.
"""

from __future__ import annotations

import enum
import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from keyguard.core.canonical import format_instant, parse_instant
from keyguard.core.keys import Scope, parse_scopes, scope_names

T = TypeVar("T")


def encode_facts(value: Any) -> str:
    """Write a dataclass: scopes and other words by name, instants in UTC."""
    return json.dumps(_plain(value), sort_keys=True)


def decode_facts(kind: type[T], text: str) -> T:
    """Read it; ValueError for anything `encode_facts` does not write of this kind."""
    made: T = _build(kind, json.loads(text))
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, Scope):
        return scope_names(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


@cache
def _members(kind: Any) -> dict[str, tuple[Any, bool]]:
    """The annotation of each member, and whether it must be there."""
    hints = get_type_hints(kind)
    return {field.name: (hints[field.name], field.default is MISSING) for field in fields(kind)}


def _build(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        return _object(kind, value)
    origin = get_origin(kind)
    if origin in (types.UnionType, Union):
        (inner,) = (one for one in get_args(kind) if one is not type(None))
        return None if value is None else _build(inner, value)
    if origin in (tuple, frozenset):
        if not isinstance(value, list):
            raise ValueError("not a list")
        return origin(_build(get_args(kind)[0], item) for item in value)
    if origin is Mapping:
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise ValueError("not an object of texts")
        return value
    if isinstance(kind, type) and issubclass(kind, int):
        if type(value) is not int:
            raise ValueError("not a whole number")
        return kind(value)
    if kind is Scope:
        return parse_scopes(_build(tuple[str, ...], value))
    if not isinstance(value, str):
        raise ValueError("not a text")
    return parse_instant(value) if kind is datetime else kind(value)


def _object(kind: Any, value: Any) -> Any:
    members = _members(kind)
    if not isinstance(value, dict) or not value.keys() <= members.keys():
        raise ValueError(f"the members are not those of a {kind.__name__}")
    made = {}
    for name, (hint, needed) in members.items():
        if name in value:
            made[name] = _build(hint, value[name])
        elif needed:
            raise ValueError(f"{name} is missing")
    return kind(**made)
