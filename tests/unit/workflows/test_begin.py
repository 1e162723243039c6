from __future__ import annotations

import pytest

from keyguard.core.errors import IntegrityError
from keyguard.workflows.begin import Firm, begin
from tests.fakes.audit import FakeAudit
from tests.fakes.world import World


def empty_world():
    world = World()
    world.audit = FakeAudit(world.clock)
    return world


def test_the_log_begins_with_its_genesis_once():
    world = empty_world()
    firm = Firm("시장조성", "Sijang Joseong", "110-81-00000", "KR")
    log_id = begin(world.ports, firm, tool_version="0.1.0")
    assert begin(world.ports, Firm(), tool_version="0.2.0") == log_id
    (body,) = world.audit.bodies("log.genesis")
    assert len(log_id) == 16 and int(log_id, 16) >= 0
    assert body == {
        "log_id": log_id,
        "origin": f"keyguard/{log_id}",
        "role": "primary",
        "firm": {
            "name_local": "시장조성",
            "name_latin": "Sijang Joseong",
            "registration_no": "110-81-00000",
            "country": "KR",
        },
        "tool_version": "0.1.0",
        "slots": 1024,
        "registry": 1,
    }


def test_a_log_that_begins_otherwise_is_refused():
    world = empty_world()
    world.audit.append("firm", "agent.start", {"host": "h_" + "0" * 20, "tool_version": "0.1.0"})
    with pytest.raises(IntegrityError, match="genesis"):
        begin(world.ports, Firm(), tool_version="0.1.0")
