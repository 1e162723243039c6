"""Accounts and keys at a stand-in, enrolled under the names they stand in for."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key
from keyguard.core.secret import Secret
from keyguard.ports.all import Ports
from keyguard.rehearsal.stand_ins import Declined, StandIns
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.operations import ask
from keyguard_simulators.plain import PLAIN, Plain

EGRESS = "203.0.113.7"
"""Whence the stand-ins take all calls to come (RFC 5737: nobody's)."""
OWNER = "rehearsal"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that is to stand in for one of this name."""

    desk: str
    label: str
    manages: bool = False


@dataclass
class Furnisher:
    """Opens accounts and issues keys at one venue, and enrols them."""

    ports: Ports
    venues: StandIns
    venue: str
    _plain: Plain = field(init=False)
    _firms: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._plain = PLAIN[self.venue]
        self.venues.web(self.venue, "/_sim/switches", "POST", egress=EGRESS)

    def furnish(self, wanted: Sequence[Wanted]) -> list[Key]:
        """Enrol all of them: managers first, each other key in an account of its own where the first manager
        is shown that account's keys. An account that takes no more is followed by another, with a manager."""
        managing = [one for one in wanted if one.manages and self._plain.manager is not None]
        others = [one for one in wanted if one not in managing]
        if not managing:
            return [self._enrolled(one, self._issue(self._firm(), self._plain.trader)) for one in others]
        firm = self._firm()
        made = [self._issue(firm, self._plain.manager) for _ in managing]
        keys = [self._enrolled(one, who) for one, who in zip(managing, made, strict=True)]
        manager = made[0]
        for one in others:
            found = self._managed(firm, manager)
            if found is None:
                firm = self._firm()
                manager = self._issue(firm, self._plain.manager)
                self._enrolled(Wanted(OWNER, f"manager{self._firms}"), manager)
                found = self._managed(firm, manager)
                assert found is not None, "an empty account takes a key"
            keys.append(self._enrolled(one, *found))
        return keys

    def _managed(self, firm: str, manager: Credential) -> tuple[Credential, str] | None:
        """A key that the manager sees, and what its account is called there; None where no more fit in."""
        opened = self._opened(f"desk{self._firms}", firm)
        who = self._issue(str(opened["account"]), self._plain.trader)
        called = self._called(manager, who, str(opened["name"]), str(opened["account"]))
        if called is not None:
            return who, called
        with contextlib.suppress(Declined):  # it sees the keys of its own account only, which takes some
            return self._issue(firm, self._plain.trader), ""
        return None

    def _firm(self) -> str:
        account = str(self._opened(f"firm{self._firms}", "")["account"])
        if self._plain.first is not None:
            self._issue(account, self._plain.first)
        return account

    def _opened(self, name: str, parent: str) -> Any:
        self._firms += 1
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

    def _enrolled(self, one: Wanted, who: Credential, account: str = "") -> Key:
        return enrol(self.ports, Declared(self.venue, one.desk, one.label, OWNER, account=account), who).key
