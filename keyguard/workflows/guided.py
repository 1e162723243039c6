"""A new key made by a person's hand: the checklist, the paste, and what is checked before it counts.

What was pasted is sealed in the journal at once. A check that fails says what to change at the page; the
person changes it there, or pastes again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from keyguard.core.errors import ExchangeError, KeyguardError, OutcomeUnknown, Refused, UsageError
from keyguard.core.exchange import Credential, Effect, Guide, KeyReport, NewKey, Reply, Request, Step
from keyguard.core.secret import Secret
from keyguard.workflows import burial, checklist, credentials, paste_checks, proving, venue_keys
from keyguard.workflows.operations import CREATE, ask
from keyguard.workflows.run import BACKOFF_S, Run

_TRIES = 3
_SAME_ADDRESSES = (
    "IP addresses: exactly those of the old key, whatever a step below says of them",
    "IP 주소: 아래 단계의 내용과 관계없이 기존 키와 똑같이 등록합니다.",
)
_LOST = (
    "if you made a key for this rotation already and its secret is lost, delete it",
    "이번 교체를 위해 이미 발급한 키의 비밀 키를 잃었다면 그 키를 삭제합니다.",
)


def create(run: Run) -> NewKey:
    """Have a person make the key and paste it, until it is the one that was asked for.

    Raises the problem of the third paste in turn, or what the venue still tells against the key after the
    third change at its page.
    """
    operation = run.operation(CREATE)
    calls = operation.calls()
    if lost := bool(calls) and calls[-1].reply is None:
        # A key may have been made and its secret never arrived here: it is of no use to anybody. The
        # journal keeps knowing of it until the person has looked: a crash before that asks again.
        venue_keys.ask_to_remove_lost(run)
        operation.forget()
    problem: KeyguardError | None = None
    for _ in range(_TRIES):
        guide = _guide(run, lost=lost)
        if problem is not None:
            guide = guide.after(*_LOST)
            guide = replace(guide, done=len(guide.steps))  # the page's steps are done; the paste was wrong
        elif not operation.calls():
            guide = checklist.walk(run, checklist.CREATE, guide)
        try:
            made = operation.perform(step(), partial(_pasted, run, guide))
        except UsageError:
            operation.forget()  # nobody was there to be shown the guide
            raise
        problem = paste_checks.problem(run, made.credential)
        if problem is None:
            if _as_asked(run, made.credential):
                return made
            run.remember(checklist=None)
        operation.forget()
        if problem is not None:
            run.tell("that is not the new key", problem.message)
            run.tell("at the page", problem.hint)
    raise problem or ExchangeError(
        "the new keys were not what was asked for",
        code="rotation.not_proven",
        still="the old key still works",
    )


def step() -> Step[NewKey]:
    """The creation by a person, in the form of an operation: so it is journalled and replayed alike."""
    reply = yield Request("PERSON", "/new-credential", effect=Effect.KEY_CREATED)
    credential = credentials.unpack(Secret(reply.body.decode()))
    return NewKey(KeyReport(credential.key, ref=credential.key), credential)


def pasted(run: Run) -> Credential:
    """Return the credential a person pasted, from the journal."""
    return run.operation(CREATE).replay(step()).credential


def discard(run: Run, credential: Credential) -> None:
    """Have a person delete a key that was pasted and is not wanted, and see that the venue refuses it.

    Raises OutcomeUnknown `rotation.stray` while the venue still answers it. Of a key that never answered
    nothing can be shown: there the person's word is all.
    """
    answered = _answers(run, credential)
    body = {"key": run.names.key(credential.key), "reason": "other", "by": run.by(), "at_venue": "web"}
    run.record("key.revoke", body, "key")
    made = KeyReport(credential.key, ref=credential.key, account=run.plan.account)
    run.ports.person.confirm(run.key.venue, run.adapter.guide_delete(made))
    if not answered:
        run.tell("it never answered from here, so that it is deleted is your word alone")
        return
    for wait in (*run.waits, None):
        if _answers(run, credential) is False and burial.working_key(run) is not None:
            run.tell("deleted: the venue refuses the key that is not wanted")
            return
        if wait is not None:
            run.ports.clock.sleep(wait)
    raise OutcomeUnknown(
        "the key that is not wanted is not shown deleted",
        code="rotation.stray",
        still="the old key still works and stays in use",
        hint=f"delete it at {run.adapter.facts.key_page}, then `keyguard workflow resume {run.workflow.id}`",
    )


def _as_asked(run: Run, credential: Credential) -> bool:
    """See that the key is exactly what was asked for, having the person change it at the page where it can be
    changed. False: it cannot, so it was deleted and another must be made."""
    for _ in range(_TRIES):
        report, wrong = _differences(run, credential)
        if report is not None and not wrong:
            run.tell("the new key is as asked for", paste_checks.shown(report, run.spec))
        if report is None or not wrong:
            return True  # where the venue says too little now, the proof tells
        run.tell("the new key is not what was asked for", "; ".join(wrong))
        try:
            guide = run.adapter.guide_edit(report, run.spec)
        except UsageError:
            run.tell("its page cannot change that: delete this key and make another")
            discard(run, credential)
            return False
        run.ports.person.confirm(run.key.venue, guide)
    return True  # the proof looks once more, and says what is still wrong


def _differences(run: Run, credential: Credential) -> tuple[KeyReport | None, tuple[str, ...]]:
    """What the venue says of the key and how that differs; looked at again while a change propagates."""
    report: KeyReport | None = None
    wrong: tuple[str, ...] = ()
    for wait in (*BACKOFF_S[:3], None):
        try:
            report = ask(run.ports, run.key.venue, run.adapter.whoami(credential.key), credential)
        except Refused:
            return None, ()
        wrong = proving.differences(run.spec, report, credential.key, ips_known=run.plan.ips_known)
        if not wrong:
            break
        if wait is not None:
            run.ports.clock.sleep(wait)
    return report, wrong


def _answers(run: Run, credential: Credential) -> bool | None:
    """Whether the venue answers the key; None where its refusal may have another cause."""
    try:
        ask(run.ports, run.key.venue, run.adapter.whoami(credential.key), credential)
    except Refused as refusal:
        return False if refusal.fault in run.adapter.facts.dead else None
    return True


def _pasted(run: Run, guide: Guide, _: Request) -> Reply:
    given = run.ports.person.new_credential(run.key.venue, guide)
    credential = credentials.of_kind(given, run.adapter.example)
    return Reply(200, {}, credentials.pack(credential).reveal().encode())


def _guide(run: Run, *, lost: bool) -> Guide:
    guide = run.adapter.guide_create(replace(run.spec, ips_told=run.plan.ips_known))
    if not run.plan.ips_known:
        guide = guide.after(*_SAME_ADDRESSES)
    if lost:
        guide = guide.after(*_LOST)
    return replace(guide, parts=credentials.parts(run.adapter.example))
