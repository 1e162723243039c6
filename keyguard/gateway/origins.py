"""Where requests may go: the https origin an adapter pins, or a simulator on this machine."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Adapter, Facts

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port. `host` is a name, or an address without brackets."""

    scheme: str
    host: str
    port: int
    simulated: bool = False

    @property
    def netloc(self) -> str:
        """The value of the Host header: with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def pinned(base: str) -> Origin:
    """Return the origin of `Facts.base`; raises UsageError `venue.base` unless it is plain https."""
    origin = _parse(base)
    if origin is None or origin.scheme != "https":
        raise UsageError(
            f"the adapter's base {base!r} is not an https origin",
            code="venue.base",
            still="nothing was sent",
            hint="an adapter pins scheme and host, as in https://api.example.com",
        )
    return origin


def chosen(facts: Facts, url: str) -> Origin:
    """Return the origin a home chose for a venue; UsageError `venue.host` unless the adapter pins it."""
    origin = _parse(url)
    bases = (facts.base, *facts.other_bases)
    if origin is None or origin not in map(pinned, bases):
        raise UsageError(
            f"the host configured for {facts.name} is none of that venue's",
            code="venue.host",
            still="nothing was sent",
            hint=f"give one of: {', '.join(bases)}",
        )
    return origin


def of_oauth(adapter: Adapter, base: str) -> Origin:
    """Return the origin that signs apps in; UsageError `venue.base` for one the adapter does not pin."""
    if adapter.oauth is None or base != adapter.oauth.base:
        raise UsageError(
            f"a request to {adapter.facts.name} names a host that its adapter does not pin",
            code="venue.base",
            still="nothing was sent",
        )
    return pinned(base)


def simulator(venue: str, url: str) -> Origin:
    """Return the origin of a simulator; raises UsageError `venue.simulator` unless it is http on loopback.

    An address is asked for, not the name localhost, because what that name means is configuration.
    """
    origin = _parse(url)
    if origin is None or origin.scheme != "http" or not _is_loopback(origin.host):
        raise UsageError(
            f"the simulator configured for {venue} is not on this machine",
            code="venue.simulator",
            still="nothing was sent",
            hint="give it as http://127.0.0.1:PORT; plain http is for loopback addresses only",
        )
    return Origin(origin.scheme, origin.host, origin.port, simulated=True)


def _parse(url: str) -> Origin | None:
    """Split a bare origin; None for anything else, such as user names, paths or odd characters."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not (_HOST.fullmatch(host) or _address(host)):
        return None
    origin = Origin(parts.scheme, host, _DEFAULT_PORTS[parts.scheme] if port is None else port)
    with_port = f"{origin.netloc}:{origin.port}"
    # What is left over after this comparison (user, path, query, control characters) is not an origin.
    if url.removesuffix("/").lower() not in {f"{origin.scheme}://{n}" for n in (origin.netloc, with_port)}:
        return None
    return origin


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.ip_network("127.0.0.0/8")
    return address == ipaddress.IPv6Address("::1")


def proxy(url: str) -> str:
    """Return it; raises UsageError `proxy.invalid`, without the address: it may hold a password."""
    try:
        parts = urlsplit(url)
        fine = not url or (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(
            "the configured proxy is not an http or https address",
            code="proxy.invalid",
            still="nothing was sent",
            hint="give it as http://HOST:PORT",
        )
    return url
