"""Approvals signed with the approver's own key: none without it, none altered, none moved to another."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from keyguard.core import signing
from keyguard.core.errors import IntegrityError, StoreError, UsageError
from keyguard.core.keys import Scope
from keyguard.core.people import Action, Capacity, Decision, GrantState
from keyguard.core.rights import RightsPolicy, SelfApproval
from keyguard.core.secret import Secret
from keyguard.gateway.clock import SystemClock
from keyguard.stores import signer_file
from keyguard.workflows import approvals, signers
from tests.fakes.firm import BO, DAY, HANA, KIM, Firm
from tests.stores.vaults import CHEAP

TOKEN = SystemClock().token
APPROVE, REJECT = Decision.APPROVE, Decision.REJECT


def signer():
    return signer_file.FileSigner(TOKEN(32))


def refused(act, code):
    with pytest.raises(UsageError) as caught:
        act()
    assert caught.value.code == code, caught.value


@pytest.fixture
def firm():
    return Firm()


@pytest.fixture
def hana(firm):
    """Her key, registered."""
    made = signer()
    signers.register(firm.ports, made, actor=HANA)
    return made


@pytest.fixture
def asked(firm):
    return firm.grant("jo", why="builds the hedger")


def check(firm, approval):
    return signers.check(firm.ports, approval, approvals.good_until(approval))


def altered(firm, approval):
    with pytest.raises(IntegrityError) as caught:
        check(firm, approval)
    assert caught.value.code == "approval.forged"


def test_who_has_a_key_signs_with_it_and_no_other(firm, hana, asked):
    refused(lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA), "approval.unsigned")
    refused(
        lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA, signer=signer()),
        "approval.signer",
    )
    assert firm.people.grants() == (asked,)
    decided = approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA, signer=hana)
    assert check(firm, decided).person == "hana"
    assert firm.people.grants()[0].state is GrantState.GIVEN


def test_the_signature_can_be_checked_without_keyguard(firm, hana, asked):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    decided = approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA, signer=hana)
    told = signing.statement(decided, firm.people.grants()[0], None)
    assert told["grant"]["key"] == asked.key_id
    assert (told["decided_by"], told["subject"]["person"]) == ("hana", "jo")
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    _, public, signature = decided.signature.split(":")
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
        bytes.fromhex(signature), b"keyguard approval 1\n" + plain
    )


@pytest.mark.parametrize(
    "change",
    [
        {"id": "ap_0123456789abcdef"},
        {"action": Action.REVEAL},
        {"why": "something else"},
        {"subject": {"grant": "gr_0", "person": "jo"}},
        {"decided_by": "kim"},
        {"comment": "more"},
        {"signature": ""},
        {"signature": "ed25519:00:00"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_decision_that_was_altered_or_moved_does_not_fit_its_signature(firm, hana, asked, change):
    signers.register(firm.ports, signer(), actor=KIM)
    decided = approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA, signer=hana)
    altered(firm, replace(decided, **change))


def test_a_grant_made_wider_does_not_fit_what_was_signed(firm, hana, asked):
    decided = approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA, signer=hana)
    grant = firm.people.grants()[0]
    firm.people.put_grant(replace(grant, scopes=grant.scopes | Scope.WITHDRAW))
    altered(firm, decided)


def test_a_word_that_was_signed_is_used_once_and_not_if_altered(firm, hana):
    key = firm.ports.inventory.find_key("desk/bot")

    def reveal():
        return approvals.require(firm.ports, Action.REVEAL, key, actor=KIM, why="moving")

    refused(reveal, "approval.needed")
    (waiting,) = approvals.pending(firm.ports)
    decided = approvals.decide(firm.ports, waiting.id, APPROVE, actor=HANA, signer=hana)
    honest = dict(firm.people._kept)
    firm.people._kept["approval", decided.id] = replace(decided, signature="")
    with pytest.raises(IntegrityError):
        reveal()
    firm.people._kept = honest
    assert reveal().used_at == firm.clock.now()


def test_to_reject_takes_no_signature(firm, hana, asked):
    decided = approvals.decide(firm.ports, asked.approval, REJECT, actor=HANA, comment="no")
    assert check(firm, decided) is None


def test_a_policy_can_demand_signatures_of_everybody():
    firm = Firm()
    firm.people.policy = RightsPolicy(signatures_required=True)
    asked = firm.grant("jo")
    refused(lambda: approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA), "approval.unsigned")


def test_nobody_registers_for_another_or_a_second_one(firm, hana):
    refused(lambda: signers.register(firm.ports, signer(), actor=HANA), "signer.held")
    refused(lambda: signers.register(firm.ports, hana, actor=KIM), "signer.known")
    refused(lambda: signers.register(firm.ports, signer(), actor=BO), "signer.person")
    firm.declare("bot", Capacity.SERVICE)
    refused(lambda: signers.register(firm.ports, signer(), actor=replace(BO, user="bot")), "signer.person")
    types = firm.audit.bodies("signer.add")
    assert [body["role"] for body in types] == ["approver"]


def test_ending_takes_the_key_or_another_person_and_what_was_signed_stays_good(firm, hana, asked):
    decided = approvals.decide(firm.ports, asked.approval, APPROVE, actor=HANA, signer=hana)
    (key,) = firm.people.signing_keys()
    refused(lambda: signers.end(firm.ports, key.id, actor=HANA), "signer.own")
    refused(lambda: signers.end(firm.ports, key.id, actor=HANA, signer=signer()), "signer.own")
    refused(lambda: signers.end(firm.ports, key.id, actor=BO), "signer.person")
    refused(lambda: signers.end(firm.ports, "sk_no", actor=KIM), "signer.unknown")
    firm.clock.sleep(DAY.total_seconds())
    assert signers.end(firm.ports, key.id[:7], actor=KIM).span.ended_at == firm.clock.now()
    refused(lambda: signers.end(firm.ports, key.id, actor=KIM), "people.ended")
    assert check(firm, decided) is not None
    assert len(firm.audit.bodies("signer.remove")) == 1
    other = signer()
    signers.register(firm.ports, other, actor=HANA)
    assert signers.in_force(firm.ports, "hana", firm.clock.now()).public == other.public


def test_one_ends_ones_own_with_it(firm, hana):
    (key,) = firm.people.signing_keys()
    assert signers.end(firm.ports, key.id, actor=HANA, signer=hana).span.ended_at


def test_the_small_firms_exception_is_signed_too(firm):
    firm.people.policy = RightsPolicy(self_approval=SelfApproval.EXCEPTION)
    own = signer()
    signers.register(firm.ports, own, actor=KIM)
    asked = firm.grant("jo")
    until = firm.clock.now() + 30 * DAY
    decided = approvals.decide(
        firm.ports,
        asked.approval,
        APPROVE,
        actor=KIM,
        compensating="auditor reads the log",
        until=until,
        signer=own,
    )
    assert check(firm, decided).person == "kim"
    altered(firm, replace(decided, compensation=None))
    assert firm.audit.bodies("exception.open")[0]["control"] == "four_eyes"


def test_the_file_opens_by_its_passphrase_alone(tmp_path):
    path, word = tmp_path / "kim.signer", Secret("FAKE six words to open this file")
    made = signer_file.make(path, word, TOKEN, cost=CHEAP)
    assert path.stat().st_mode & 0o777 == 0o600
    opened = signer_file.open_signer(path, word)
    assert opened.public == made.public
    assert signers.verified(made.public, opened.sign(b"x"), b"x")
    assert not signers.verified(made.public, opened.sign(b"x"), b"y")
    with pytest.raises(StoreError) as caught:
        signer_file.open_signer(path, Secret("FAKE other words"))
    assert caught.value.code == "store.wrong_passphrase"
    with pytest.raises(StoreError):
        signer_file.make(path, word, TOKEN, cost=CHEAP)
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"public_key": signer().public}))
    with pytest.raises(StoreError, match="no signing key"):
        signer_file.open_signer(path, word)
    path.write_text("[]")
    with pytest.raises(StoreError, match="no signing key"):
        signer_file.open_signer(path, word)
