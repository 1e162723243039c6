from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.escape import escape


@given(st.text(st.characters()))
def test_nothing_invisible_or_steering_is_left_and_twice_is_once(text: str) -> None:
    shown = escape(text)
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for one in shown)
    assert shown.splitlines() in ([shown], [])
    assert escape(shown) == shown


@given(
    st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0x2FF) | st.sampled_from(" 업비트你好"))
)
def test_ordinary_text_stays(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b2J", "\\x9b2J"),
        ("a\r\nb\tc\0", "a\\r\\nb\\tc\\x00"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\u3164\u2800\ufe0f", "\\u3164\\u2800\\ufe0f"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u00a0b", "a\\xa0b"),
        ("\udcff", "\\udcff"),
    ],
)
def test_writes_it_out(text: str, shown: str) -> None:
    assert escape(text) == shown
