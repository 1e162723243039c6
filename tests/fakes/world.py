"""Everything a workflow touches, as fakes that survive the process; and a firm with a key or two."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from keyguard.core import use_config
from keyguard.core.exchange import Request
from keyguard.core.keys import Scope
from keyguard.ports.all import Ports
from keyguard.workflows.enrol import Declared, enrol
from keyguard.workflows.identity import Actor, Process
from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.exchange import FakeExchange
from tests.fakes.findings import FakeFindings
from tests.fakes.gateway import FakeGateway
from tests.fakes.incidents import FakeIncidents
from tests.fakes.inventory import FakeInventory
from tests.fakes.journal import FakeJournal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.people import FakePeople
from tests.fakes.person import FakePerson
from tests.fakes.seals import FakeSeals
from tests.fakes.uses import FakeUses

ACTOR = Actor("hana", "host-1")
PROCESS = Process(4242, "99", "bot")
IPS = ("203.0.113.7",)
WHOAMI = Request("GET", "/whoami")


class World:
    """`with_manager`: a second key that manages the account; else the old key may manage itself."""

    def __init__(self, variant="full", *, with_manager=True, self_managed=False, **settings) -> None:
        self.clock = FakeClock()
        self.exchange = FakeExchange(self.clock, variant, **settings)
        self.gateway = FakeGateway(self.exchange)
        self.store = MemoryStore()
        self.inventory = FakeInventory()
        self.journal = FakeJournal()
        self.audit = FakeAudit(self.clock)
        self.person = FakePerson(self.exchange)
        self.people = FakePeople()
        self.findings = FakeFindings()
        self.incidents = FakeIncidents()
        self.seals = FakeSeals(self.audit)
        self.inventory.joined = [self.people, self.audit, self.findings, self.incidents, self.seals]
        self.uses = None
        self.alive = set()
        grants = ["view", "trade", "keys"] if self_managed else ["view", "trade"]
        self.old = self.exchange.make("bot", grants, IPS)
        manager = self.exchange.make("manager", ["view", "keys"], IPS, account="A0")
        self.clock.sleep(60)
        if with_manager and variant not in ("guided", "blind"):
            enrol(self.ports, Declared("examplex", "ops", "manager", "kim"), manager)
        needs = Scope.NONE if self_managed else Scope.READ | Scope.TRADE_SPOT
        self.key = enrol(self.ports, Declared("examplex", "desk", "bot", "kim", needs=needs), self.old).key

    def rule(self, *tables, egress=()):
        """Give the firm rules on use, as its configuration would write them."""
        rules, hosts = use_config.rules(tables, ZoneInfo), use_config.egress(egress)
        self.uses = FakeUses(self.audit, self.inventory, rules, hosts)
        self.inventory.joined.append(self.uses)
        return self

    @property
    def ports(self) -> Ports:
        return Ports(
            self.store,
            self.inventory,
            self.journal,
            self.audit,
            self.gateway,
            self.clock,
            self.person,
            self.people,
            self.findings,
            self.incidents,
            self.seals,
            uses=self.uses,
        )

    def process_alive(self, pid, started):
        return (pid, started) in self.alive

    def answers(self, credential) -> bool:
        """Whether the venue answers a call signed with this credential, here and now."""
        return self.exchange.handle(WHOAMI, credential).status == 200
