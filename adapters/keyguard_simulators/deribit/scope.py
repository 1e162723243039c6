"""Deribit's scopes: areas and levels, kept as a flat set of "area:level" without the "none"s."""

from __future__ import annotations

from keyguard_simulators.deribit.rpc import RpcError, invalid

AREAS = ("account", "block_rfq", "block_trade", "custody", "trade", "wallet")
LEVELS = ("none", "read", "read_write")


def parse(text: str) -> frozenset[str]:
    """Read a `max_scope`; an area left out is "none". Raises RpcError for a name that does not exist."""
    grants = set()
    for part in text.split():
        area, _, level = part.partition(":")
        if area not in AREAS or level not in LEVELS:
            raise invalid("max_scope", f"unknown scope {part}")
        if level != "none":
            grants.add(part)
    return frozenset(grants)


def write(grants: frozenset[str]) -> str:
    """All areas with their level, as in `max_scope`."""
    return " ".join(f"{area}:{LEVELS[level(grants, area)]}" for area in AREAS)


def level(grants: frozenset[str], area: str) -> int:
    """0 none, 1 read, 2 read and write."""
    return max(index for index, name in enumerate(LEVELS) if index == 0 or f"{area}:{name}" in grants)


def within(grants: frozenset[str], limit: frozenset[str]) -> bool:
    """Whether nothing in `grants` goes beyond `limit`."""
    return all(level(grants, area) <= level(limit, area) for area in AREAS)


def narrowed(requested: str, limit: frozenset[str]) -> frozenset[str]:
    """What a token gets that asked for `requested`; one that names no area gets everything.

    Parts that are no areas (`expires:`, `session:`, `ip:`, `connection`) are the token's business.
    """
    asked = [part for part in requested.split() if part.partition(":")[0] in AREAS]
    if not asked:
        return limit
    grants = parse(" ".join(asked))
    lower = {area: min(level(grants, area), level(limit, area)) for area in AREAS}
    return frozenset(f"{area}:{LEVELS[index]}" for area, index in lower.items() if index)


def demand(grants: frozenset[str], needed: str) -> None:
    """Raise RpcError unless `needed`, such as "account:read", is held."""
    area, _, name = needed.partition(":")
    if level(grants, area) < LEVELS.index(name):
        raise RpcError(13021, "forbidden", 403, reason=f"missing scope {needed}")
