"""The desk that all screens are shown with: fixed facts at a fixed time, in memory, no secret anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from keyguard.core.errors import UsageError
from keyguard.core.exchange import KeyReport, KeySpec
from keyguard.core.findings import Finding, Item, Kind, State, accepted
from keyguard.core.incidents import Event, Freeze, Incident, Step
from keyguard.core.incidents import Kind as Trouble
from keyguard.core.incidents import Scope as FreezeScope
from keyguard.core.keys import Environment, Key, KeyVersion, Origin, Scope, VersionStatus
from keyguard.core.people import (
    Action,
    Approval,
    Capacity,
    Contract,
    Desk,
    Grant,
    Party,
    PartyKind,
    Person,
    Span,
)
from keyguard.core.policy import Level
from keyguard.core.reviews import Review, ReviewItem, Verdict
from keyguard.gateway.registry import load
from keyguard.ports.all import Ports
from keyguard.ports.inventory import Lease, Observation
from keyguard.ports.journal import Workflow
from keyguard.tui.picture import DaemonState, DaemonView
from keyguard.tui.reading import Home
from keyguard.workflows import parking
from keyguard.workflows.plan import Plan
from tests.fakes.audit import FakeAudit
from tests.fakes.clock import FakeClock
from tests.fakes.findings import FakeFindings
from tests.fakes.incidents import FakeIncidents
from tests.fakes.inventory import FakeInventory
from tests.fakes.journal import FakeJournal
from tests.fakes.memory_store import MemoryStore
from tests.fakes.people import FakePeople
from tests.fakes.seals import FakeSeals

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
READ, SPOT, DERIVATIVES = Scope.READ, Scope.TRADE_SPOT, Scope.TRADE_DERIVATIVES
HOME = Home("Hanbit Trading 한빛", frozenset({"upbit"}))
RUNNING = DaemonView(DaemonState.RUNNING, "0.1.0", hand_outs=3, unfinished=1)


class Venues:
    """Adapters as they are; nothing is ever sent."""

    def adapter(self, venue):
        return load(venue)

    def simulated(self, venue):
        return venue in HOME.simulated


class TuiDesk:
    """Ports in memory with a desk's keys. Change what it holds, and `look` finds it."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.inventory, self.journal, self.people = FakeInventory(), FakeJournal(), FakePeople()
        self.findings, self.audit = FakeFindings(), FakeAudit(self.clock)
        self.incidents = FakeIncidents()
        self.changes = 0
        self.inventory.stamp = lambda: self.changes
        self.ports = Ports(
            MemoryStore(),
            self.inventory,
            self.journal,
            self.audit,
            Venues(),
            self.clock,
            None,
            self.people,
            self.findings,
            self.incidents,
            FakeSeals(self.audit),
        )

    def key(self, name, scopes=READ | SPOT, *, needs=READ | SPOT, ips=("203.0.113.7",), **facts):
        """Add a key with a live version. `ends`: days from now; `seen`: days ago, None for never."""
        venue, desk, label = name.split("/")
        ends, seen, origin = (
            facts.pop("ends", None),
            facts.pop("seen", 0),
            facts.pop("origin", Origin.REPORTED),
        )
        born = NOW - facts.pop("age", 40) * DAY
        key = Key(f"k_{label}_{venue}_{desk}", venue, desk, label, needs=needs, **facts)
        version = KeyVersion(
            f"v1_{key.id}",
            key.id,
            1,
            f"AKID{len(label):02}{desk}{venue}",
            "ab" * 16,
            VersionStatus.LIVE,
            born,
        )
        self.inventory.add_key(key, version)
        if seen is not None:
            report = KeyReport(
                version.public_id,
                label=label,
                scopes=scopes,
                scopes_origin=origin,
                ips=ips,
                ips_origin=Origin.UNKNOWN if ips is None else Origin.REPORTED,
                created_at=born,
                expires_at=None if ends is None else NOW + ends * DAY,
                expiry_origin=Origin.UNKNOWN if ends is None else Origin.REPORTED,
            )
            self.inventory.observe(Observation(version.id, NOW - seen * DAY, report))
        self.changes += 1
        return key

    def finding(self, kind, level, subject, text, command, *, days=1, **facts):
        item = Item(kind, level, subject, text, NOW - days * DAY, command, **facts)
        self.findings.put(Finding(item.id, item, State.OPEN, item.at, item.at))
        self.changes += 1
        return self.findings.get(item.id)

    def rotation(self, name, state, *, reason="schedule", guided=False, finished=False, minutes=5):
        """Journal a rotation of a key that has come so far."""
        key = self.inventory.find_key(name)
        manager = "" if guided else "k_manager_bybit_ops"
        spec = KeySpec("kg_1", key.needs, ("trade",), ("203.0.113.7",))
        plan = Plan(f"v1_{key.id}", manager, "", reason, 600, spec)
        at = NOW - timedelta(minutes=minutes)
        data = {"plan": plan.encode()}
        made = Workflow(f"wf_{key.label}", "rotate", key.id, state, at, at, data, finished=finished)
        self.journal.open(made)
        self.changes += 1
        return made

    def park(self, workflow, message):
        parking.park(self.ports, workflow, UsageError(message, code="person.needed"))
        self.changes += 1

    def accept(self, subject, reason, *, days=20):
        """Accept the first open finding about this."""
        one = next(one for one in self.findings.standing() if one.item.subject == subject)
        self.findings.put(accepted(one, NOW, by="kim", reason=reason, until=NOW + days * DAY))
        self.changes += 1

    def incident(self, name, how, *, closed=False, kind=Trouble.LEAK, **facts):
        """An incident of a key, frozen since; or one that is over. `facts` of `Incident`."""
        key = self.inventory.find_key(name)
        at = NOW - timedelta(hours=5)
        events = [
            Event(Step.DETECTED, at, at, "hana", how),
            Event(Step.FROZEN, at + timedelta(minutes=1), at, "hana", "hand-outs of 1 keys"),
        ]
        made = Incident(
            f"in_{key.label}",
            kind,
            (key.id,),
            (key.venue,),
            how,
            at,
            at,
            "hana",
            (name,),
            events=tuple(events),
            closed_at=NOW if closed else None,
            cause="a file was pushed" if closed else "",
            outcome=("key replaced",) if closed else (),
            **facts,
        )
        self.incidents.put(made)
        if not closed:
            self.incidents.put_freeze(Freeze(f"fz_{key.label}", FreezeScope.KEY, key.id, at, "hana", how))
        self.changes += 1

    def review(self, desk, *items, due=9, closed=False, external=False):
        """A review of a desk; each item: person, keys by name, and facts of `ReviewItem`."""
        made = []
        for number, (person, names, facts) in enumerate(items):
            keys = tuple(self.inventory.find_key(name).id for name in names)
            made.append(ReviewItem(facts.pop("grant", f"gr_{desk}{number}"), person, keys, **facts))
        opened = NOW + (due - 14) * DAY
        span = Span(opened, opened + 14 * DAY, NOW - DAY if closed else None)
        reviewers, external = ("hana", "kim", "mina"), "external" if external else ""
        by = "kim" if closed else ""
        made = Review(f"rv_{desk}", desk, span, reviewers, tuple(made), "kim", external, by)
        self.people.put_review(made)
        self.changes += 1
        return made

    def log(self, count=6):
        """Append records to the audit log."""
        for number in range(count):
            self.clock.sleep(60)
            body = {"key": "ab" * 32, "workflow": f"wf{number}", "by": "p_" + "cd" * 10, "reason": "leaver"}
            self.audit.append("bybit", "workflow.pause", body)
        self.changes += 1

    def lease(self, key, number, command, *, minutes=30, person="hana"):
        version = self.inventory.live_version(key.id)
        at = NOW - timedelta(minutes=minutes)
        self.inventory.add_lease(
            Lease(f"l{number}", version.id, 4000 + number, "9", command, at, person=person, host="tokyo-2")
        )
        self.changes += 1


