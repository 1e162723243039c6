"""All simulated venues in a process of their own, and a firm with keys at each of them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyguard import wiring
from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key
from keyguard.core.secret import Secret
from keyguard.gateway.limits import Spacing
from keyguard.gateway.venues import HttpGateway
from keyguard.home import Config, Home
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.operations import ask
from tests.adapters.scripts import told
from tests.bench.rotation import Nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.core.exchange import Limit
    from keyguard.ports.all import Ports
    from keyguard.ports.person import Person

ENDED_WITHIN_S = 30
EGRESS = "203.0.113.7"
"""Whence the venues take all calls to come."""


@dataclass(frozen=True)
class Served:
    """The venues' addresses; what is asked there is their web side."""

    urls: dict[str, str]

    def web(self, venue: str, path: str, method: str = "GET", **sent: Any) -> Any:
        """Ask the web side of a venue."""
        data = json.dumps(sent).encode() if sent else None
        request = urllib.request.Request(self.urls[venue] + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ENDED_WITHIN_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{venue}: {error.read().decode()}") from None

    def slow_down(self, latency_ms: int) -> None:
        """Let every call take this long on its way, and forget the calls made before."""
        for venue in self.urls:
            self.web(venue, "/_sim/switches", "POST", latency_ms=latency_ms)
            self.web(venue, "/_sim/requests", "DELETE")


@contextlib.contextmanager
def served(venues: tuple[str, ...]) -> Iterator[Served]:
    """Serve the venues from another process until the block ends."""
    chosen = [word for venue in venues for word in ("--venue", venue)]
    command = [sys.executable, "-m", "keyguard_simulators", *chosen]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield Served(json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(ENDED_WITHIN_S)
        process.stdout.close()


@contextlib.contextmanager
def home_at(venues: Served) -> Iterator[Home]:
    """A home that talks to them, with stores as `init --store file` makes them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder, "home"))
        wiring.create(home, Config("bench", "file", simulators=venues.urls), lambda: Secret("bench"))
        with opened(home) as ports:
            begin(ports, Firm(), tool_version="bench")
        yield home


def opened(home: Home, person: Person | None = None) -> contextlib.AbstractContextManager[Ports]:
    """Its ports, as a command has them: with nothing counted yet of the venues' limits."""
    return wiring.opened(home, lambda: Secret("bench"), person or Nobody())


class _Unspaced(Spacing):
    """What comes before the measurement does not keep to the venues' limits: it would take minutes."""

    def wait(self, venue: str, public_id: str, limit: Limit | None, now_ms: int) -> float:
        return 0.0


@dataclass
class Furnisher:
    """Opens accounts and issues keys at one venue, and enrols them."""

    ports: Ports
    venues: Served
    venue: str

    def __post_init__(self) -> None:
        self.venues.web(self.venue, "/_sim/switches", "POST", egress=EGRESS)
        assert isinstance(self.ports.gateway, HttpGateway)
        self.ports.gateway._spacing = _Unspaced()

    def keys(self, count: int) -> list[Key]:
        """Enrol `count` keys, each in an account of its own where the venue gives the manager its list;
        one of them manages keys, where the venue knows such a thing."""
        facts = told(self.venue)
        if facts.MANAGER is None:
            return [self._enrolled(n, self._issue(self._firm(n), facts.TRADER), "") for n in range(count)]
        firm = self._firm(0)
        manager = self._enrol_manager("manager", firm)
        found = [self.ports.inventory.find_key(f"{self.venue}/ops/manager")]
        while len(found) < count:
            opened = self._opened(f"desk{len(found)}", firm)
            who = self._issue(str(opened["account"]), facts.TRADER)
            called = self._called(manager, who, str(opened["name"]), str(opened["account"]))
            if called is None:  # the manager sees the keys of its own account only, which takes some
                try:
                    who, called = self._issue(firm, facts.TRADER), ""
                except RuntimeError:
                    firm = self._firm(len(found))
                    self._enrol_manager(f"manager{len(found)}", firm)
                    continue
            found.append(self._enrolled(len(found), who, called))
        return found

    def _enrol_manager(self, label: str, firm: str) -> Credential:
        manager = self._issue(firm, told(self.venue).MANAGER)
        enrol(self.ports, Declared(self.venue, "ops", label, "bench"), manager)
        return manager

    def _firm(self, number: int) -> str:
        account = self._open(f"firm{number}", "")
        if first := getattr(told(self.venue), "FIRST", None):
            self._issue(account, first)
        return account

    def _open(self, name: str, parent: str) -> str:
        return str(self._opened(name, parent)["account"])

    def _opened(self, name: str, parent: str) -> Any:
        return self.venues.web(self.venue, "/_web/accounts", "POST", name=name, parent=parent)

    def _issue(self, account: str, permissions: Any) -> Credential:
        ips = [] if self.ports.gateway.adapter(self.venue).facts.max_ips == 0 else [EGRESS]
        form = {"account": account, "permissions": permissions, "label": "bot", "ips": ips}
        made = self.venues.web(self.venue, "/_web/keys", "POST", **form)
        passphrase = Secret(made["passphrase"]) if "passphrase" in made else None
        kind = self.ports.gateway.adapter(self.venue).example.kind
        return Credential(made["key"], Secret(made["secret"]), passphrase, kind)

    def _called(self, manager: Credential, who: Credential, *names: str) -> str | None:
        """What the account is called in key management: as the venue reports it, else what its list takes;
        None where the manager is shown no list with the key."""
        adapter = self.ports.gateway.adapter(self.venue)
        assert adapter.list_keys is not None
        named = ask(self.ports, self.venue, adapter.whoami(who.key), who).account
        for called in (named,) if named else (*names, ""):
            with contextlib.suppress(KeyguardError):
                listed = ask(self.ports, self.venue, adapter.list_keys(called), manager)
                if any(report.public_id == who.key for report in listed):
                    return called
        return None

    def _enrolled(self, number: int, who: Credential, account: str) -> Key:
        declared = Declared(self.venue, "mm", f"bot{number}", "bench", account=account)
        return enrol(self.ports, declared, who).key
