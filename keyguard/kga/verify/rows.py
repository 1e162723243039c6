"""The row tree (KGA/1 §9.2): one row of the register can be shown alone, and proven."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from keyguard.core import canonical
from keyguard.kga import bundle, merkle
from keyguard.kga.verdict import Failed, Malformed


def salt(row: Mapping[str, Any], row_secret: bytes) -> str:
    """What keeps a row unguessable for who is shown others."""
    return hmac.new(row_secret, str(row["key"]).encode(), hashlib.sha256).hexdigest()


def leaf(row: Mapping[str, Any], row_secret: bytes) -> bytes:
    """The leaf hash of one row."""
    return _leaf(row, salt(row, row_secret))


def register_root(rows: Iterable[Mapping[str, Any]], row_secret: bytes) -> bytes:
    """The root over all rows, in the register's order."""
    return merkle.root(leaf(row, row_secret) for row in rows)


def proofs(
    rows: Sequence[Mapping[str, Any]], row_secret: bytes, keys: Iterable[str]
) -> tuple[list[Mapping[str, Any]], list[dict[str, Any]]]:
    """The rows of these keys, and for each what shows that it is of the register: place, path and salt."""
    leaves = [leaf(row, row_secret) for row in rows]
    wanted = frozenset(keys)
    places = [index for index, row in enumerate(rows) if row["key"] in wanted]
    shown = [
        {
            "index": index,
            "path": [one.hex() for one in merkle.path(leaves, index)],
            "salt": salt(rows[index], row_secret),
        }
        for index in places
    ]
    return [rows[index] for index in places], shown


def demand_chosen(tables: bytes, register: Mapping[str, Any]) -> int:
    """Check the rows that a summary shows against the register whose root was signed; how many there are.

    Malformed where rows or proofs are of another form, Failed where one does not lead to the root.
    """
    try:
        value = canonical.decode(tables)
    except ValueError as error:
        raise Malformed(f"{bundle.DERIVED}: {error}") from None
    if not isinstance(value, dict):
        raise Malformed(f"{bundle.DERIVED} is not an object")
    shown, told = value.get("register", []), value.get("rows", [])
    if not isinstance(shown, list) or not isinstance(told, list) or len(shown) != len(told):
        raise Failed("the rows shown are not as many as their proofs")
    last = -1
    for row, proof in zip(shown, told, strict=True):
        if not isinstance(proof, dict) or proof.keys() != {"index", "path", "salt"}:
            raise Malformed("a row's proof has other members")
        (hidden, *path), index = bundle.hashes([proof["salt"], *_list(proof["path"])], "rows"), proof["index"]
        if type(index) is not int or index <= last:
            raise Malformed("the rows are not in the register's order")
        if _root(_leaf(row, hidden.hex()), index, register["rows"], path) != register["root"]:
            raise Failed(f"row {index} is not of the register that was signed")
        last = index
    return len(shown)


def _leaf(row: Any, hidden: str) -> bytes:
    return merkle.leaf_hash(canonical.encode({"row": row, "salt": hidden}))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed("a row's path is not a list")
    return value


def _root(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes]) -> str:
    try:
        return merkle.root_from_path(leaf_hash, index, size, path).hex()
    except ValueError:
        return ""
