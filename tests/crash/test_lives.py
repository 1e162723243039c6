"""Random lives of a key whose policy rotates it by itself: hypothesis chooses what happens to it.

Rounds of the runner, a person's commands, time-outs before and after an effect, answers cut off, a venue
that is away, kill -9 at any call that changes something, pauses, aborts, time. After each of them:

- the key in use works, its secret is stored: no key is lost, none deleted before its replacement is proven;
- every key at the venue is known, or a journalled workflow's: none lives on unknown;
- nobody moves what is paused.

In the end all is healed, and everything converges. `make fuzz-workflows` lives many.
"""

from __future__ import annotations

import contextlib
import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from keyguard.core.due import RotationPolicy, Rule
from keyguard.core.errors import KeyguardError, UsageError
from keyguard.core.keys import VersionStatus
from keyguard.ports.journal import EVERYTHING
from keyguard.workflows import credentials, parking, unattended
from keyguard.workflows.plan import decode
from keyguard.workflows.recovery import cancel, resume
from keyguard.workflows.rotate import Options, rotate
from tests.crash.killing import Fate, Killed, mortal
from tests.fakes.world import ACTOR, PROCESS, World

POLICY = RotationPolicy(
    rule=Rule(auto=True, max_age=timedelta(days=1), overlap=timedelta(seconds=20)), at_once=2, at_once_venue=2
)
VARIANTS = ("full", "two_step", "disable_only", "guided")
LIVES = int(os.environ.get("KEYGUARD_TEST_LIVES", "12"))
DEATHS = st.none() | st.tuples(st.integers(1, 40), st.sampled_from(["before", "after"]))
Death = tuple[int, str] | None
FAULTS = (
    *(("time-out", f"{number} {moment}") for number in (1, 2, 3) for moment in ("before", "after")),
    *(("cut off", method) for method in ("POST", "PUT", "DELETE")),
    *(("busy", path) for path in ("POST /keys", "GET /whoami", "DELETE /keys", "GET /keys")),
    ("away", ""),
)
WHO = ("runner", "rotates", "resumes", "resumes", "gives up")


