"""Blast radius: what a thief of a key could do with it right now, in words and in an order. Pure.

The balance behind a key, and whether its account has a list of withdrawal addresses, no key tells: neither
counts here, and what is not told is taken for the worst.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import total_ordering

from keyguard.core.exchange import KeyReport
from keyguard.core.keys import Environment, Key, Origin, Scope, scope_names

_ABILITIES = {
    Scope.WITHDRAW: "withdraw all funds to any address",
    Scope.MANAGE_KEYS: "make keys of their own, which outlive this one",
    Scope.TRANSFER_INTERNAL: "move funds to other accounts at the venue",
    Scope.TRADE_DERIVATIVES: "lose the balance in leveraged trades with themselves",
    Scope.TRADE_MARGIN: "borrow, and lose the loan in trades with themselves",
    Scope.TRADE_SPOT: "lose the balance in trades with themselves",
    Scope.OTHER: "do what the venue calls by other names",
    Scope.READ: "see balances, orders and positions",
}
"""What each scope is worth to a thief, the worst first."""

_TRADING = Scope.TRADE_SPOT | Scope.TRADE_MARGIN | Scope.TRADE_DERIVATIVES


class Gravity(enum.IntEnum):
    """The worst that can be done; greater is worse."""

    NOTHING = 0
    READ = 1
    OTHER = 2
    TRADE = 3
    TRANSFER = 4
    MANAGE = 5
    WITHDRAW = 6


_GRAVITY = (
    (Scope.WITHDRAW, Gravity.WITHDRAW),
    (Scope.MANAGE_KEYS, Gravity.MANAGE),
    (Scope.TRANSFER_INTERNAL, Gravity.TRANSFER),
    (_TRADING, Gravity.TRADE),
    (Scope.OTHER, Gravity.OTHER),
    (Scope.READ, Gravity.READ),
)


def rank(scopes: Scope | None) -> int:
    """0 is the worst; what nobody knows (None) is taken for it."""
    return max(Gravity) - (max(Gravity) if scopes is None else gravity(scopes))


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Danger:
    """What a thief of one key could do now. Of two the greater is the more dangerous.

    `scopes` are held, as `origin` says; `untold` may be held too. `ips`: () any address, None not told.
    `ends_at`: when it ends by itself (UTC; None: never, or not known). `ended`: expired or disabled, as the
    venue itself said. `holders`: who was handed it and still runs, in words.
    """

    key: Key
    scopes: Scope
    untold: Scope
    origin: Origin
    ips: tuple[str, ...] | None
    ends_at: datetime | None
    ended: bool
    holders: tuple[str, ...]

    @property
    def gravity(self) -> Gravity:
        """The worst that may be possible."""
        return gravity(self.scopes | self.untold)

    @property
    def real(self) -> bool:
        """Whether real money is behind it."""
        return self.key.environment is Environment.LIVE

    @property
    def anywhere(self) -> bool:
        """Whether it may work from the thief's own machine."""
        return not self.ips

    @property
    def words(self) -> str:
        """One line that follows the key's name: what, from where, until when, and what is not known."""
        if self.ended:
            return "nothing now: it is expired or disabled, as the venue says"
        parts = [stolen(self.scopes)]
        if self.untold:
            parts.append(f"perhaps also {abilities(self.untold)}: the venue does not tell")
        if self.origin is Origin.DECLARED:
            parts.append("by its declared purpose, the venue was not asked or does not tell")
        elif self.origin is Origin.INFERRED:
            parts.append("inferred from the venue's answers")
        parts += [self.where, self.until]
        if self.holders:
            parts.append("held now by " + ", ".join(self.holders))
        if not self.real:
            parts.append(f"no real money ({self.key.environment.value})")
        return "; ".join(parts)

    @property
    def where(self) -> str:
        """From which addresses."""
        if self.ips is None:
            return "from any address, as far as the venue tells"
        return "from " + (", ".join(self.ips) + " only" if self.ips else "any address")

    @property
    def until(self) -> str:
        """For how long."""
        return f"until {self.ends_at:%Y-%m-%d %H:%M} UTC" if self.ends_at else "until somebody ends it"

    @property
    def _weight(self) -> tuple[object, ...]:
        """Real money first; then what it can do, surely or perhaps; then from where, and in whose hands."""
        return (
            not self.ended,
            self.real,
            self.gravity,
            gravity(self.scopes) is self.gravity,
            self.anywhere,
            bool(self.holders),
            len(scope_names(self.scopes | self.untold)),
        )

    def __eq__(self, other: object) -> bool:
        return self._weight == other._weight if isinstance(other, Danger) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._weight)

    def __lt__(self, other: Danger) -> bool:
        return self._weight < other._weight


def danger(
    key: Key,
    report: KeyReport | None,
    *,
    now: datetime,
    ends_at: datetime | None = None,
    holders: tuple[str, ...] = (),
) -> Danger:
    """Say what a thief of this key could do at `now` (UTC).

    `report`: what its venue said last, None where it was never asked: then what its purpose needs is taken
    for what it can do, and where nothing is declared everything. `ends_at`: when it ends by itself by the
    venue's rules (`policy.expiry`), where that is known better than from the report. `holders`: in words.
    """
    told = report is not None and report.scopes_origin is not Origin.UNKNOWN
    if report is not None and told:
        scopes, untold, origin = report.scopes, report.scopes_unknown, report.scopes_origin
    elif key.needs:
        scopes, untold, origin = key.needs, Scope.NONE, Origin.DECLARED
    else:
        scopes, untold, origin = Scope.NONE, ~Scope.NONE, Origin.UNKNOWN
    expires_at = report.expires_at if report else None
    ended = expires_at is not None and expires_at <= now
    return Danger(
        key=key,
        scopes=scopes,
        untold=untold & ~scopes,
        origin=origin,
        ips=report.ips if report else None,
        ends_at=ends_at or expires_at,
        ended=ended or (report is not None and not report.enabled),
        holders=holders,
    )


def worst_first(dangers: Iterable[Danger]) -> list[Danger]:
    """Order them for a person who has time for one at a time; those alike by name."""
    return sorted(sorted(dangers, key=lambda one: one.key.name), reverse=True)


def gravity(scopes: Scope) -> Gravity:
    """The worst that these scopes allow."""
    return next((grave for scope, grave in _GRAVITY if scopes & scope), Gravity.NOTHING)


def stolen(scopes: Scope) -> str:
    """What somebody who stole a key of these scopes could do."""
    return f"a thief could {abilities(scopes)}"


def abilities(scopes: Scope) -> str:
    """What these scopes let a thief do, the worst first, in words that follow "a thief could".

    Of several ways to trade only the worst is said, and reading only where it is all there is.
    """
    told = scopes
    for trading in (Scope.TRADE_DERIVATIVES, Scope.TRADE_MARGIN):
        if told & trading:
            told &= ~_TRADING | trading
    if told & ~Scope.READ:
        told &= ~Scope.READ
    said = [words for scope, words in _ABILITIES.items() if told & scope]
    return "; ".join(said) or "do nothing that is known"
