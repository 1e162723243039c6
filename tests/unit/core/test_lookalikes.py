"""Names that a person may take for each other, and such as nobody does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.lookalikes import alike, skeletons
from keyguard.core.spelling import check_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mm", "MM"),
        ("mm", "ｍｍ"),
        ("mac", "\u043c\u0430\u0441"),  # all Cyrillic
        ("TOP", "\u0422\u041e\u0420"),
        ("top", "\u0422\u041e\u0420"),
        ("hop", "\u0570\u0585\u0440"),  # Armenian, Cyrillic
        ("ANNA", "\u0391\u039d\u039d\u0391"),  # Greek capitals
        ("bot1", "botl"),
        ("bot1", "botI"),
        ("Il", "ll"),
        ("desk0", "deskO"),
        ("corn", "com"),
        ("vveb", "web"),
        ("bot ", "bot"),
        ("a  b", "a b"),
        ("\u00e9", "e\u0301"),
        ("\u0451", "\u00eb"),  # Cyrillic io, e with diaeresis
    ],
)
def test_taken_for_each_other(one: str, other: str) -> None:
    assert alike(one, ["else", other]) == other
    assert alike(other, ["else", one]) == one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bot1", "bot2"),
        ("mm", "mn"),
        ("hana", "hanna"),
        ("a-b", "ab"),
        ("\u8cbf\u6613", "\u53d6\u5f15"),
        ("e", "\u00e9"),
    ],
)
def test_told_apart(one: str, other: str) -> None:
    assert alike(one, [other]) == ""


@given(st.text(max_size=20), st.text(max_size=20))
def test_it_goes_both_ways_and_everything_is_like_itself(one: str, other: str) -> None:
    assert bool(alike(one, [other])) == bool(alike(other, [one]))
    assert alike(one, [one]) == one
    assert skeletons(one) == skeletons(one)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz-", max_size=12))
def test_case_is_never_told_apart(name: str) -> None:
    assert alike(name, [name.upper()]) == name.upper()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "mm",
        "Hana Kim",
        "\uae40\ud558\ub098",
        "\u5c71\u7530 Taro",
        "\u041c\u0438\u0448\u0430",
        "desk-1 (spot)",
    ],
)
def test_names_that_people_have(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "m\u0430c",  # one Cyrillic letter
        "bot\u200b",
        "bot\u00ad",  # soft hyphen
        "bot\u202etxt",
        "\u2066bot",
        "bot\u034f",
        "bot\u3164",
        "bot\ufe0f",
        "bot\u00a0",
        "bot\U000e0041",  # a tag
        "\u13b7\u13b7",  # Cherokee, shaped like MM
        "\U0001d426\U0001d426",  # mathematical mm
        "\u2c98",  # Coptic
    ],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name:"):
        check_name(name)
