"""A log as an auditor is shown it: all streams, what is private in them, and the seal's secret."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from keyguard.core.record import parse
from keyguard.kga import bundle, merkle, private_parts
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.lines import Line
from keyguard.kga.slot_table import SlotTable
from keyguard.kga.verify.rows import register_root
from tests.kga.making import APPROVAL, HOST, KEY, PERSON, Making, firm_log, instant, wanted

ASKED = replace(wanted(94), recipient=None)


@dataclass
class Audit(Making):
    """The bundle for an auditor; `hidden` streams are kept back."""

    hidden: tuple[str, ...] = ()

    def names(self) -> list[str]:
        return sorted(self.log.streams.keys() - set(self.hidden))

    def part(self) -> bundle.LogPart:
        _, table = self.log.sealed[-1]
        streams = {name: self._shown(table, name) for name in self.names()}
        secret = bytes([len(self.log.sealed) - 1]) * 32
        return replace(super().part(), streams=streams, seal_secret=secret)

    def _shown(self, table: SlotTable, name: str) -> bundle.StreamPart:
        return replace(self._stream(table, name, 0), private=tuple(self.log.private.get(name, ())))

    def derived(self) -> dict[str, Any]:
        held = {
            name: [Line(self.log.log_id, parse(one)) for one in self.log.streams[name]]
            for name in self.names()
        }
        venues = {
            name: derive([*held["firm"], *lines], self.period(), seals=len(self.log.sealed))
            for name, lines in held.items()
            if name != "firm"
        }
        opened = [
            pair
            for name, lines in held.items()
            for pair in private_parts.paired(
                lines, {one.n: one.value() for one in self.log.private.get(name, ())}
            )
        ]
        return {"persons": private_parts.persons(opened), "venues": venues}

    def predicate(self) -> dict[str, Any]:
        venue = Making(self.log, until=self.until)
        made = venue.predicate()
        rows = [row for one in self.derived()["venues"].values() for row in one["register"]]
        made["profile"] = "auditor"
        made["recipient"] = {"venue": None, "kind": "auditor", "name": "FAKE Audit"}
        made["logs"][0] |= {"from": 0, "to": 0, "root": merkle.EMPTY_ROOT.hex()}
        root = register_root(rows, b"\x09" * 32).hex()
        made["register"] = {"rows": len(rows), "root": root, "row_secret": "09" * 32}
        self.change(made)
        return made


def audited(**more) -> Audit:
    log = firm_log()
    log.add(91.1, "bybit", "handout.denied", host=HOST, process="bot", reason="no grant")
    log.add(91.2, "local-900", "handout.denied", host=HOST, process="bot", reason="no grant")
    for venue, pseudonym in (("upbit", PERSON), ("bybit", "p_" + "0a" * 10)):
        log.add(
            91.25,
            venue,
            "access.grant",
            grant="gr_" + "33" * 8,
            key=KEY,
            person=pseudonym,
            capacity="employee",
            from_=instant(0),
            basis="quoting",
            approval=APPROVAL,
            private={"person": "kim", "hosts": ["/opt/\u202ebot"]},
        )
    body = {"kind": "person", "subject": "p_" + "0f" * 10, "change": "declared"}
    log.add(91.25, "firm", "people.change", **body, private={"id": "kim", "name": "Kim FAKE / 김가짜"})
    # Issues to venues are no business of an auditor's serial.
    log.add(
        91.3,
        "upbit",
        "attestation.issued",
        attestation_id="KGA-0f1e2d3c-upbit-0001",
        serial=1,
        period={"from": "2026-07-01T00:00:00.000000Z", "to": "2026-09-01T00:00:00.000000Z", "tz": "UTC"},
        statement_sha256="00" * 32,
    )
    log.seal(92)
    return Audit(log, until=92, **more)
