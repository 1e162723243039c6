"""Attest: what an exchange would see of a period, before anybody signs it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from keyguard.core.errors import StoreError
from keyguard.ports.audit import Entry
from keyguard.tui import attesting
from keyguard.tui.attesting import Days
from tests.kga.making import APPROVAL, GRANT, HOST, KEY, OTHER, PERSON, START, Log, instant
from tests.tui.desk import NOW, desk
from tests.tui.harness import Seat, seated

TODAY = (NOW - START).days


def log() -> Log:
    """A key at Upbit with more than it needs, open to any address, handed out to somebody without a grant;
    an exception for one of these, and an attestation for the last quarter."""
    made = Log()
    for day in range(TODAY - 55, TODAY + 1):
        made.add(day, "firm", "log.heartbeat", host=HOST, seq=day)
    made.add(TODAY, "firm", "clock.check", offset_ms=3, source="venue", ok=True)
    begun = TODAY - 50
    made.add(
        begun,
        "upbit",
        "key.register",
        key=KEY,
        hint="a91f",
        account="MM-01",
        kind="hmac",
        purpose="원화 마켓 호가",
        desk="krw",
        owner=PERSON,
        scopes_granted=["read", "trade_spot", "withdraw"],
        scopes_needed=["read", "trade_spot"],
        scopes_venue={},
        ip_allow=[],
        ip_supported=True,
        created_at=instant(begun),
        storage="os_keyring",
        source="created_here",
    )
    made.add(
        begun,
        "upbit",
        "key.observe",
        key=KEY,
        by="venue_api",
        scopes_granted=["read", "trade_spot", "withdraw"],
        ip_allow=[],
        status="enabled",
    )
    made.add(
        begun,
        "upbit",
        "approval.request",
        approval=APPROVAL,
        action="exception",
        subject={},
        by=OTHER,
        reason="x",
    )
    made.add(begun, "upbit", "approval.decide", approval=APPROVAL, by=PERSON, decision="approve")
    made.add(
        begun,
        "upbit",
        "exception.open",
        exception="ex_" + "44" * 8,
        control="F03",
        key=KEY,
        reason="moving hosts",
        compensating="watched by hand",
        until=instant(TODAY + 90),
        approval=APPROVAL,
    )
    made.add(
        TODAY - 3,
        "upbit",
        "handout",
        key=KEY,
        grant=GRANT,
        person=PERSON,
        host=HOST,
        process="bot",
        mode="env",
        lease_s=600,
    )
    made.add(
        TODAY - 40,
        "upbit",
        "attestation.issued",
        attestation_id="KGA-0f1e2d3c-upbit-0001",
        serial=1,
        period={
            "from": "2026-06-30T15:00:00.000000Z",
            "to": "2026-09-30T15:00:00.000000Z",
            "tz": "Asia/Seoul",
        },
        statement_sha256="ab" * 32,
    )
    made.add(TODAY - 2, "bybit", "log.nothing_of_upbit")
    return made


def logged(broken: bool = False):
    """The usual desk, with that log."""
    held, kept = desk(), log()

    def entries(*, stream=None, holding=b"", after=-1):
        if broken:
            raise StoreError("the log cannot be read", code="log.failed")
        return [Entry(number, record, b"") for number, record in enumerate(kept.streams.get(stream, ()))]

    held.audit.entries = entries
    return held


async def computed(seat: Seat, venue: str = "upbit") -> None:
    await seat.app.go("attest", venue)
    await seat.until(lambda: seat.app.screen._venue == venue and not reading(seat))


def reading(seat: Seat) -> bool:
    return seat.sees(seat.app.say("attest.reading", venue=seat.app.screen._venue))


def at_the_screen(test, broken: bool = False) -> None:
    async def whole() -> None:
        async with seated(logged(broken)) as seat:
            await test(seat)

    asyncio.run(whole())


def test_findings_that_the_exchange_will_see_are_shown_before_it_does() -> None:
    async def test(seat: Seat) -> None:
        await computed(seat)
        assert seat.sees("upbit would see, for 2026-10-01 to 2026-12-31 (KST, this quarter)")
        assert seat.sees("1 keys · 1 people · 1 hand-outs")
        assert seat.sees("may withdraw or manage keys")
        assert seat.sees("handed out without a valid grant")
        assert seat.sees("2026-07-01–2026-09-30     1  issued 2026-10-11")
        assert seat.sees("KGA-0f1e2d3c-upbit-0001")
        assert not any("nothing_of_upbit" in line for line in seat.seen())
        assert seat.sees("keyguard attest --venue upbit --from 2026-10-01 --to now --signer FILE -o DIR")
        await seat.press("enter")
        assert seat.sees("About: krw · 원화 마켓 호가 · …a91f")
        await seat.pictures("what an exchange would see")
        await seat.press("end")

    at_the_screen(test)


def test_a_key_changes_the_period_and_the_command() -> None:
    async def test(seat: Seat) -> None:
        await computed(seat)
        await seat.press("p")
        await seat.until(lambda: seat.sees("last quarter"))
        assert seat.sees("for 2026-07-01 to 2026-09-30 (KST, last quarter)")
        assert seat.sees("0 keys")
        assert seat.sees(
            "keyguard attest --venue upbit --from 2026-07-01 --to 2026-09-30 --signer FILE -o DIR"
        )

    at_the_screen(test)


def test_a_log_that_cannot_be_read_is_said() -> None:
    async def test(seat: Seat) -> None:
        await computed(seat)
        assert seat.sees("The tables cannot be made: the log cannot be read")

    at_the_screen(test, broken=True)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("this_quarter", Days(date(2027, 1, 1), date(2027, 3, 31))),
        ("last_quarter", Days(date(2026, 10, 1), date(2026, 12, 31))),
        ("this_month", Days(date(2027, 1, 1), date(2027, 1, 31))),
        ("last_month", Days(date(2026, 12, 1), date(2026, 12, 31))),
        ("this_year", Days(date(2027, 1, 1), date(2027, 12, 31))),
    ],
)
def test_periods_are_days_of_korea(name: str, days: Days) -> None:
    assert attesting.span(name, datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) == days
    assert days.period.since.endswith("T15:00:00.000000Z")


def test_the_last_day_is_in_it() -> None:
    period = Days(date(2026, 10, 1), date(2026, 12, 31)).period
    assert (period.since, period.until) == ("2026-09-30T15:00:00.000000Z", "2026-12-31T15:00:00.000000Z")
