"""A review by its commands, from the reminder to the refusal after a removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyguard.core.people import Capacity
from keyguard.workflows import declare_person, reviews
from keyguard.workflows.identity import Actor
from tests.cli.test_people import BOT, ME, WHICH, ready

if TYPE_CHECKING:
    from tests.cli.desk import Desk

__all__ = ["ready"]  # the fixture


def test_a_removed_grant_refuses_and_the_review_is_closed_by_another(ready: Desk) -> None:
    ready.keyguard("person", "add", "me", "--os-user", ME)
    ready.keyguard("grant", "add", "me", "--key", BOT)
    ready.keyguard(*WHICH)
    opened = ready.keyguard("review", "open", "mm", "--json").json
    (item,) = opened["items"]
    assert (item["person"], item["handouts"]) == ("me", 1)
    assert opened["id"] in ready.keyguard("review", "list").out
    assert "1 times" in ready.keyguard("review", "list", opened["id"]).out
    kept = ready.keyguard("review", "decide", opened["id"], item["grant"], "--keep", expect=2)
    assert "cannot say that it is to stay" in kept.errors[0]
    words = ("--remove", "--reason", "moved desks")
    done = ready.keyguard("review", "decide", opened["id"], item["grant"], *words)
    assert done.out == f"{item['grant']} of me: ended\n"
    assert "the grant ended" in ready.keyguard(*WHICH, expect=2).errors[0]
    assert "rotate it" in ready.keyguard("attention", expect=1).out
    assert "decided items of it" in ready.keyguard("review", "close", opened["id"], expect=2).errors[0]
    lee = Actor("lee", "elsewhere")
    with ready.opened() as ports:
        declare_person.declare(ports, "lee", Capacity.EMPLOYEE, actor=lee, users=[("lee", "elsewhere")])
        reviews.close(ports, opened["id"], actor=lee)
    assert ready.keyguard("review", "list", "--json").json == []
    assert ready.keyguard("review", "list", "--all", "--json").json[0]["closed_at"]
    assert ready.keyguard("log", "verify", "--json").json
