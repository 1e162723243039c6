"""What is true of every Journal. A subclass gives the fixture `journal`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Effect, Reply
from keyguard.ports.journal import EVERYTHING, Call, Journal, Pause, Workflow

T0 = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
ROTATION = Workflow("7f3a01", "rotate", "k1", "planned", T0, T0, {"overlap_s": 600, "steps": [{"at": None}]})
REPLY = Reply(200, {"content-type": "application/json"}, b'{"secret":"FAKE\xff"}')


def call(seq: int = 0, operation: str = "create", reply: Reply | None = None) -> Call:
    return Call("7f3a01", operation, seq, "POST", "/v5/user/create-sub-api", Effect.KEY_CREATED, reply)


class JournalContract:
    """Run on every store and fake."""

    def test_a_workflow_reads_back(self, journal: Journal) -> None:
        journal.open(ROTATION)
        assert journal.workflow("7f3a01") == ROTATION
        moved = replace(ROTATION, state="creating", updated_at=T0 + timedelta(seconds=1), data={"n": 1})
        journal.advance(moved)
        assert journal.workflow("7f3a01") == moved

    def test_a_beginning_of_the_id_is_enough(self, journal: Journal) -> None:
        journal.open(ROTATION)
        journal.open(replace(ROTATION, id="7f3b", key_id="k2"))
        assert journal.workflow("7f3a").id == "7f3a01"
        for unknown in ("7f3", "9", "7F3A", "%", ""):
            with pytest.raises(UsageError):
                journal.workflow(unknown)
        with pytest.raises(UsageError) as caught:
            journal.workflow("9")
        assert caught.value.code == "workflow.unknown"

    def test_an_exact_id_wins_over_longer_ones(self, journal: Journal) -> None:
        journal.open(ROTATION)
        journal.open(replace(ROTATION, id="7f3a01ff", key_id="k2"))
        assert journal.workflow("7f3a01") == ROTATION

    def test_pauses_stay_until_they_are_lifted_and_the_first_counts(self, journal: Journal) -> None:
        first, later = Pause(T0, "hana", "maintenance"), Pause(T0 + timedelta(1), "kim", "other")
        journal.pause("7f3a01", first)
        journal.pause("7f3a01", later)
        journal.pause(EVERYTHING, later)
        assert journal.pauses() == {"7f3a01": first, EVERYTHING: later}
        journal.unpause("7f3a01")
        journal.unpause("unknown")
        assert journal.pauses() == {EVERYTHING: later}

    def test_one_unfinished_workflow_a_key(self, journal: Journal) -> None:
        journal.open(ROTATION)
        with pytest.raises(UsageError) as caught:
            journal.open(replace(ROTATION, id="aa", kind="revoke"))
        assert caught.value.code == "workflow.open"
        journal.open(replace(ROTATION, id="bb", key_id="k2"))
        journal.advance(replace(ROTATION, finished=True))
        journal.open(replace(ROTATION, id="cc"))

    def test_a_key_is_worked_on_by_one_at_a_time(self, journal: Journal) -> None:
        with journal.alone("k1"):
            with pytest.raises(UsageError) as caught, journal.alone("k1"):
                pass
            assert caught.value.code == "workflow.busy"
            with journal.alone("k2"):
                pass
        with journal.alone("k1"):
            pass

    def test_workflows_oldest_first(self, journal: Journal) -> None:
        journal.open(replace(ROTATION, id="new", opened_at=T0 + timedelta(hours=1), key_id="k2"))
        journal.open(ROTATION)
        journal.open(replace(ROTATION, id="old", opened_at=T0 - timedelta(hours=1), key_id="k3"))
        journal.advance(replace(ROTATION, finished=True))
        assert [w.id for w in journal.workflows()] == ["old", "7f3a01", "new"]
        assert [w.id for w in journal.workflows(unfinished=True)] == ["old", "new"]

    def test_an_intended_call_has_no_reply_until_it_is_answered(self, journal: Journal) -> None:
        journal.open(ROTATION)
        journal.intend(call())
        assert journal.calls("7f3a01", "create") == (call(),)
        journal.answered(call(reply=REPLY))
        assert journal.calls("7f3a01", "create") == (call(reply=REPLY),)

    def test_calls_in_order_and_by_operation(self, journal: Journal) -> None:
        journal.open(ROTATION)
        for seq in (1, 0, 10, 2):
            journal.intend(call(seq))
        journal.intend(call(0, "revoke"))
        assert [c.seq for c in journal.calls("7f3a01", "create")] == [0, 1, 2, 10]
        assert journal.calls("7f3a01", "revoke") == (call(0, "revoke"),)
        assert journal.calls("7f3a01", "other") == ()

    def test_forgetting_removes_one_operations_calls(self, journal: Journal) -> None:
        journal.open(ROTATION)
        for operation in ("create", "revoke"):
            journal.intend(call(0, operation))
            journal.answered(call(0, operation, REPLY))
        journal.forget_calls("7f3a01", "create")
        journal.forget_calls("7f3a01", "create")
        assert journal.calls("7f3a01", "create") == ()
        assert len(journal.calls("7f3a01", "revoke")) == 1
