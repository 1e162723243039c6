"""What a firm says about its attestations: the table `[attest]` of a home, and what a command adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from keyguard.core import canonical
from keyguard.core.errors import UsageError

TZ, VALID_DAYS = "Asia/Seoul", 90
NOT_DECLARED = "not declared"
_TEXTS = ("officer", "title", "preparer", "lei", "address", "tz", "second_signature")


@dataclass(frozen=True, slots=True)
class Named:
    """A name or a title as Koreans and as others read it."""

    local: str
    latin: str


@dataclass(frozen=True, slots=True)
class AttestConfig:
    """Who answers for the firm. `two`: a second person signs, and who prepares is not the officer."""

    firm: Mapping[str, str]
    officer: Named
    title: Named
    preparer: Named | None
    tz: str = TZ
    valid_days: int = VALID_DAYS
    two: bool = False


def attest_config(
    firm: Mapping[str, str], table: Mapping[str, int | str], chosen: Mapping[str, str]
) -> AttestConfig:
    """From `[firm]` and `[attest]` of the home; `chosen` (options of a command) comes first.

    UsageError `attest.config` for what is missing or means nothing.
    """
    if odd := table.keys() - {*_TEXTS, "valid_days"}:
        raise _refused(f"[attest] has an unknown name {min(odd)!r}")
    said = {name: value for name, value in table.items() if isinstance(value, str) and name in _TEXTS}
    said |= {name: value for name, value in chosen.items() if value}
    days = table.get("valid_days", VALID_DAYS)
    if not isinstance(days, int) or not 1 <= days <= 3660:
        raise _refused("valid_days of [attest] is a number of days")
    preparer = said.get("preparer")
    return AttestConfig(
        firm={**firm, **{name: said[name] for name in ("lei", "address") if name in said}},
        officer=_named("officer", said.get("officer")),
        title=_named("title", said.get("title")),
        preparer=None if preparer is None else _named("preparer", preparer),
        tz=said.get("tz", TZ),
        valid_days=days,
        two=second_signature(table),
    )


def second_signature(table: Mapping[str, int | str]) -> bool:
    """Whether a second person signs; UsageError for a word that means nothing."""
    word = table.get("second_signature", "own")
    if word not in ("own", "required"):
        raise _refused("second_signature of [attest] is own or required")
    return word == "required"


def text(value: str, what: str, longest: int = canonical.LONGEST) -> str:
    """The text, if it may stand in a statement (KGA/1 §4); UsageError `attest.text`."""
    try:
        canonical.check_record_text(value, what, longest=longest)
    except ValueError as error:
        raise UsageError(str(error), code="attest.text", still="nothing was issued") from None
    return value


def _named(what: str, said: str | None) -> Named:
    """`Kim Jiwoo / 김지우`: Latin first, local after the slash; without one both are the same."""
    if not said:
        raise _refused(f"who is the {what}?" if what != "title" else "what is the officer's title?", what)
    latin, _, local = (part.strip() for part in text(said, what).partition("/"))
    return Named(local or latin, latin)


def _refused(what: str, option: str = "") -> UsageError:
    hint = (
        f'--{option} "LATIN / LOCAL", or {option} in [attest] of config.toml' if option else "docs/attest.md"
    )
    return UsageError(what, code="attest.config", still="nothing was issued", hint=hint)
