"""After a restore nothing is signed until the newest checkpoint is shown to be continued."""

from __future__ import annotations

from datetime import timedelta

import pytest

from keyguard.core.errors import IntegrityError, UsageError
from keyguard.core.people import Capacity, Decision
from keyguard.workflows import approvals, declare_person
from keyguard.workflows.backup import LogHead, Origin, restorations, tell_restored
from keyguard.workflows.identity import Actor
from keyguard.workflows.log_renew import renew
from keyguard.workflows.log_resume import resume
from keyguard.workflows.seal import make_seal, sealed
from tests.fakes.sealing import HANDOUT, copied, log_ports

DAY = 86_400
ACTOR, KIM = Actor("hana", "host-1"), Actor("kim", "host-1")


def restored(*, known=None):
    """A log sealed once and backed up; it went on for a day; and the home restored from the backup."""
    ports = log_ports()
    make_seal(ports)
    origin = Origin("bk_" + "0" * 16, ports.clock.now(), LogHead(4, "00" * 32))
    backup = copied(ports, secrets=True)
    ports.clock.sleep(DAY)
    ports.audit.append("upbit", "handout", HANDOUT)
    later = make_seal(ports)
    head = None
    if known == "before":
        entry = list(backup.audit.entries())[-1]
        head = LogHead(entry.number + 1, entry.chain.hex())
    tell_restored(backup, origin, head)
    return backup, later


@pytest.mark.parametrize("known", [None, "before"])
def test_a_restored_log_signs_nothing(known):
    backup, _ = restored(known=known)
    for _ in range(2):
        with pytest.raises(IntegrityError) as caught:
            make_seal(backup)
        assert caught.value.code == "log.restored"
    assert backup.seals.checkpoint()[0] == 1
    backup.audit.append("upbit", "handout", HANDOUT)  # records are written as before


def test_a_checkpoint_that_it_does_not_reach_is_refused():
    backup, later = restored()
    with pytest.raises(IntegrityError) as caught:
        resume(backup, str(later.note), actor=ACTOR)
    assert caught.value.code == "log.short"
    with pytest.raises(IntegrityError):
        make_seal(backup)


def test_it_goes_on_from_the_checkpoint_that_is_its_own_newest():
    backup, _ = restored()
    assert resume(backup, str(sealed(backup).note), actor=ACTOR) == 1
    made = make_seal(backup)
    assert made.checkpoint.size == 2
    told = restorations(backup.audit)
    assert [one.whole for one in told] == [False, True]
    assert told[1].backup == told[0].backup
    backup.audit.verify()


def test_it_goes_on_where_nothing_was_ever_given_away():
    backup, _ = restored()
    assert resume(backup, None, actor=ACTOR) == 0
    assert make_seal(backup).checkpoint.size == 2


def test_a_fork_is_refused():
    backup, _ = restored()
    resume(backup, None, actor=ACTOR)
    ours = make_seal(backup)
    other, later = restored()
    assert ours.checkpoint.size == later.checkpoint.size
    tell_restored(
        backup, Origin("bk_" + "1" * 16, backup.clock.now() - timedelta(1), LogHead(4, "00" * 32)), None
    )
    with pytest.raises(IntegrityError) as caught:
        resume(backup, str(later.note), actor=ACTOR)
    assert caught.value.code in ("log.forked",)
    assert other.seals.checkpoint()[0] == 1


@pytest.mark.parametrize("text", ["", "a\n\nb\n", "keyguard/0011223344556677\n1\nAAAA\n"])
def test_what_is_no_checkpoint_of_this_log_is_refused(text):
    backup, _ = restored()
    with pytest.raises(UsageError) as caught:
        resume(backup, text, actor=ACTOR)
    assert caught.value.code == "checkpoint.foreign"


def test_another_logs_checkpoint_is_refused():
    backup, _ = restored()
    other = log_ports()
    note = str(make_seal(other).note).replace("\n1\n", "\n2\n")
    with pytest.raises(UsageError):
        resume(backup, note, actor=ACTOR)


def test_an_old_copy_of_the_store_is_brought_up_by_the_newest_checkpoint():
    ports = log_ports()
    make_seal(ports)
    old = dict(ports.secrets.items)
    newest = make_seal(ports)
    ports.secrets.items = old
    with pytest.raises(IntegrityError) as caught:
        make_seal(ports)
    assert caught.value.code == "log.behind"
    assert resume(ports, str(newest.note), actor=ACTOR) == 2
    assert make_seal(ports).checkpoint.size == 3


def test_an_old_copy_of_the_database_stays_refused():
    ports = log_ports()
    first = make_seal(ports)
    copy = copied(ports, secrets=False)
    make_seal(ports)
    with pytest.raises(IntegrityError) as caught:
        resume(copy, str(first.note), actor=ACTOR)
    assert caught.value.code == "log.short"


@pytest.mark.parametrize("way", ["resume", "renew"])
def test_where_people_are_declared_a_second_person_agrees_first(way):
    backup, _ = restored()
    for actor in (ACTOR, KIM):
        declare_person.declare(backup, actor.user, Capacity.EMPLOYEE, actor=ACTOR, users=[(actor.user, "")])
    before = backup.audit.types().count("log.genesis"), len(restorations(backup.audit))

    def act():
        if way == "renew":
            renew(backup, tool_version="1", actor=ACTOR, why="no newer copy")
        else:
            resume(backup, None, actor=ACTOR, why="nobody was given one")

    for code in ("approval.needed", "approval.waits"):
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.code == code
    assert before == (backup.audit.types().count("log.genesis"), len(restorations(backup.audit)))
    with pytest.raises(IntegrityError):
        make_seal(backup)
    (waiting,) = approvals.pending(backup)
    with pytest.raises(UsageError):
        approvals.decide(backup, waiting.id, Decision.APPROVE, actor=ACTOR)
    approvals.decide(backup, waiting.id, Decision.APPROVE, actor=KIM)
    if way == "resume":  # a word for one checkpoint is none for another
        with pytest.raises(UsageError) as caught:
            resume(backup, str(sealed(backup).note), actor=ACTOR)
        assert caught.value.code == "approval.needed"
    act()
    make_seal(backup)


def test_a_checkpoint_that_says_nothing_is_refused_before_anybody_is_asked():
    backup, later = restored()
    for actor in (ACTOR, KIM):
        declare_person.declare(backup, actor.user, Capacity.EMPLOYEE, actor=ACTOR, users=[(actor.user, "")])
    with pytest.raises(IntegrityError):
        resume(backup, str(later.note), actor=ACTOR)
    assert approvals.pending(backup) == ()
