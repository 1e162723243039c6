"""Seals of a log of 50,000 records: the first, the next one, and the next after one record more.

python -m tests.bench.seal [RECORDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from keyguard.core.rights import RightsPolicy
from keyguard.gateway.clock import SystemClock
from keyguard.ports.all import Ports
from keyguard.ports.audit import Draft
from keyguard.stores.audit import SqlAuditLog
from keyguard.stores.database import open_database, sqlite_url
from keyguard.stores.findings import SqlFindings
from keyguard.stores.inventory import SqlInventory
from keyguard.stores.journal import SqlJournal
from keyguard.stores.people import SqlPeople
from keyguard.stores.seals import SqlSeals
from keyguard.workflows.begin import Firm, begin
from keyguard.workflows.seal import make_seal
from keyguard.workflows.snapshot import write_snapshot
from tests.fakes.gateway import FakeGateway
from tests.fakes.memory_store import MemoryStore
from tests.fakes.person import FakePerson
from tests.fakes.sealing import HANDOUT

STREAMS = ("upbit", "bithumb", "binance", "bybit", "okx")
AT_ONCE = 1000


def main(records: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder, "keyguard.db"))
        with closing(open_database(url, create=True)) as database:
            clock, secrets = SystemClock(), MemoryStore()
            ports = Ports(
                secrets,
                SqlInventory(database),
                SqlJournal(database, secrets, clock),
                SqlAuditLog(database, clock),
                FakeGateway(),
                clock,
                FakePerson(),
                SqlPeople(database, RightsPolicy()),
                SqlFindings(database),
                SqlSeals(database, secrets, clock),
            )
            begin(ports, Firm(), tool_version="bench")
            for start in range(0, records, AT_ONCE):
                ports.audit.append_all(
                    [
                        Draft(STREAMS[(start + n) % len(STREAMS)], "handout", HANDOUT, {"pid": n})
                        for n in range(AT_ONCE)
                    ]
                )
            _timed(f"first seal over {records} records", lambda: make_seal(ports))
            _timed("next seal, nothing new", lambda: make_seal(ports))
            ports.audit.append("upbit", "handout", HANDOUT)
            _timed("next seal, one record more", lambda: make_seal(ports))
            _timed("snapshot of one of five venues", lambda: write_snapshot(ports, "upbit"))
            _timed("the next snapshot of it", lambda: write_snapshot(ports, "upbit"))


def _timed(what: str, work: object) -> None:
    assert callable(work)
    began, used = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    sys.stdout.write(f"{what:<34} {wall * 1000:8.1f} ms, processor {cpu * 1000:8.1f} ms\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