class Lives(RuleBasedStateMachine):
    """One firm with a bot's key, and a manager where the venue has an API for keys."""

    @initialize(variant=st.sampled_from(VARIANTS), ambiguous=st.booleans(), death=DEATHS)
    def begin(self, variant: str, ambiguous: bool, death: Death) -> None:
        self.world = World(variant, ambiguous=ambiguous and variant == "full")
        self.world.person.absent = True
        if death is not None:
            self.somebody_works("rotates", death, None, True, 130)

    # --- what happens

    @rule(
        who=st.sampled_from(WHO),
        death=DEATHS,
        fault=st.none() | st.sampled_from(FAULTS),
        present=st.booleans(),
        later=st.sampled_from([0, 130, 130, 3700, 90_000]),
    )
    def somebody_works(
        self, who: str, death: Death, fault: tuple[str, str] | None, present: bool, later: int
    ) -> None:
        """A process does something, and may die of it; time passes. A person may be there or not."""
        world, fate = self.world, Fate(*death) if death else Fate()
        world.person.absent = not present or who == "runner"
        self._befall(fault)
        try:
            self._work(mortal(world.ports, fate), who)
        except Killed:
            world.journal._driven.clear()  # what a process that died held is free again
        self._heal()
        world.person.absent = True
        world.clock.sleep(later)

    def _work(self, ports: Any, who: str) -> None:
        alive = self.world.process_alive
        if who == "runner":
            for task in unattended.tasks(ports, POLICY, (), frozenset()):
                unattended.perform(ports, task, actor=ACTOR, process_alive=alive)
        elif who == "rotates":
            with contextlib.suppress(KeyguardError):
                rotate(ports, "bot", Options(overlap_s=20), actor=ACTOR, process_alive=alive)
        for workflow in ports.journal.workflows(unfinished=True):
            with contextlib.suppress(KeyguardError):
                if who == "resumes":
                    resume(ports, workflow.id, actor=ACTOR, process_alive=alive)
                elif who == "gives up":
                    cancel(ports, workflow.id, actor=ACTOR, process_alive=alive)

    def _befall(self, fault: tuple[str, str] | None) -> None:
        gateway, exchange = self.world.gateway, self.world.exchange
        match fault:
            case ("time-out", when):
                number, moment = when.split()
                gateway.timeouts[gateway.effects + int(number)] = moment
            case ("cut off", method):
                exchange.garble.add(method)
            case ("busy", path):
                exchange.refuse[path] = "1011"
            case ("away", _):
                gateway.down = True

    def _heal(self) -> None:
        gateway, exchange = self.world.gateway, self.world.exchange
        gateway.timeouts, gateway.down = {}, False
        exchange.refuse, exchange.garble = {}, set()

    @rule(everything=st.booleans())
    def a_person_pauses(self, everything: bool) -> None:
        if everything:
            parking.pause_everything(self.world.ports, actor=ACTOR, reason="the venue warns")
        for workflow in self.world.journal.workflows(unfinished=True):
            if not everything:
                parking.pause(self.world.ports, workflow.id, actor=ACTOR, reason="maintenance")

    @rule()
    def all_pauses_end(self) -> None:
        parking.lift_everything(self.world.ports, actor=ACTOR)

    @rule(runs=st.booleans())
    def a_bot_runs_or_ends(self, runs: bool) -> None:
        process = (PROCESS.pid, PROCESS.started)
        (self.world.alive.add if runs else self.world.alive.discard)(process)

    # --- what stays true

    @invariant()
    def no_key_is_lost(self) -> None:
        world = self.world
        live = world.inventory.live_version(world.key.id)
        held = world.exchange.keys[live.public_id]
        assert held.gone_from is None
        assert held.enabled, "the key in use works"
        assert credentials.load(world.ports, live).secret.reveal() == held.secret

    @invariant()
    def no_key_lives_unknown(self) -> None:
        world = self.world
        known = {version.public_id for version in world.inventory.versions(world.key.id)}
        unfinished = world.journal.workflows(unfinished=True)
        specs = [decode(workflow.data["plan"]).spec for workflow in unfinished]
        labels = {spec.label for spec in specs if spec is not None}
        for held in world.exchange.working():
            assert held.public_id in known or held.label in labels, "a key that nobody knows of"

    @invariant()
    def what_is_said_to_be_dead_is_dead(self) -> None:
        world = self.world
        working = {held.public_id for held in world.exchange.working()}
        for version in world.inventory.versions(world.key.id):
            assert version.status is not VersionStatus.DEAD or version.public_id not in working

    @precondition(lambda self: EVERYTHING in self.world.journal.pauses())
    @rule()
    def nobody_moves_what_is_paused(self) -> None:
        world = self.world
        before, sent = world.journal.workflows(), len(world.gateway.sent)
        assert unattended.tasks(world.ports, POLICY, (), frozenset()) == []
        pauses = world.journal.pauses()
        for workflow in (w for w in before if w.id in pauses and not w.finished):
            with pytest.raises(UsageError, match="paused"):
                resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
        assert world.journal.workflows() == before
        assert len(world.gateway.sent) == sent

    def teardown(self) -> None:
        """All is healed, a person is there: everything comes to its end, and one key works."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.alive.clear()
        world.person.absent = False
        parking.lift_everything(world.ports, actor=ACTOR)
        for workflow in world.journal.workflows(unfinished=True):
            done = resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
            assert done.finished
        live = world.inventory.live_version(world.key.id)
        assert [held.public_id for held in world.exchange.working()] == [live.public_id]
        assert world.journal.all_calls() == (), "no sealed reply is left"
        self.no_key_is_lost()


Lives.TestCase.settings = settings(max_examples=LIVES, stateful_step_count=20, deadline=None, print_blob=True)
TestLives = Lives.TestCase
