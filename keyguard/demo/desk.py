"""A desk to try things out on: a home of its own, simulated venues, keys as desks have them.

What the home holds is what keyguard's own workflows found at the simulators: nothing is written in.
"""

from __future__ import annotations

import base64
import contextlib
import getpass
import os
import socket
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from keyguard import __version__, wiring
from keyguard.core.errors import UsageError
from keyguard.core.exchange import Credential
from keyguard.core.keys import Environment, Scope
from keyguard.core.people import Capacity, Contract, PartyKind
from keyguard.core.secret import Secret
from keyguard.demo import venues
from keyguard.demo.story import PASSPHRASE
from keyguard.demo.venues import Website
from keyguard.home import Config, Home
from keyguard.processes import start_time
from keyguard.stores import signer_file
from keyguard.workflows import attesters, declare_desk, declare_party, declare_person, give_grant, look
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import Actor, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyguard.demo.venues import Venues
    from keyguard.ports.all import Ports

READ, SPOT, DERIVATIVES = Scope.READ, Scope.TRADE_SPOT, Scope.TRADE_DERIVATIVES
_TRADE = {"ContractTrade": ["Order", "Position"], "Wallet": ["AccountTransfer"]}
OFFICER = "demo"
"""Opens the officer's key."""
_ATTEST = {"officer": "Demo Officer / 데모", "title": "Compliance Officer / 준법감시인"}
_UPBIT = ["view_account", "view_orders", "make_orders"]


@contextlib.contextmanager
def furnished() -> Iterator[Home]:
    """A home on simulated venues, for as long as the block runs; nothing is left behind.

    Needs the `demo` extra. `officer` says where the key stands that signs attestations.
    """
    with tempfile.TemporaryDirectory(prefix="keyguard-demo-") as folder, venues.simulated() as served:
        home, passphrase = Home(Path(folder, "home")), Path(folder, "passphrase")
        passphrase.touch(mode=0o600)
        passphrase.write_text(PASSPHRASE, encoding="utf-8")
        secret = Secret(PASSPHRASE.strip())
        config = Config(
            "demo", "file", firm={"name_latin": "Demo Desk"}, simulators=dict(served.urls), attest=_ATTEST
        )
        wiring.create(home, config, lambda: secret)
        before = os.environ.get(wiring.PASSPHRASE_VARIABLE)
        os.environ[wiring.PASSPHRASE_VARIABLE] = str(passphrase)
        try:
            with wiring.opened(home, lambda: secret, _Nobody()) as ports:
                _furnish(ports, served, officer(home))
            yield home
        finally:
            os.environ.pop(wiring.PASSPHRASE_VARIABLE)
            if before is not None:
                os.environ[wiring.PASSPHRASE_VARIABLE] = before


def officer(home: Home) -> Path:
    """The officer's key of such a home: a file whose name says its passphrase, for whoever tries it out."""
    return home.path.parent / f"officer, passphrase {OFFICER}.attester"


def _furnish(ports: Ports, served: Venues, signs: Path) -> None:
    begin(ports, Firm(name_latin="Demo Desk"), tool_version=__version__)
    me = Actor(getpass.getuser(), socket.gethostname())
    made = signer_file.make(signs, Secret(OFFICER), ports.clock.token, holds=signer_file.ATTESTATIONS)
    public = base64.b64encode(bytes.fromhex(made.public)).decode()
    attesters.add(ports, "attester", public, "compliance officer", actor=me)
    _keys(ports, served)
    process = Process(os.getpid(), start_time(os.getpid()), "quoter.py")
    for key in ("bybit/mm/bot", "bybit/arb/runner", "upbit/krw/maker", "upbit/krw/taker"):
        hand_out(ports, key, purpose="quoting", mode="env", actor=me, process=process)
    _people(ports, me)  # from here on who uses a key needs a grant
    _drift(ports, served)


def _keys(ports: Ports, served: Venues) -> None:
    """Keys as they grow on desks: some as needed, some with more, one nobody registered."""
    bybit, upbit = Website(served.urls["bybit"]), served.upbit_page
    master = bybit.do("POST", "accounts", name="second desk")["account"]
    extra = [
        venues.issue(bybit, account=master, label=label, permissions=_TRADE, ips=["127.0.0.1"], age_days=age)
        for label, age in (("hedge", 85), ("arb", 20), ("nobody", 3))
    ]
    krw = venues.issue(
        upbit, account=served.upbit_account, permissions=_UPBIT, ips=["127.0.0.1"], age_days=362
    )
    for name, pair, owner, needs in (
        ("bybit/ops/manager", served.bybit_manager, "kim", Scope.MANAGE_KEYS),
        ("bybit/mm/bot", served.bybit, "hana", READ | DERIVATIVES),
        ("bybit/mm/hedge", extra[0], "jo", READ | DERIVATIVES),
        ("bybit/arb/runner", extra[1], "bo", READ | DERIVATIVES),
        ("deribit/ops/manager", served.deribit_manager, "kim", Scope.MANAGE_KEYS),
        ("deribit/vol/gamma", served.deribit, "mina", READ | SPOT | DERIVATIVES),
        ("upbit/krw/maker", served.upbit, "jimin", READ | SPOT),
        ("upbit/krw/taker", krw, "jimin", READ | SPOT),
    ):
        venue, desk, label = name.split("/")
        environment = Environment.SIMULATED
        declared = Declared(
            venue, desk, label, owner, purpose="quoting", needs=needs, environment=environment
        )
        enrol(ports, declared, Credential(pair.key, Secret(pair.secret)))


def _people(ports: Ports, me: Actor) -> None:
    now = ports.clock.now()
    declare_person.declare(ports, "kim", Capacity.EMPLOYEE, actor=me, users=[(me.user, "")])
    for name in ("mm", "vol", "arb", "krw", "ops"):
        declare_desk.declare(ports, name, actor=me)
    contract = Contract("MSA-7", now - timedelta(days=300), now + timedelta(days=12))
    declare_party.declare(ports, "acme", PartyKind.CONTRACTOR, contract, actor=me, relation="builds bots")
    for id_ in ("hana", "mina", "jimin", "bo"):
        declare_person.declare(ports, id_, Capacity.EMPLOYEE, actor=me)
    until = now + timedelta(days=4)
    declare_person.declare(ports, "jo", Capacity.CONTRACTOR, actor=me, party="acme", until=until)
    for person, desk in (("hana", "mm"), ("mina", "vol"), ("jimin", "krw"), ("jo", "mm")):
        give_grant.give(ports, give_grant.Wanted(person, desk=desk), actor=me, why="quotes there")
    for desk in ("arb", "krw"):
        give_grant.give(ports, give_grant.Wanted("kim", desk=desk), actor=me, why="runs the demo")


def _drift(ports: Ports, served: Venues) -> None:
    """Somebody widened a key on the venue's page, and keyguard looks."""
    Website(served.urls["bybit"]).do("PATCH", f"keys/{served.bybit.key}", ips=["127.0.0.1", "198.51.100.9"])
    look.at_all(ports)


class _Nobody:
    """Nothing that furnishes asks a person."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise UsageError("the demo asked a person", code="person.needed")

    new_credential = confirm = tick = answer = _refuse

    def tell(self, step: str, detail: str = "") -> None:
        """Nobody listens."""
