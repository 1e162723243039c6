"""Whatever goes wrong, no secret, header or body comes out of the gateway but in the reply itself."""

from __future__ import annotations

import logging
import traceback

import pytest

from keyguard.core.errors import KeyguardError
from keyguard.core.exchange import Credential, Effect, Fault, Request, Wire
from keyguard.core.secret import Secret
from tests.unit.gateway.server import Server, free_port, hold, reply, says
from tests.unit.gateway.venue import MARK, adapter, refusal

WHO = Credential("FAKEkey", Secret(MARK))
HEADER = "FAKEheader" + "h" * 20

ANSWERS = {
    "silent": hold,
    "closed": says(b""),
    "cut": says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + MARK.encode()),
    "garbage": says(MARK.encode() + b"\r\n\r\n"),
    "bad header": says(f"HTTP/1.1 200 OK\r\nX:\x00{MARK}\r\n\r\n".encode()),
    "redirect": says(reply(MARK.encode(), "302 Found", Location=f"https://evil.test/{MARK}")),
    "not json": says(reply(MARK.encode())),
    "wrong shape": says(reply(7)),
    "refused": says(reply(refusal(Fault.KEY_UNKNOWN), X_Trace=HEADER)),
    "unknown fault": says(reply({"fault": MARK, "code": "1"})),
    "server error": says(reply(MARK.encode(), "500 Internal")),
}


def shown(error: KeyguardError) -> str:
    """All that any report of the error could print."""
    text = "".join(traceback.format_exception(error))
    return f"{text} {error!r} {error} {error.args} {vars(error)}"


def assert_clean(error: KeyguardError) -> None:
    # A chained error would carry the request with its headers to whoever walks the chain.
    assert error.__cause__ is None
    assert error.__context__ is None
    for secret in (MARK, HEADER, "signed.with", "evil.test", "the venue's own words"):
        assert secret not in shown(error)


@pytest.mark.parametrize("effect", [Effect.NONE, Effect.KEY_DELETED])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_no_error_holds_what_was_sent_or_answered(open_gateway, caplog, answer, effect):
    caplog.set_level(logging.DEBUG)
    with Server(answer) as server:
        gateway = open_gateway(adapter(), simulators={"fakex": server.http})
        with pytest.raises(KeyguardError) as caught:
            gateway.send("fakex", Request("POST", "/x", effect=effect), WHO)
    assert MARK.encode() in server.requests[0]  # it did leave, so it could leak
    assert_clean(caught.value)
    assert MARK not in caplog.text
    assert "signed.with" not in caplog.text


def test_no_error_of_the_connection_holds_the_request(open_gateway):
    gateway = open_gateway(adapter(), simulators={"fakex": f"http://127.0.0.1:{free_port()}"})
    with pytest.raises(KeyguardError) as caught:
        gateway.send("fakex", Request("GET", "/x"), WHO)
    assert_clean(caught.value)


def test_no_error_of_a_secret_of_the_wrong_shape_holds_it(open_gateway):
    def sign(request, who, stamp):
        return Wire("GET", "/x", {"X-Sign": who.secret.reveal() + "\n"})

    gateway = open_gateway(adapter(sign=sign))
    with pytest.raises(KeyguardError) as caught:
        gateway.send("fakex", Request("GET", "/x"), WHO)
    assert caught.value.code == "wire.invalid"
    assert_clean(caught.value)


def test_no_error_of_the_proxy_holds_its_password(open_gateway):
    with Server(says(reply(status=f"407 {MARK}"))) as proxy:
        address = proxy.http.replace("//", f"//user:{MARK}@")
        gateway = open_gateway(adapter(), proxy=address)
        with pytest.raises(KeyguardError) as caught:
            gateway.send("fakex", Request("GET", "/x"), WHO)
    assert proxy.heads[0] == "CONNECT api.fakex.test:443 HTTP/1.1"
    assert_clean(caught.value)
    assert MARK not in repr(gateway)