def desk() -> TuiDesk:
    """The usual one: a dozen keys of three desks, everything that can need somebody once."""
    made = TuiDesk()
    bot = made.key(
        "bybit/mm/bot", READ | DERIVATIVES | Scope.WITHDRAW, owner="hana", purpose="quoting", ends=5
    )
    made.key("binance/mm/quoter", owner="hana", purpose="quoting", ends=20)
    made.key("okx/mm/hedge", READ | DERIVATIVES, needs=READ | DERIVATIVES, owner="jo", ips=())
    made.key("deribit/vol/gamma", READ | DERIVATIVES, needs=READ | DERIVATIVES, owner="mina")
    made.key("kraken/vol/spot", owner="mina", seen=9)
    made.key(
        "upbit/krw/메이커", owner="지민", purpose="원화 마켓 호가", ends=2, environment=Environment.SIMULATED
    )
    made.key("bithumb/krw/maker", owner="지민", origin=Origin.INFERRED, ips=None, ends=60)
    made.key("coinone/krw/maker", owner="지민", seen=None)
    made.key("gate/arb/scout", READ, needs=READ, owner="bo", ends=45)
    made.key("kucoin/arb/runner", owner="bo")
    made.key("htx/arb/runner", owner="bo", origin=Origin.DECLARED)
    manager = made.key("bybit/ops/manager", Scope.MANAGE_KEYS, needs=Scope.MANAGE_KEYS, owner="kim", age=100)
    _people(made)
    _found(made)
    made.lease(bot, 1, "quoter.py")
    made.lease(bot, 2, "hedger.py", minutes=90)
    made.lease(manager, 3, "keyguard", minutes=2, person="kim")
    made.journal.open(
        Workflow("wf7f3a", "rotate", bot.id, "created", NOW - timedelta(hours=2), NOW - timedelta(minutes=7))
    )
    return made


