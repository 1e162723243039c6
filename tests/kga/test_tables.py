"""The tables, computed twice: by keyguard, and by the stand-alone file that was written from the document."""

import contextlib
import json
from dataclasses import replace
from random import Random

import pytest

from keyguard.core.record import encode
from keyguard.kga import forms
from keyguard.kga.derive.derived import derive
from keyguard.kga.derive.derived import encode as encoded
from keyguard.kga.derive.lines import Line, Period
from tests.kga import alone
from tests.kga.histories import history, period, snapshot
from tests.kga.making import instant
from tests.kga.mutations import change_member


def by_the_other(lines: list[Line], when: Period) -> bytes:
    other = alone.module()
    records = [
        other.read_record(line.log_id, line.record.stream, line.record.n, encode(line.record))
        for line in lines
    ]
    told = {"from": when.since, "to": when.until, "tz": when.tz}
    return other.encoded(other.Tables(told, records).derived(0, 7))


@pytest.mark.parametrize("seed", range(12))
def test_both_compute_the_same(seed):
    random = Random(seed)
    lines = history(f"{seed}", 200, ("00" * 8, "11" * 8)[: 1 + seed % 2])
    when = period(random)
    assert all(forms.fits(line.record) for line in lines)
    assert by_the_other(lines, when) == encoded(derive(lines, when, seals=7))


def test_histories_break_every_rule():
    """What is compared above would be little if the findings did not occur."""
    found = set()
    for seed in range(12):
        rows = derive(history(f"{seed}", 200), Period(instant(10), instant(90)))["findings"]
        found |= {row["code"] for row in rows}
    assert found >= {f"F{n:02}" for n in range(1, 23)}


@pytest.mark.parametrize("seed", range(8))
def test_from_a_snapshot_on(seed):
    """Reading from a snapshot on gives the tables that the whole log gives."""
    lines = history(f"snapshot {seed}", 200)
    shown = snapshot(lines, 40)
    assert all(forms.fits(line.record) for line in shown)
    when = Period(instant(41), instant(95))
    whole = derive(lines, when)
    later = derive(shown, when)
    # A type nobody knows is counted where it stands, and what stands before the snapshot is not shown.
    assert later | {"unknown_types": {}} == whole | {"unknown_types": {}}
    assert by_the_other(shown, when) == encoded(derive(shown, when, seals=7))


def test_a_state_of_another_form_is_none():
    line = next(line for line in snapshot(history("form", 200), 60) if line.record.type == "snapshot.key")
    value = json.loads(encode(line.record))["body"]
    for spoil in (
        lambda state: state.pop("proof"),
        lambda state: state.update(more=1),
        lambda state: state.update(scopes_granted="read"),
        lambda state: state.update(key="00" * 32 + "x"),
    ):
        body = json.loads(json.dumps(value))
        spoil(body["state"])
        record = type(line.record)("upbit", 0, line.record.t, "snapshot.key", body, "00" * 16)
        assert not forms.fits(record)
        with pytest.raises(alone.module().Failed):
            alone.module().read_record("00" * 8, "upbit", 0, encode(record))


@pytest.mark.parametrize("seed", range(5))
def test_bodies_of_any_form(seed):
    """Whatever stands in a record that was sealed: both refuse it, or both read the same from it."""
    disagree, refused = compared(Random(f"bodies {seed}"), 20)
    assert not disagree
    assert refused


def compared(random: Random, count: int) -> tuple[list[bytes], int]:
    """Records that the two do not judge alike, and how many both refused."""
    lines = snapshot(history(f"{random.random()}", 60), 30)
    disagree, refused = [], 0
    for _ in range(count):
        at = random.randrange(len(lines))
        old = lines[at].record
        body = json.loads(encode(old))["body"]
        if not body:
            continue
        change_member(random, body)
        spoilt = Line(lines[at].log_id, replace(old, body=body))
        shown = [*lines[:at], spoilt, *lines[at + 1 :]]
        if forms.fits(spoilt.record):
            when = Period(instant(20), instant(90))
            if by_the_other(shown, when) != encoded(derive(shown, when, seals=7)):
                disagree.append(encode(spoilt.record))
            continue
        refused += 1
        with contextlib.suppress(alone.module().Failed):
            by_the_other([spoilt], Period(instant(20), instant(90)))
            disagree.append(encode(spoilt.record))
    return disagree, refused
