"""What a client may call."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keyguard import __version__
from keyguard.core.errors import DaemonError
from keyguard.core.keys import Environment
from keyguard.core.secret import Secret
from keyguard.daemon.connection import Serve
from keyguard.daemon.leases import Ask
from keyguard.daemon.sessions import Session
from keyguard.rpc.messages import PROTOCOL
from keyguard.rpc.params import Params

if TYPE_CHECKING:
    from keyguard.daemon.server import Server

Answer = dict[str, Any]
Later = Coroutine[Any, Any, Answer]

LONGEST_LEASE_S = 31 * 86_400
_MODES = frozenset({"env", "stdin", "socket", "file"})
_ENVIRONMENTS = frozenset({Environment.LIVE.value, Environment.TEST.value})


@dataclass(frozen=True, slots=True)
class Method:
    """A method and what a call costs, in tokens of its process's bucket: what makes more work costs more."""

    serve: Serve
    cost: int = 1


def methods(server: Server) -> dict[str, Method]:
    """The table: name -> method."""
    return {
        "hello": Method(hello),
        "status": Method(lambda session, params: _status(server, session, params), 100),
        "shutdown": Method(lambda session, params: _shutdown(server, session, params)),
        "handout.get": Method(lambda session, params: _get(server, session, params)),
        "handout.renew": Method(lambda session, params: _renew(server, session, params), 10),
        "handout.end": Method(lambda session, params: _end(server, session, params), 5),
        "handout.attach": Method(lambda session, params: _attach(server, session, params), 10),
        "handout.watch": Method(lambda session, params: _watch(server, session, params), 10),
        "key.list": Method(lambda session, params: _key_list(server, session, params), 1000),
        "store.status": Method(lambda session, params: _store_status(server, session, params)),
        "store.unlock": Method(lambda session, params: _unlock(server, session, params), 5000),
        "store.lock": Method(lambda session, params: _lock(server, session, params)),
    }


def hello(_session: Session, params: Params) -> Answer:
    """Who answers: a client of another version stops here."""
    params.done()
    return {"name": "keyguard", "version": __version__, "protocol": PROTOCOL}


def _status(server: Server, session: Session, params: Params) -> Later:
    params.done()
    _demand_admin(session)
    return server.status()


def _shutdown(server: Server, session: Session, params: Params) -> Answer:
    params.done()
    _demand_admin(session)
    server.stop("asked to")
    return {"stopping": True}


def _get(server: Server, session: Session, params: Params) -> Any:
    key, purpose, declared = params.text("key"), params.text("purpose", ""), params.text("command", "")
    environment = Environment(params.word("environment", _ENVIRONMENTS, Environment.LIVE.value))
    ask = Ask(key, purpose, params.word("mode", _MODES, "socket"), declared, environment)
    lease_s = params.number("lease_s", 0, most=LONGEST_LEASE_S)
    fresh = params.flag("fresh")
    params.done()
    return server.hand_outs.get(session, ask, lease_s, fresh=fresh)


def _renew(server: Server, session: Session, params: Params) -> Later:
    lease, lease_s = params.text("lease"), params.number("lease_s", most=LONGEST_LEASE_S)
    params.done()
    return server.hand_outs.renew(session, lease, lease_s)


def _end(server: Server, session: Session, params: Params) -> Later:
    lease = params.text("lease")
    params.done()
    return server.hand_outs.end(session, lease)


def _attach(server: Server, session: Session, params: Params) -> Later:
    lease, pid = params.text("lease"), params.number("pid", least=1)
    params.done()
    return server.hand_outs.attach(session, lease, pid)


def _watch(server: Server, session: Session, params: Params) -> Later:
    key = params.text("key")
    params.done()
    return server.watching.watch(session, key)


def _key_list(server: Server, session: Session, params: Params) -> Later:
    params.done()
    return server.key_list(session)


def _store_status(server: Server, session: Session, params: Params) -> Answer:
    params.done()
    _demand_admin(session)
    return server.store_status()


def _unlock(server: Server, session: Session, params: Params) -> Later:
    text = params.text("passphrase", "", longest=4096)
    params.done()
    _demand_admin(session)
    return server.unlock(Secret(text) if text else None)


def _lock(server: Server, session: Session, params: Params) -> Answer:
    params.done()
    _demand_admin(session)
    return server.lock()


def _demand_admin(session: Session) -> None:
    if not session.admin:
        raise DaemonError(
            "only the daemon's own user may do this",
            code="daemon.not_allowed",
            still="nothing was changed",
            hint="sudo -u keyguard keyguard …",
        )