def reviewed(made: TuiDesk) -> TuiDesk:
    """A desk of which two reviews are open, one of them late, and one is closed."""
    kept = {"verdict": Verdict.KEEP, "by": "kim", "at": NOW - DAY, "result": "kept"}
    used = {"handouts": 412, "last": NOW - timedelta(hours=3), "versions": ("v1_k_bot_bybit_mm",)}
    made.review(
        "mm",
        ("hana", ("bybit/mm/bot", "binance/mm/quoter", "okx/mm/hedge"), used | {"grant": "gr0"}),
        (
            "jo",
            ("bybit/mm/bot", "okx/mm/hedge"),
            {"excess": DERIVATIVES, "handouts": 3, "last": NOW - 6 * DAY, "grant": "gr3"},
        ),
        ("mina", ("binance/mm/quoter",), {"last": NOW - 120 * DAY}),
        ("kim", ("okx/mm/hedge",), {"handouts": 2, "last": NOW - 2 * DAY, "reason": "covers nights"} | kept),
    )
    made.review("krw", ("지민", ("upbit/krw/메이커", "bithumb/krw/maker"), {}), due=-3)
    made.review("vol", ("mina", ("kraken/vol/spot",), {"handouts": 90} | kept), due=-40, closed=True)
    return made


def _people(made: TuiDesk) -> None:
    year = Span(NOW - 300 * DAY)
    for name in ("mm", "vol", "krw", "arb", "ops"):
        made.people.put_desk(Desk(name, year))
    contract = Contract("MSA-1", NOW - 200 * DAY, NOW + 12 * DAY)
    made.people.put_party(
        Party("acme", PartyKind.CONTRACTOR, "builds bots", year, (contract,), name="Acme Bots Ltd")
    )
    for id_, name in (
        ("kim", "Kim Seo-yeon"),
        ("hana", "Hana Park"),
        ("mina", "Mina Choi"),
        ("지민", "박지민"),
    ):
        made.people.put_person(Person(id_, Capacity.EMPLOYEE, year, name=name))
    leaving = Span(NOW - 90 * DAY, until=NOW + 3 * DAY)
    made.people.put_person(Person("jo", Capacity.CONTRACTOR, leaving, name="Jo Ray", party="acme"))
    for number, (person, where) in enumerate(
        (("hana", "mm"), ("mina", "vol"), ("지민", "krw"), ("jo", "mm"))
    ):
        made.people.put_grant(Grant(f"gr{number}", person, year, READ | SPOT | DERIVATIVES, desk=where))
    made.people.put_approval(
        Approval("ap91", Action.GRANT, "external", {"grant": "gr3"}, "hana", NOW - 3 * DAY, "new quoting bot")
    )


def _found(made: TuiDesk) -> None:
    made.finding(
        Kind.LEAK,
        Level.HIGH,
        "bots/quoter/bot.py:7",
        "the secret of bybit/mm/bot stands in a file",
        "keyguard key rotate bybit/mm/bot --reason leak",
        days=2,
        origin=Origin.REPORTED,
    )
    made.finding(
        Kind.DRIFT,
        Level.HIGH,
        "deribit/vol/gamma",
        "scopes changed at the venue: was read, is read,trade_derivatives",
        "keyguard key show deribit/vol/gamma",
        origin=Origin.REPORTED,
        detail="scopes",
    )
    made.finding(
        Kind.UNKNOWN_KEY,
        Level.HIGH,
        "okx/main/…9f3c",
        "a key at the venue that nobody registered; may read, withdraw",
        "keyguard key add okx --desk DESK --label LABEL",
        origin=Origin.REPORTED,
    )
