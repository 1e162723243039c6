"""A World whose firm has declared people: an administrator, a trader, a contractor of another company."""

from __future__ import annotations

from datetime import timedelta

from keyguard.core.people import Capacity, Contract, PartyKind
from keyguard.workflows import declare_party, declare_person, give_grant
from keyguard.workflows.handout import hand_out
from keyguard.workflows.identity import Actor, Process
from tests.fakes.world import World

KIM, HANA, JO, BO = (Actor(name, "host-1") for name in ("kim", "hana", "jo", "bo"))
BOT = Process(4242, "99", "bot", "/usr/bin/bot")
DAY = timedelta(days=1)


class Firm(World):
    """kim gives rights, hana trades, jo is a contractor of acme; bo is an OS user nobody declared.

    The keys are `examplex/desk/bot` and `examplex/ops/manager`.
    """

    def __init__(self, variant="full", **settings) -> None:
        super().__init__(variant, **settings)
        self.start = self.clock.now()
        self.declare("kim")
        self.declare("hana")
        contract = Contract("MSA-1", self.start, self.start + 100 * DAY)
        declare_party.declare(
            self.ports, "acme", PartyKind.CONTRACTOR, contract, actor=KIM, relation="builds bots"
        )
        self.declare("jo", Capacity.CONTRACTOR, party="acme")

    def declare(self, id_, capacity=Capacity.EMPLOYEE, **facts):
        users = facts.pop("users", [(id_, "")])
        return declare_person.declare(self.ports, id_, capacity, actor=KIM, users=users, **facts)

    def grant(self, person, key="desk/bot", *, actor=KIM, why="", **wanted):
        key = "" if "desk" in wanted else key
        return give_grant.give(self.ports, give_grant.Wanted(person, key=key, **wanted), actor=actor, why=why)

    def use(self, actor=HANA, key="desk/bot", *, process=BOT, purpose="", **rest):
        return hand_out(self.ports, key, purpose=purpose, mode="env", actor=actor, process=process, **rest)
