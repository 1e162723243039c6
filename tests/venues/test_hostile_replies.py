"""A venue may answer anything: an adapter says that the answer is bad, or reads it rightly, and never breaks.

Every member of every documented answer is left out and replaced by values of wrong kinds. What an operation
returns all the same is checked for its types: a default that nobody told would pass for the venue's word.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from keyguard.core.errors import BadReply, KeyguardError, OutcomeUnknown, Refused
from keyguard.core.exchange import Ask, Credential, Effect, Fault, KeyReport, NewKey, Reply, Request, Step
from keyguard.core.keys import Origin, Scope
from keyguard.core.secret import Secret
from keyguard.core.steps import drive
from keyguard.gateway.outcomes import Answer, judge
from keyguard.workflows.operations import Journalled
from keyguard_adapters import NAMES
from tests.adapters.scripts import Scenario, adapter, every, reply
from tests.fakes.world import World

SCENARIOS: list[Scenario] = every("SCENARIOS")
EFFECTS = [scenario for scenario in SCENARIOS if scenario.operation not in ("clock", "whoami", "list_keys")]
WRONG: tuple[Any, ...] = (
    *(None, True, -1, 0, 10**18, 2**70, 1.5, 1e300, "", " ", "teleport", "99999999999999999999"),
    *({}, [], [None], [{}], {"teleport": 1}, [[[]]]),
)
UNREADABLE = {
    "nothing": b"",
    "a web page": b"<html><body>Sorry, please enable JavaScript</body></html>",
    "half an answer": b'{"result": {"apiKey": "FAKE',
    "not UTF-8": b'{"result": "\xff\xfe"}',
    "very deep": b"[" * 200_000,
    "ten megabytes": b'{"padding": "' + b"x" * 10_000_000 + b'"}',
    "a long number": b'{"code": ' + b"9" * 5000 + b"}",
    "not a number": b'{"code": NaN, "result": Infinity}',
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a list of nothing": b"[null]",
}
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
Note = Callable[[str, object], None]


class Enough(Exception):
    """An operation that goes on asking was stopped."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all members of an answer."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


def spoilt(value: Any) -> Iterator[Any]:
    """The answer with one member gone, or of another kind."""
    for path in places(value):
        for wrong in (*WRONG, Ellipsis):
            changed = copy.deepcopy(value)
            holder = changed
            for name in path[:-1]:
                holder = holder[name]
            if wrong is Ellipsis:
                del holder[path[-1]]
            else:
                holder[path[-1]] = wrong
            yield changed


def run(scenario: Scenario, replies: list[Reply]) -> Any:
    """Run the operation on these answers, the last of which is repeated."""
    asked: list[Request] = []

    def send(request: Request) -> Reply:
        asked.append(request)
        if len(asked) > 60:
            raise Enough
        told = replies[min(len(asked), len(replies)) - 1]
        verdict = adapter(scenario.venue).fault(told)
        if verdict is not None:
            assert isinstance(verdict[0], Fault)
            assert isinstance(verdict[1], str)
            raise Refused("refused", fault=verdict[0], venue_code=verdict[1])
        return told

    return scenario.drive(send)


def check(value: Any) -> None:
    """What an operation returns is of the kinds the core promises."""
    if isinstance(value, tuple):
        for one in value:
            check(one)
    elif isinstance(value, NewKey):
        check(value.report)
        assert isinstance(value.credential, Credential)
        for part in (value.credential.secret, value.credential.passphrase):
            assert part is None or (isinstance(part, Secret) and part.reveal())
        assert value.credential.key
        assert value.credential.key == value.report.public_id
    elif isinstance(value, KeyReport):
        check_report(value)
    else:
        assert value is None or type(value) is int


def check_report(report: KeyReport) -> None:
    texts = (report.public_id, report.ref, report.label, report.account, report.parent, *report.grants)
    assert all(isinstance(text, str) for text in (*texts, *report.notes, *(report.ips or ()))), report
    assert report.public_id
    assert isinstance(report.scopes, Scope)
    assert isinstance(report.scopes_unknown, Scope)
    assert isinstance(report.enabled, bool)
    assert report.ips is None or isinstance(report.ips, tuple)
    for moment in (report.created_at, report.expires_at):
        assert moment is None or (isinstance(moment, datetime) and moment.tzinfo is not None)
    for origin in (report.scopes_origin, report.ips_origin, report.expiry_origin):
        assert isinstance(origin, Origin)


@every_scenario
def test_a_member_missing_or_of_another_kind(scenario: Scenario, record_property: Note) -> None:
    good = [reply(f"{scenario.venue}/{name}") for name in scenario.replies]
    cases = 0
    for position, told in enumerate(good):
        if not told.body:
            continue
        for changed in spoilt(told.json):
            answers = [
                *good[:position],
                Reply(told.status, {}, json.dumps(changed).encode()),
                *good[position + 1 :],
            ]
            cases += 1
            try:
                check(run(scenario, answers))
            except (KeyguardError, Enough):
                continue
    record_property("spoilt answers", cases)


@every_scenario
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_answer_that_is_none(scenario: Scenario, name: str) -> None:
    good = [reply(f"{scenario.venue}/{name}") for name in scenario.replies]
    for position in range(len(good)):
        try:
            check(run(scenario, [*good[:position], Reply(200, {}, UNREADABLE[name]), *good[position + 1 :]]))
        except (KeyguardError, Enough):
            continue


@pytest.mark.parametrize("venue", NAMES)
@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 403, 404, 418, 429, 500, 503])
def test_the_gateway_judges_any_answer(venue: str, status: int, record_property: Note) -> None:
    moment = World().clock.now()
    for effect in (Effect.NONE, Effect.KEY_EDITED, Effect.KEY_CREATED):
        for body in UNREADABLE.values():
            answer = Answer(Reply(status, {}, body), moment, moment)
            told = judge(adapter(venue), Request("GET", "/x", effect=effect), answer)
            assert isinstance(told, Reply | KeyguardError)
            assert status < 400 or isinstance(told, KeyguardError)
    record_property("judged answers", 3 * len(UNREADABLE))


@pytest.mark.parametrize("scenario", EFFECTS, ids=str)
@pytest.mark.parametrize("name", ["a web page", "half an answer", "very deep", "a list of nothing"])
def test_an_unreadable_answer_to_a_change_leaves_the_outcome_open(scenario: Scenario, name: str) -> None:
    """It stays sealed in the journal: it may hold the only copy of a new secret."""
    operation = Journalled(World().ports, "w1", "create", scenario.venue)
    with pytest.raises((BadReply, OutcomeUnknown)) as caught:
        operation.perform(asked(scenario), lambda _: Reply(200, {}, UNREADABLE[name]))
    calls = operation.calls()
    effects = [call for call in calls if call.effect is not Effect.NONE]
    assert isinstance(caught.value, OutcomeUnknown) == bool(effects)
    assert calls[-1].reply is not None


def asked(scenario: Scenario) -> Step[Any]:
    """The operation, with what it asks of a person answered: there is none."""
    step, told = scenario.step(), iter(scenario.codes)
    turn = next(step)
    while True:
        try:
            turn = step.send(next(told) if isinstance(turn, Ask) else (yield turn))
        except StopIteration as done:
            return done.value


def test_a_bad_answer_says_nothing_of_itself() -> None:
    with pytest.raises(BadReply) as caught:
        drive(SCENARIOS[0].step(), lambda _: Reply(200, {}, b'{"FAKEsecret": 1}'))
    assert "FAKEsecret" not in f"{caught.value} {caught.value.hint} {caught.value.still}"
