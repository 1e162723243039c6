"""Drives an adapter's operations. Pure: what sends and who is asked are the caller's."""

from __future__ import annotations

from collections.abc import Callable

from keyguard.core.errors import BadReply, Refused, UsageError
from keyguard.core.exchange import Ask, Reply, Request, Step, T

Send = Callable[[Request], Reply]
Answer = Callable[[Ask], str]


def nobody(question: Ask) -> str:
    """Answer for callers without a person: refuses."""
    raise UsageError(
        f"the venue asks for something only a person has: {question.prompt}",
        code="person.needed",
        hint="run the command in a terminal",
    )


def drive(step: Step[T], send: Send, answer: Answer = nobody) -> T:
    """Run an operation to its end and return its value.

    Raises what `send` and `answer` raise; `Refused` is offered to the operation first, which may handle
    it. A parser's KeyError, ValueError and the like become BadReply, without the reply's text.
    """
    try:
        turn = next(step)
        while True:
            if isinstance(turn, Ask):
                turn = step.send(answer(turn))
                continue
            try:
                reply = send(turn)
            except Refused as refusal:
                turn = step.throw(refusal)
            else:
                turn = step.send(reply)
    except StopIteration as done:
        value: T = done.value
        return value
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise BadReply(
            f"the venue's answer is not in the documented format ({type(error).__name__})",
            code="exchange.bad_reply",
            hint="the venue may have changed its API; report this with `keyguard --version`",
        ) from None
