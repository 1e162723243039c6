"""Who may use a key: never outside its time, and whatever ends or narrows only takes away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.keys import Environment, Key, Scope
from keyguard.core.people import (
    EXTERNAL,
    Action,
    Approval,
    Capacity,
    Contract,
    Desk,
    Grant,
    GrantState,
    OsUser,
    Party,
    PartyKind,
    Person,
    Role,
    Span,
    may_replace,
)
from keyguard.core.rights import (
    Allowed,
    FourEyes,
    Reason,
    Refused,
    RightsPolicy,
    Unfit,
    Use,
    may_decide,
    may_use,
    rule_for_grant,
)

T0 = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = Key("k1", "bybit", "mm", "bot")
HANA = Person("hana", Capacity.EMPLOYEE, Span(T0))
JO = Person("jo", Capacity.CONTRACTOR, Span(T0), party="acme")
ACME = Party("acme", PartyKind.CONTRACTOR, "bots", Span(T0), (Contract("C-1", T0, T0 + 10 * HOUR),))
GRANT = Grant("gr_1", "hana", Span(T0, T0 + 5 * HOUR), Scope.READ | Scope.TRADE_SPOT, key_id="k1")
USE = Use(KEY, T0 + HOUR, "host-1", "hana", Scope.READ, executable="/usr/bin/bot")


def refused(*args, **kwargs):
    decided = may_use(*args, **kwargs)
    assert isinstance(decided, Refused), decided
    return decided.reason


def test_the_plain_case():
    assert may_use(HANA, USE, [GRANT]) == Allowed(GRANT)


def test_what_another_host_ended_is_over_though_the_clock_here_is_behind():
    ahead = USE.now + HOUR
    assert (
        refused(HANA, USE, [replace(GRANT, span=replace(GRANT.span, ended_at=ahead))]) is Reason.GRANT_ENDED
    )
    left = replace(HANA, span=replace(HANA.span, ended_at=ahead))
    assert refused(left, USE, [GRANT]) is Reason.PERSON_ENDED
    over = Desk("mm", Span(T0, ended_at=ahead))
    assert refused(HANA, USE, [GRANT], desk=over) is Reason.DESK_ENDED
    parted = replace(ACME, span=replace(ACME.span, ended_at=ahead))
    theirs = replace(GRANT, person="jo")
    assert may_use(JO, USE, [theirs], party=ACME) == Allowed(theirs)
    assert refused(JO, USE, [theirs], party=parted) is Reason.CONTRACT_OVER
    desk_grant = replace(GRANT, key_id="", desk="mm")
    assert may_use(HANA, USE, [desk_grant]) == Allowed(desk_grant)


@pytest.mark.parametrize(
    ("person", "use", "grant", "reason"),
    [
        (HANA, replace(USE, environment=Environment.TEST), GRANT, Reason.TEST_PROCESS),
        (replace(HANA, environment=Environment.TEST), USE, GRANT, Reason.TEST_PROCESS),
        (None, USE, GRANT, Reason.PERSON_UNKNOWN),
        (replace(HANA, span=Span(T0 + 2 * HOUR)), USE, GRANT, Reason.PERSON_EARLY),
        (replace(HANA, span=Span(T0, T0 + HOUR)), USE, GRANT, Reason.PERSON_ENDED),
        (replace(HANA, span=Span(T0, None, T0)), USE, GRANT, Reason.PERSON_ENDED),
        (replace(HANA, party="other"), USE, GRANT, Reason.PARTY_UNKNOWN),
        (HANA, USE, replace(GRANT, person="kim"), Reason.NO_GRANT),
        (HANA, USE, replace(GRANT, key_id="k2"), Reason.NO_GRANT),
        (HANA, USE, replace(GRANT, key_id="", desk="arb"), Reason.NO_GRANT),
        (HANA, USE, replace(GRANT, state=GrantState.REJECTED), Reason.GRANT_REJECTED),
        (HANA, replace(USE, now=T0 + 5 * HOUR), GRANT, Reason.GRANT_ENDED),
        (HANA, USE, replace(GRANT, state=GrantState.ASKED), Reason.GRANT_ASKED),
        (HANA, USE, replace(GRANT, span=Span(T0 + 2 * HOUR)), Reason.GRANT_EARLY),
        (HANA, USE, replace(GRANT, hosts=("host-2",)), Reason.HOST),
        (HANA, USE, replace(GRANT, users=("kim",)), Reason.USER),
        (HANA, USE, replace(GRANT, executables=("/usr/bin/other",)), Reason.EXECUTABLE),
        (HANA, replace(USE, executable=""), replace(GRANT, executables=("/usr/bin/bot",)), Reason.EXECUTABLE),
        (HANA, replace(USE, purpose="hedge"), replace(GRANT, purpose="quote"), Reason.PURPOSE),
        (HANA, replace(USE, scopes=None), GRANT, Reason.SCOPES_UNKNOWN),
        (HANA, replace(USE, scopes=Scope.READ | Scope.WITHDRAW), GRANT, Reason.SCOPES),
    ],
)
def test_every_refusal(person, use, grant, reason):
    assert refused(person, use, [grant], party=ACME) is reason


def test_a_desk_that_ended_and_a_contract_that_ran_out():
    assert refused(HANA, USE, [GRANT], desk=Desk("mm", Span(T0, None, T0))) is Reason.DESK_ENDED
    mine = replace(GRANT, person="jo", span=Span(T0))
    assert may_use(JO, USE, [mine], party=ACME) == Allowed(mine)
    late = replace(USE, now=T0 + 10 * HOUR)
    assert refused(JO, late, [mine], party=ACME) is Reason.CONTRACT_OVER
    renewed = replace(ACME, contracts=(*ACME.contracts, Contract("C-2", T0 + 10 * HOUR, T0 + 20 * HOUR)))
    assert may_use(JO, late, [mine], party=renewed) == Allowed(mine)
    ended = replace(renewed, span=Span(T0, None, T0 + HOUR))
    assert refused(JO, late, [mine], party=ended) is Reason.CONTRACT_OVER
    assert refused(JO, USE, [mine]) is Reason.PARTY_UNKNOWN


def test_a_test_may_use_what_moves_no_money():
    simulated = replace(
        USE, environment=Environment.TEST, key=replace(KEY, environment=Environment.SIMULATED)
    )
    assert may_use(HANA, simulated, [GRANT]) == Allowed(GRANT)


def test_of_several_grants_any_may_allow_and_the_nearest_failure_is_told():
    bound = replace(GRANT, id="gr_2", hosts=("host-2",))
    over = replace(GRANT, id="gr_3", span=Span(T0, T0))
    assert may_use(HANA, USE, [over, bound, GRANT]) == Allowed(GRANT)
    assert may_use(HANA, USE, [bound, over]) == Refused(Reason.HOST, bound)


def test_where_rights_are_open_only_what_is_declared_counts():
    assert may_use(None, USE, [], enforced=False) == Allowed()
    assert may_use(HANA, USE, [], enforced=False) == Allowed()
    assert may_use(HANA, USE, [GRANT], enforced=False) == Allowed(GRANT)
    gone = replace(HANA, span=Span(T0, None, T0))
    assert refused(gone, USE, [GRANT], enforced=False) is Reason.PERSON_ENDED
    testing = replace(USE, environment=Environment.TEST)
    assert refused(None, testing, [], enforced=False) is Reason.TEST_PROCESS


INSTANTS = st.integers(0, 20).map(lambda hours: T0 + hours * HOUR)
SPANS = st.builds(Span, INSTANTS, st.none() | INSTANTS, st.none() | INSTANTS)
NAMES = st.sampled_from(["a", "b"])
BOUNDS = st.lists(NAMES, max_size=2).map(tuple)
SCOPES = st.integers(0, 255).map(Scope)
GRANTS = st.builds(
    Grant,
    id=st.just("gr_1"),
    person=st.sampled_from(["hana", "hana", "hana", "kim"]),
    span=SPANS,
    scopes=SCOPES,
    key_id=st.sampled_from(["k1", "k1", "k2"]),
    hosts=BOUNDS,
    users=BOUNDS,
    executables=BOUNDS,
    purpose=st.sampled_from(["", "a"]),
    state=st.sampled_from([GrantState.GIVEN, GrantState.GIVEN, GrantState.ASKED, GrantState.REJECTED]),
)
PERSONS = st.builds(
    Person,
    id=st.just("hana"),
    capacity=st.sampled_from(Capacity),
    span=SPANS,
    party=st.sampled_from(["", "acme"]),
    environment=st.sampled_from([Environment.LIVE, Environment.LIVE, Environment.TEST]),
)
CONTRACTS = st.builds(Contract, st.just("C"), INSTANTS, INSTANTS)
PARTIES = st.builds(
    Party,
    id=st.just("acme"),
    kind=st.just(PartyKind.VENDOR),
    relation=st.just(""),
    span=SPANS,
    contracts=st.lists(st.builds(Contract, st.just("C"), INSTANTS, INSTANTS), min_size=1, max_size=2).map(
        tuple
    ),
)
USES = st.builds(
    Use,
    key=st.builds(replace, st.just(KEY), environment=st.sampled_from(Environment)),
    now=INSTANTS,
    host=NAMES,
    user=NAMES,
    scopes=st.none() | SCOPES,
    executable=NAMES,
    purpose=st.sampled_from(["", "a", "b"]),
    environment=st.sampled_from([Environment.LIVE, Environment.LIVE, Environment.TEST]),
)


@given(PERSONS, USES, st.lists(GRANTS, max_size=3), PARTIES)
def test_what_is_allowed_lies_within_everything(person, use, grants, party):
    decided = may_use(person, use, grants, party=party)
    if isinstance(decided, Refused):
        return
    grant = decided.grant
    assert grant is not None and grant in grants and grant.person == person.id
    for span in (person.span, grant.span):
        assert span.since <= use.now
        assert all(end is None or use.now < end for end in (span.until, span.ended_at))
    if person.capacity in EXTERNAL or person.party:
        assert any(contract.since <= use.now < contract.until for contract in party.contracts)
    assert use.scopes is not None and not use.scopes & ~grant.scopes
    assert all(
        not bound or value in bound
        for bound, value in (
            (grant.hosts, use.host),
            (grant.users, use.user),
            (grant.executables, use.executable),
        )
    )
    testing = Environment.TEST in (use.environment, person.environment)
    assert not (testing and use.key.environment is Environment.LIVE)


@given(PERSONS, USES, st.lists(GRANTS, min_size=1, max_size=3), PARTIES, INSTANTS, st.integers(0, 5))
def test_an_end_only_takes_away(person, use, grants, party, at, which):
    """Whatever is ended, and whenever: nothing that was refused becomes allowed by it."""
    if isinstance(may_use(person, use, grants, party=party), Allowed):
        return
    match which:
        case 0:
            person = replace(person, span=replace(person.span, ended_at=_earlier(person.span.ended_at, at)))
        case 1:
            party = replace(party, span=replace(party.span, ended_at=_earlier(party.span.ended_at, at)))
        case 2:
            first = grants[0]
            span = replace(first.span, ended_at=_earlier(first.span.ended_at, at))
            grants = [replace(first, span=span), *grants[1:]]
        case 3:
            grants = [replace(grants[0], scopes=grants[0].scopes & Scope.READ), *grants[1:]]
        case 4:
            grants = grants[1:]
        case _:
            grants = [replace(grants[0], state=GrantState.REJECTED), *grants[1:]]
    assert isinstance(may_use(person, use, grants, party=party), Refused)


def _earlier(old, new):
    return new if old is None else min(old, new)


@given(SPANS, INSTANTS, INSTANTS)
def test_a_span_meets_a_period_where_it_covers_an_hour_of_it(span, start, stop):
    hours = [T0 + number * HOUR for number in range(30)]
    covered = any(span.covers(at) for at in hours if start <= at < stop)
    assert span.meets(start, stop) == covered


def test_an_os_user_is_one_person_on_its_host_for_its_time():
    user = OsUser("bot", Span(T0, None, T0 + HOUR), "host-1")
    assert user.is_user("bot", "host-1", T0)
    assert not user.is_user("bot", "host-2", T0)
    assert not user.is_user("bot", "host-1", T0 + HOUR)
    assert OsUser("bot", Span(T0)).is_user("bot", "anywhere", T0)
    assert (str(user), str(OsUser("bot", Span(T0)))) == ("bot@host-1", "bot")


def test_which_grants_need_a_second_person():
    risky, always = RightsPolicy(), RightsPolicy(four_eyes=FourEyes.ALWAYS)
    assert rule_for_grant(risky, HANA, Scope.READ | Scope.TRADE_SPOT) == ""
    assert rule_for_grant(always, HANA, Scope.READ) == "every_grant"
    assert rule_for_grant(risky, HANA, Scope.WITHDRAW) == "dangerous_scopes"
    assert rule_for_grant(risky, JO, Scope.READ) == "external_grant"
    hosted = Person("bot", Capacity.SERVICE, Span(T0), party="acme")
    assert rule_for_grant(risky, hosted, Scope.READ) == "external_grant"


ASKED = Approval("ap_1", Action.GRANT, "external_grant", {"person": "jo"}, "kim", T0, "")


@pytest.mark.parametrize(
    ("approver", "named", "unfit"),
    [
        (HANA, False, None),
        (replace(HANA, roles=frozenset({Role.APPROVER})), True, None),
        (replace(JO, id="outside", roles=frozenset({Role.APPROVER})), True, None),
        (None, False, Unfit.UNKNOWN),
        (replace(HANA, span=Span(T0, None, T0)), False, Unfit.ENDED),
        (replace(HANA, capacity=Capacity.SERVICE), False, Unfit.SERVICE),
        (HANA, True, Unfit.NO_ROLE),
        (replace(JO, id="outside"), False, Unfit.EXTERNAL),
        (replace(HANA, id="kim"), False, Unfit.SELF),
        (replace(HANA, id="jo"), False, Unfit.SELF),
    ],
)
def test_who_may_approve(approver, named, unfit):
    assert may_decide(approver, ASKED, T0 + HOUR, approvers_named=named) is unfit


def test_history_stays():
    over = replace(GRANT, span=replace(GRANT.span, ended_at=T0))
    assert may_replace(GRANT, over)
    assert may_replace(over, over)
    assert not may_replace(over, GRANT)
    assert not may_replace(replace(GRANT, state=GrantState.REJECTED), GRANT)
