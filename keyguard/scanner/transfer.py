"""Findings as plain values, for the way from one process of a scan to another, and back.

A Secret refuses to be pickled, so that no value slips into a file or message by accident. Here it is
meant: the bytes go through a pipe between two processes of one scan, both of which hold the scanned
content anyway, and are never written anywhere. This is the only place that takes Secrets apart for it.
"""

from __future__ import annotations

import enum
from importlib import import_module
from typing import Any

from keyguard.core.secret import Secret

_SECRET, _LIST, _OURS = "keyguard.core.secret", "keyguard.list", "keyguard."


def pack(value: Any) -> Any:
    """Named tuples, enums, Secrets, lists and tuples of them as values that `marshal` takes."""
    if value is None or isinstance(value, (str, int, float, bytes)):
        return value
    if isinstance(value, Secret):
        return (_SECRET, "", (value.reveal(),))
    if isinstance(value, enum.Enum):
        return (type(value).__module__, type(value).__name__, (value.value,))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return (type(value).__module__, type(value).__name__, tuple([pack(entry) for entry in value]))
    if isinstance(value, tuple):
        return (None, "", tuple([pack(entry) for entry in value]))
    if isinstance(value, list):
        return (_LIST, "", tuple([pack(entry) for entry in value]))
    if isinstance(value, dict):
        return {key: pack(entry) for key, entry in value.items()}
    raise TypeError(f"a {type(value).__name__} does not travel between processes")


def unpack(packed: Any) -> Any:
    """The value that `pack` was given."""
    if isinstance(packed, dict):
        return {key: unpack(entry) for key, entry in packed.items()}
    if not isinstance(packed, tuple):
        return packed
    module, name, row = packed
    values = [unpack(entry) for entry in row]
    if module is None:
        return tuple(values)
    if module == _LIST:
        return values
    if module == _SECRET:
        return Secret(*values)
    if not module.startswith(_OURS):
        raise TypeError(f"{module} is none of ours")
    return getattr(import_module(module), name)(*values)
