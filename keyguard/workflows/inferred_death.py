"""Death that can only be inferred: of a key whose venue says too little and shows no list.

There a refusal may mean a deleted key, a foreign address, a wrong clock or a bad moment. It counts when

1. the venue has answered this key before, asked from this home;
2. a key of the same account, best the replacement, is answered now: so address, clock, network and account
   are in order;
3. both hold three times in turn, some seconds apart, for such venues refuse live keys now and then.

What is left open is that the key was switched off or bound to other addresses instead of deleted; the proof
says that it is inferred.
"""

from __future__ import annotations

from keyguard.core.errors import ExchangeError, Refused
from keyguard.core.exchange import Credential
from keyguard.core.keys import Key, KeyVersion
from keyguard.workflows.operations import ask
from keyguard.workflows.run import BACKOFF_S, Run

TIMES = 3
METHOD = f"inferred: refused {TIMES} times while a key of the same account was answered"


def doubt(run: Run, version: KeyVersion, dead: Credential, control: tuple[Key, Credential]) -> str:
    """Why a refusal of several meanings does not show this key dead; "" where it does.

    The venue has just refused `dead` and answered `control`.
    """
    key, who = control
    if not _of_the_account(run, key):
        return "the venue's refusal has several meanings, and no list of this account's keys is at hand"
    if run.ports.inventory.last_observation(version.id) is None:
        return "the venue's refusal has several meanings, and it never answered this key from here"
    for wait in BACKOFF_S[: TIMES - 1]:
        run.ports.clock.sleep(wait)
        if reason := _answered(run, dead) or _refused(run, who):
            return reason
    return ""


def _of_the_account(run: Run, key: Key) -> bool:
    same = run.plan.account != "" and key.account == run.plan.account
    return key.id == run.key.id or same


def _answered(run: Run, dead: Credential) -> str:
    try:
        ask(run.ports, run.key.venue, run.adapter.whoami(dead.key), dead)
    except Refused as refusal:
        if refusal.fault in run.adapter.facts.dead:
            return ""
        return f"the venue refuses it, but for a reason that proves nothing ({refusal.fault.value})"
    except ExchangeError as error:
        return error.message
    return "the venue refuses it now and then only"


def _refused(run: Run, who: Credential) -> str:
    try:
        ask(run.ports, run.key.venue, run.adapter.whoami(who.key), who)
    except ExchangeError:
        return "the venue refuses other keys too, so the refusal may have another cause"
    return ""
