"""A venue's facts, as `pages/<id>.toml` holds them under `[facts]`: the fields of `Facts`, its words as text.

A span of time is a number and a unit (`ms`, `s`, `m`, `h`, `d`): "90d". `[facts.env_names]` names environment
variables for `run --as`: `sdk` and `hummingbot` as those programs name key, secret and, where a venue's keys
have one, passphrase; `ccxt` its id in capitals, from which ccxt's and freqtrade's names follow by rule.
`[[facts.lives]]` are the rules by which keys end, each with its source and day; `[facts.cancels]` is how one
call cancels all open orders. The file's name is the id.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from keyguard.core.calls import Fault
from keyguard.core.exchange import Cancelling, Facts, IpForm, Life, Limit, NonceKind, Since
from keyguard.core.keys import KeyKind, parse_scopes
from keyguard_adapters._answers import flag, rows, text, texts

Read = Callable[[Any], Any]
_SPAN = re.compile(r"([1-9][0-9]*)(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_CREDENTIAL = ("key", "secret", "passphrase")
_CCXT, _FREQTRADE = ("APIKEY", "SECRET", "PASSWORD"), ("KEY", "SECRET", "PASSWORD")


def read_facts(venue: str, told: Mapping[str, Any]) -> Facts:
    """Read a `[facts]` table; raises ValueError for a field that is unknown, missing or ill-formed."""
    return Facts(id=venue, **fields(told, _FACTS, required=_REQUIRED, where=f"{venue}: facts"))


def fields(
    told: Mapping[str, Any], readers: Mapping[str, Read], *, required: tuple[str, ...], where: str
) -> dict[str, Any]:
    """Read a table's members by name; raises ValueError that names the first which is not as it must be."""
    for name in required:
        if name not in told:
            raise ValueError(f"{where}.{name} is missing")
    values = {}
    for name, value in told.items():
        if name not in readers:
            raise ValueError(f"{where}.{name} is no field")
        try:
            values[name] = readers[name](value)
        except (ValueError, TypeError, re.error) as problem:
            raise ValueError(f"{where}.{name}: {problem}") from None
    return values


def table(value: Any) -> Mapping[str, Any]:
    """A table of named members."""
    if not isinstance(value, dict):
        raise ValueError("a table was expected")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number was expected")
    return value


def _address(value: Any) -> str:
    if not text(value).startswith("https://"):
        raise ValueError("an https address was expected")
    return text(value)


def _day(value: Any) -> str:
    return date.fromisoformat(text(value)).isoformat()


def _pattern(value: Any) -> str:
    return re.compile(text(value)).pattern


def _span(value: Any) -> timedelta:
    found = _SPAN.fullmatch(text(value))
    if found is None:
        raise ValueError('a span of time such as "90d" was expected')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _one_of(words: type[enum.Enum]) -> Read:
    """A reader of one member by its value; Enum raises ValueError for another."""
    return lambda value: words(text(value))


def _some_of(words: type[enum.Enum]) -> Read:
    """A reader of several members, in the order told."""
    return lambda value: tuple(words(one) for one in texts(value))


def _limit(value: Any) -> Limit:
    readers = {"calls": _count, "span": _span, "shared": flag}
    return Limit(**fields(table(value), readers, required=("calls", "span"), where="limit"))


def _cancels(value: Any) -> Cancelling:
    readers = {
        "scopes": lambda scopes: parse_scopes(texts(scopes)),
        "source": _address,
        "checked": _day,
        "leaves": text,
    }
    required = ("scopes", "source", "checked")
    return Cancelling(**fields(table(value), readers, required=required, where="cancels"))


def _lives(value: Any) -> tuple[Life, ...]:
    readers = {
        "span": _span,
        "source": _address,
        "since": _one_of(Since),
        "open_only": flag,
        "scopes": lambda scopes: parse_scopes(texts(scopes)),
    }
    required = ("span", "source")
    return tuple(Life(**fields(table(one), readers, required=required, where="life")) for one in rows(value))


def _env(value: Any) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """The names by style, for `Facts.env_names`."""
    readers = {"sdk": texts, "ccxt": text, "hummingbot": texts}
    told = fields(table(value), readers, required=("sdk",), where="env")
    parts = len(told["sdk"])
    if parts not in (2, 3) or len(told.get("hummingbot", told["sdk"])) != parts:
        raise ValueError("names of key and secret were expected, of a passphrase where keys have one")
    styles = {"sdk": told["sdk"]}
    if ccxt := told.get("ccxt"):
        styles["ccxt"] = [f"{ccxt}_{part}" for part in _CCXT[:parts]]
        styles["freqtrade"] = [f"FREQTRADE__EXCHANGE__{part}" for part in _FREQTRADE[:parts]]
    if "hummingbot" in told:
        styles["hummingbot"] = told["hummingbot"]
    return {style: tuple(zip(names, _CREDENTIAL, strict=False)) for style, names in styles.items()}


_FACTS: Mapping[str, Read] = {
    "name": text,
    "base": _address,
    "other_bases": lambda value: tuple(_address(one) for one in rows(value)),
    "docs": _address,
    "checked": _day,
    "key_page": _address,
    "closed": _day,
    "kinds": _some_of(KeyKind),
    "nonce": _one_of(NonceKind),
    "clock_window": _span,
    "max_ips": _count,
    "ip_forms": lambda value: frozenset(_some_of(IpForm)(value)),
    "ip_mandatory": flag,
    "lives": _lives,
    "limit": _limit,
    "disturbs": text,
    "label_pattern": _pattern,
    "dead": lambda value: frozenset(_some_of(Fault)(value)),
    "propagation": _span,
    "cancels": _cancels,
    "env_names": _env,
    "unverified": texts,
}
_REQUIRED = ("name", "base", "docs", "checked", "key_page", "dead", "env_names", "unverified")
