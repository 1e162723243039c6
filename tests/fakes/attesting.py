"""A firm that attests: a log with one key at Upbit, an officer's key the log knows, a verifier in-process."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

from keyguard.core import canonical
from keyguard.kga.derive.lines import Period
from keyguard.kga.verify.opening import Wanted
from keyguard.kga.verify.steps import verify
from keyguard.kga.verify.trust import parse
from keyguard.workflows import attesters
from keyguard.workflows.attest import Key, Reading, Run, attest, stopped
from keyguard.workflows.attest_config import AttestConfig, Named
from keyguard.workflows.attest_period import spoken
from keyguard.workflows.attest_predicate import Asked, Recipient
from keyguard.workflows.identity import Actor
from tests.fakes.sealing import HANDOUT, KEY, log_ports
from tests.kga import alone
from tests.kga.making import private, public

ACTOR = Actor("lee", "host-1")
UPBIT = Recipient("upbit", "exchange", "Upbit", "upbit")
BITHUMB = Recipient("bithumb", "exchange", "Bithumb", "bithumb")
AUDITOR = Recipient(None, "auditor", "FAKE Audit")
REGISTER = {
    "key": KEY,
    "account": "MM-01",
    "kind": "hmac",
    "purpose": "quoting",
    "desk": "spot",
    "owner": HANDOUT["person"],
    "scopes_granted": ["read", "trade_spot"],
    "scopes_needed": ["read", "trade_spot"],
    "scopes_venue": {},
    "ip_allow": ["203.0.113.10"],
    "ip_supported": True,
    "storage": "os_keyring",
    "source": "created_here",
}


class MemoryKept:
    def __init__(self):
        self.files = {}

    def ids(self):
        return tuple(sorted(self.files))

    def get(self, id_):
        return self.files.get(id_)

    def put(self, id_, data):
        self.files[id_] = data

    def drop(self, id_):
        self.files.pop(id_, None)


class MemoryCopies:
    def __init__(self):
        self.files, self.refused = {}, []

    def get(self, log_id):
        return self.files.get(log_id)

    def put(self, log_id, data):
        self.files[log_id] = data

    def refuse(self, log_id, data):
        self.refused.append(data)
        return f"aside/{log_id}"


class Finish:
    """Verifies in this process, by both verifiers. `reading`: entries to add; `stop`: where it says no."""

    def __init__(self, ports):
        self.ports = ports
        self.reading = Reading()
        self.stop = ""
        self.seen = []
        self.reports = []

    def read(self, tables, predicate, sha256, roots):
        return self.reading

    def gate(self, entries, recipient, agents):
        if self.stop == "gate":
            raise stopped("a secret is in derived.json", "attest.gate")

    def verify(self, data, trust, recipient, previous):
        self.seen.append(data)
        wanted = Wanted(self.ports.clock.now(), recipient=recipient.venue)
        report = verify(data, parse(trust), wanted, previous=previous)
        alone.agrees(report, data, parse(trust), wanted, previous)
        self.reports.append(report)
        assert not report.failed, [one for one in report.checks if one.outcome > 1]
        if self.stop == "verify":
            raise stopped("the finished file does not verify", "attest.unverified")


class Firm:
    """`ports`, the copies, and runs of `attest` over the days that have passed."""

    def __init__(self, *, two=False):
        self.ports = log_ports()
        self.audit.append("upbit", "key.register", REGISTER)
        self.kept, self.waiting, self.finish = MemoryKept(), MemoryKept(), Finish(self.ports)
        self.copies = MemoryCopies()
        self.who = AttestConfig(
            {}, Named("김가짜", "Kim FAKE"), Named("준법감시인", "Compliance Officer"), None, two=two
        )
        self.begin = self.ports.clock.now()
        self.ports.clock.sleep(60)
        self.register(2, "officer")

    @property
    def audit(self):
        return self.ports.audit

    def register(self, seed, label, person=""):
        coded = base64.b64encode(public(seed)).decode()
        attesters.add(self.ports, "attester", coded, label, actor=ACTOR, person=person)

    def day(self, number):
        """The instant so many days after the log began."""
        return canonical.format_instant(self.begin + timedelta(days=number))

    def wait(self, days=1):
        self.ports.clock.sleep(days * 86_400)

    def run(self, since, until, *recipients, seeds=(2,), **more):
        asked_names = ("profile", "nonce", "reservations", "people", "documents", "rows")
        period = Period(self.day(since), self.day(until), "Asia/Seoul")
        about = {name: more.pop(name) for name in asked_names if name in more}
        asked = Asked(period, spoken(period), **about)
        keys = tuple(Key(public(seed), private(seed).sign) for seed in seeds)
        return Run(asked, self.who, recipients or (UPBIT,), keys, **more)

    def attest(self, since, until, *recipients, **more):
        run = self.run(since, until, *recipients, **more)
        return attest(self.ports, run, self.kept, self.waiting, self.finish, actor=ACTOR, copies=self.copies)

    def prepared_by(self, latin):
        self.who = replace(self.who, preparer=Named(latin, latin))
