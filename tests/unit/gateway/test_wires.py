"""What may leave, and how the unsigned kind is made."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import UsageError
from keyguard.core.exchange import Request, Stamp, Wire
from keyguard.core.secret import Secret
from keyguard.gateway import wires
from tests.unit.gateway import venue


def test_an_unsigned_request_keeps_the_order_of_its_query_and_repeats_lists():
    request = Request("GET", "/v1/x", query={"b": "a b&c", "a": [1, 2], "c": "é/"}, signed=False)
    assert wires.unsigned(request) == Wire("GET", "/v1/x?b=a%20b%26c&a=1&a=2&c=%C3%A9%2F", {})


def test_an_unsigned_form_is_encoded_and_its_secrets_are_revealed_in_it_alone():
    sent = {"code": Secret("FAKE c&d"), "grant_type": "x y"}
    wire = wires.unsigned(Request("POST", "/x", body=sent, signed=False, form=True))
    assert wire.body == b"code=FAKE%20c%26d&grant_type=x%20y"
    assert wire.headers == {"content-type": "application/x-www-form-urlencoded"}


def test_an_apps_id_leaves_as_a_user_without_password():
    wire = wires.unsigned(Request("POST", "/x", signed=False, basic="FAKE:app"))
    # base64 of "FAKE%3Aapp:", for a colon would end the name
    assert wire.headers == {"authorization": "Basic RkFLRSUzQWFwcDo="}


def test_an_unsigned_body_is_compact_json():
    wire = wires.unsigned(Request("POST", "/x", body={"a": [1, "ß"]}, signed=False))
    assert wire.body == b'{"a":[1,"\\u00df"]}'
    assert wire.headers == {"content-type": "application/json"}


@given(st.dictionaries(st.text(), st.text()))
def test_any_query_leaves_as_a_wire_that_reads_back(query):
    wire = wires.unsigned(Request("GET", "/x", query=query, signed=False))
    wires.check(wire)
    assert dict(parse_qsl(urlsplit(wire.target).query, keep_blank_values=True)) == query


@pytest.mark.parametrize(
    "target",
    ["//evil.test/x", "@evil.test/x", "https://evil.test/x", "x", "", "*", "/\\evil.test", "/a b",
     "/a\r\nX: y", "/a#b", "/é", "/a\n", "/{x}"],
)  # fmt: skip
def test_a_target_that_could_lead_elsewhere_is_refused(target):
    with pytest.raises(UsageError) as caught:
        wires.check(Wire("GET", target, {}))
    assert caught.value.code == "wire.invalid"
    assert caught.value.still == "nothing was sent"


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.test"}, {"content-length": "1"}, {"Transfer-Encoding": "chunked"}, {"Cookie": "a=b"},
     {"Accept-Encoding": "gzip"}, {"Proxy-Authorization": "x"}, {"User-Agent": "x"}, {"X-A": "b\r\nX-B: c"},
     {"X-A": "b\n"}, {"X-A": "schlüssel"}, {"X A": "b"}, {"": "b"}, {"X-A": ""}],
)  # fmt: skip
def test_headers_that_change_host_or_framing_are_refused(headers):
    with pytest.raises(UsageError) as caught:
        wires.check(Wire("GET", "/", headers))
    assert caught.value.code == "wire.invalid"


@pytest.mark.parametrize("method", ["CONNECT", "get", "GET /x HTTP/1.1\r\nX:", ""])
def test_only_plain_methods_leave(method):
    with pytest.raises(UsageError, match="method"):
        wires.check(Wire(method, "/", {}))


def test_what_adapters_need_passes():
    wires.check(
        Wire("GET", "/v1/x?states[]=wait&states%5B%5D=done&t=a|b", {"Authorization": "Bearer a.b-c_d=="})
    )


@pytest.mark.parametrize(
    "fail",
    [
        lambda s: s.encode("ascii"),  # UnicodeEncodeError quotes the whole text
        lambda s: base64.b64decode(s, validate=True),
        lambda s: {}[s],  # KeyError quotes its key
    ],
)
def test_a_credential_that_cannot_sign_is_named_without_its_text(fail):
    def sign(request, who, stamp):
        return fail(who.secret.reveal() + "é")

    with pytest.raises(UsageError) as caught:
        wires.signed(venue.adapter(sign=sign), Request("GET", "/"), venue.WHO, Stamp(0, "", ""))
    assert caught.value.code == "credential.shape"
    assert venue.MARK not in f"{caught.value!r} {vars(caught.value)}"
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
