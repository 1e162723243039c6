"""What a key may beyond what it is needed and seen used for, and to what it can be narrowed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from keyguard.core.exchange import Facts, IpForm, KeyReport
from keyguard.core.keys import Key, Scope, scope_names

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Usage:
    """What is known of a key's use. `hosts`, `persons` and `purposes` are those of hand-outs.

    `addresses`: from where those hosts call venues, as declared; `unplaced`: hosts of which nobody declared
    it. `scopes`: what its signed requests did; None where nobody could see: a hand-out gives the secret
    away, so what it was used for is not seen, which is never the same as unused.
    """

    handouts: int = 0
    last: datetime | None = None
    hosts: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    scopes: Scope | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """What is too much. `keep_scopes` and `keep_ips` are what is left when it is taken away.

    `scopes`: held and not needed. `untold`: not needed and perhaps held, the venue does not tell. `ips`:
    entries of the list from which nobody was seen to call. `keep_ips`: () any address, None not told.
    `closed`: addresses in use to which the key is not open. `notes`: why something is left as it is.
    """

    scopes: Scope
    untold: Scope
    ips: tuple[str, ...]
    keep_scopes: Scope
    keep_ips: tuple[str, ...] | None
    closed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def assess(
    key: Key, report: KeyReport, usage: Usage, facts: Facts, *, ips: tuple[str, ...] | None = None
) -> Excess:
    """Compare what a key may with what it needs, and its addresses with those in use.

    `ips`: the addresses a person chose; None to keep those in use. Nothing kept is ever wider than before.
    """
    notes: list[str] = []
    held = report.scopes | report.scopes_unknown
    if key.needs:
        keep = key.needs & held
        if lacking := key.needs & ~held:
            notes.append(f"it lacks {', '.join(scope_names(lacking))}, which its purpose needs")
    else:
        keep = report.scopes
        notes.append("nobody declared what it needs: --needs SCOPE,…")
    if untold := report.scopes_unknown & ~key.needs:
        also = ", ".join(scope_names(untold))
        notes.append(f"whether it may {also} too {facts.name} does not tell: see {facts.key_page}")
    if not keep:
        keep = report.scopes
    keep_ips, surplus, closed = _addresses(report.ips, usage, facts, ips, notes)
    return Excess(
        scopes=report.scopes & ~keep,
        untold=untold,
        ips=surplus,
        keep_scopes=keep,
        keep_ips=keep_ips,
        closed=closed,
        notes=tuple(notes),
    )


def within(ips: tuple[str, ...], allowed: tuple[str, ...]) -> bool:
    """Whether these addresses open a key no further than the allowed ones; () is any address in both."""
    return not allowed or (bool(ips) and all(_holder(one, allowed) for one in ips))


def _addresses(
    allowed: tuple[str, ...] | None,
    usage: Usage,
    facts: Facts,
    chosen: tuple[str, ...] | None,
    notes: list[str],
) -> tuple[tuple[str, ...] | None, tuple[str, ...], tuple[str, ...]]:
    """What to keep of the list, what of it is not seen in use, and what is in use and not on it."""
    if chosen is not None:
        return tuple(sorted(chosen)), _unlisted(allowed or (), chosen), ()
    if facts.max_ips == 0:
        return allowed, (), ()
    if allowed is None:
        notes.append("the venue does not tell its IP list: --ips IP,… narrows it")
        return None, (), ()
    closed = tuple(one for one in usage.addresses if allowed and not _holder(one, allowed))
    seen = tuple(one for one in usage.addresses if one not in closed)
    surplus = _unlisted(allowed, seen) if usage.addresses else ()
    if why := _unplaceable(usage, seen, facts):
        if not allowed or surplus or not usage.addresses:
            notes.append(f"{why}; its IP list is left as it is: --ips IP,… narrows it")
        return allowed, surplus, closed
    return tuple(sorted(seen)), surplus, closed


def _unplaceable(usage: Usage, seen: tuple[str, ...], facts: Facts) -> str:
    """Why the addresses seen in use are no ground to close the others; "" if they are."""
    if not usage.handouts:
        return "no use of it was seen"
    if usage.unplaced:
        return f"nobody declared from where {', '.join(usage.unplaced)} calls venues ([[egress]])"
    if not seen:
        return "none of the addresses in use is on the list"
    if facts.max_ips is not None and len(seen) > facts.max_ips:
        return f"{facts.name} takes no more than {facts.max_ips} addresses"
    forms = {IpForm.IPV4 if ip_address(one).version == 4 else IpForm.IPV6 for one in seen}
    return "" if forms <= facts.ip_forms else f"{facts.name} takes no IPv6 addresses"


def _unlisted(allowed: tuple[str, ...], seen: tuple[str, ...]) -> tuple[str, ...]:
    """Entries of a list in which none of these addresses lies."""
    return tuple(entry for entry in allowed if not any(_holder(one, (entry,)) for one in seen))


def _holder(address: str, allowed: tuple[str, ...]) -> str:
    """The entry of the list that this address or network lies in; "" for none."""
    wanted = _network(address)
    for entry in allowed:
        network = _network(entry)
        if entry == address or (network and wanted and _lies_in(wanted, network)):
            return entry
    return ""


def _lies_in(inner: Network, outer: Network) -> bool:
    return (
        inner.version == outer.version
        and inner.prefixlen >= outer.prefixlen
        and inner.network_address in outer
    )


def _network(text: str) -> Network | None:
    """None for what a venue writes in a way of its own: it lies in nothing but itself."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
