"""Random lives of a key whose policy rotates it by itself: hypothesis chooses what happens to it.

Rounds of the runner, a person's commands, time-outs before and after an effect, answers cut off, a venue
that is away, kill -9 at any call that changes something, pauses, aborts, time. After each: the key in use
works, its secret is stored (no key is lost, none is deleted before its replacement is proven), every key at the
venue is known or a journalled workflow's (none lives on unknown), and nobody moves what is paused. In the end
all is healed, and everything converges. `make fuzz-workflows` lives many.
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


class Lives(RuleBasedStateMachine):
    """One firm with a bot's key, and a manager where the venue has an API for keys."""

    @initialize(variant=st.sampled_from(VARIANTS), ambiguous=st.booleans())
    def begin(self, variant: str, ambiguous: bool) -> None:
        self.world = World(variant, ambiguous=ambiguous and variant == "full")
        self.world.person.absent = True
        self.states: dict[str, str] = {}

    # --- what happens

    def _alone(self, death: Death, work: Any) -> None:
        """A process does it, and may die of it; what a process that died held is free again."""
        fate = Fate(*death) if death else Fate()
        try:
            with contextlib.suppress(KeyguardError):
                work(mortal(self.world.ports, fate))
        except Killed:
            self.world.journal._driven.clear()

    @rule(death=DEATHS)
    def the_runner_has_a_round(self, death: Death) -> None:
        def work(ports: Any) -> None:
            for task in unattended.tasks(ports, POLICY, (), frozenset()):
                unattended.perform(ports, task, actor=ACTOR, process_alive=self.world.process_alive)

        self._alone(death, work)

    @rule(death=DEATHS, present=st.booleans())
    def a_person_rotates(self, death: Death, present: bool) -> None:
        self.world.person.absent = not present
        options = Options(overlap_s=20)
        self._alone(
            death,
            lambda ports: rotate(ports, "bot", options, actor=ACTOR, process_alive=self.world.process_alive),
        )
        self.world.person.absent = True

    @rule(death=DEATHS, present=st.booleans())
    def a_person_resumes(self, death: Death, present: bool) -> None:
        self.world.person.absent = not present
        for workflow in self.world.journal.workflows(unfinished=True):

            def work(ports: Any, workflow: Any = workflow) -> None:
                parking.lift(ports, workflow, actor=ACTOR)
                resume(ports, workflow.id, actor=ACTOR, process_alive=self.world.process_alive)

            self._alone(death, work)
        self.world.person.absent = True

    @rule(death=DEATHS)
    def a_person_gives_up(self, death: Death) -> None:
        self.world.person.absent = False
        for workflow in self.world.journal.workflows(unfinished=True):

            def work(ports: Any, workflow: Any = workflow) -> None:
                cancel(ports, workflow.id, actor=ACTOR, process_alive=self.world.process_alive)

            self._alone(death, work)
        self.world.person.absent = True

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

    @rule(number=st.integers(1, 4), moment=st.sampled_from(["before", "after"]))
    def an_effect_to_come_times_out(self, number: int, moment: str) -> None:
        gateway = self.world.gateway
        gateway.timeouts[gateway.effects + number] = moment

    @rule(method=st.sampled_from(["POST", "DELETE", "PUT"]))
    def answers_are_cut_off(self, method: str) -> None:
        self.world.exchange.garble ^= {method}

    @rule(path=st.sampled_from(["POST /keys", "GET /whoami", "DELETE /keys", "GET /keys"]))
    def the_venue_is_busy(self, path: str) -> None:
        refuse = self.world.exchange.refuse
        refuse.pop(path) if path in refuse else refuse.update({path: "1011"})

    @rule(down=st.booleans())
    def the_network_goes_or_comes(self, down: bool) -> None:
        self.world.gateway.down = down

    @rule(seconds=st.sampled_from([30, 120, 3700, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)

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
        self.the_runner_has_a_round(None)
        for workflow in world.journal.workflows(unfinished=True):
            with pytest.raises(UsageError):
                resume(world.ports, workflow.id, actor=ACTOR, process_alive=world.process_alive)
        assert world.journal.workflows() == before
        assert len(world.gateway.sent) == sent

    def teardown(self) -> None:
        """All is healed, a person is there: everything comes to its end, and one key works."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.gateway.down, world.gateway.timeouts = False, {}
        world.exchange.refuse, world.exchange.garble = {}, set()
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
