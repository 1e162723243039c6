from __future__ import annotations

import base64
import itertools
import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.cli.masking import MASK, Masker, forms_of
from keyguard.core.secret import Secret

# A small alphabet, so that secrets overlap each other and their beginnings occur by chance.
secrets = st.lists(st.text("ab/\n", min_size=4, max_size=9), min_size=1, max_size=3)
SECRET = "FAKE/" + "s3" * 16 + '"+\n='


def masked(masker: Masker, chunks: list[bytes]) -> bytes:
    return b"".join([*map(masker.feed, chunks), masker.close()])


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(data) + 1) for place in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


@given(secrets, st.data())
def test_no_form_survives_any_chunking_and_chunking_makes_no_difference(
    values: list[str], data: st.DataObject
) -> None:
    forms = sorted(set().union(*map(forms_of, values)))
    pieces = data.draw(
        st.lists(st.sampled_from(forms) | st.text("ab/ \n", max_size=5).map(str.encode), max_size=8)
    )
    stream = b"".join(pieces)
    chunks = cut(stream, data.draw(st.lists(st.integers(0, 500), max_size=12)))
    shown = masked(Masker(map(Secret, values)), chunks)
    assert not any(form in shown for form in forms)
    assert shown == masked(Masker(map(Secret, values)), [stream])
    assert shown == masked(Masker(map(Secret, values)), [bytes([one]) for one in stream])


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_what_holds_no_secret_is_passed_on_unchanged(stream: bytes, cuts: list[int]) -> None:
    assert masked(Masker([Secret("FAKE-not-in-there")]), cut(stream, cuts)) == stream


@pytest.mark.parametrize(
    "printed",
    [
        SECRET,
        SECRET.replace("\n", "\r\n"),
        json.dumps({"a": SECRET})[7:-2],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        quote(SECRET, safe=""),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        repr(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_masks_the_ways_programs_print_it(printed: str) -> None:
    shown = masked(Masker([Secret(SECRET)]), [f"<{printed}>\n".encode()])
    assert shown == b"<" + MASK + b">\n"


@pytest.mark.parametrize("user", ["", "u", "us", "use"])
def test_masks_base64_of_a_pair_as_in_basic_authentication(user: str) -> None:
    header = base64.b64encode(f"{user}:{SECRET}:{user}".encode())
    shown = masked(Masker([Secret(SECRET)]), [header])
    assert MASK in shown
    left = shown.replace(MASK, b"")
    assert len(left) < 16


def test_masks_a_private_key_line_by_line() -> None:
    line = "FAKE" + "Ab9/" * 15
    pem = f"-----BEGIN X-----\n{line}\n{line[::-1]}\n-----END X-----\n"
    log = "".join(f"12:00 {one}\n" for one in pem.splitlines())
    shown = masked(Masker([Secret(pem)]), [log.encode()])
    assert shown.count(MASK) == 2
    assert b"FAKE" not in shown


def test_a_prompt_is_shown_at_once_and_little_is_held_back() -> None:
    masker = Masker([Secret("FAKEsecret")])
    assert masker.feed(b"order> ") == b"order> "
    assert masker.feed(b"key FAKEse") == b"key "
    assert masker.feed(b"lf") == b"FAKEself"
    longest = max(map(len, forms_of("FAKEsecret")))
    given_out = sum(len(masker.feed(b"FAKEsecre" * 1000)) for _ in range(3))
    assert 27_000 - given_out < longest


def test_overlapping_secrets_are_one_mask() -> None:
    masker = Masker([Secret("abcdef"), Secret("defghi")])
    assert masked(masker, [b"xabcdefghix"]) == b"x" + MASK + b"x"
    assert masked(masker, [b"xabcdef", b"ghix"]) == b"x" + MASK + b"x"


def test_very_short_values_and_none_at_all_are_left() -> None:
    assert masked(Masker([Secret("ab")]), [b"cab"]) == b"cab"
    assert masked(Masker([]), [b"cab"]) == b"cab"
