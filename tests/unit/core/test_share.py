"""The recovery share finds what is typed wrong, and says where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core import share
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
shares = st.binary(min_size=share.SHARE_BYTES, max_size=share.SHARE_BYTES)


def typed(groups: list[str]) -> Secret:
    return Secret(f"KGR1 {'-'.join(groups)}")


def groups_of(data: bytes) -> list[str]:
    return share.write(data).reveal().removeprefix("KGR1 ").split("-")


def refused(text: Secret) -> UsageError:
    with pytest.raises(UsageError) as caught:
        share.read(text)
    assert caught.value.code == "share.mistyped"
    for group in text.reveal().split("-")[1:]:
        assert group not in caught.value.message
    return caught.value


@given(shares)
def test_what_is_written_is_read(data: bytes) -> None:
    text = share.write(data).reveal()
    assert [len(group) for group in text.removeprefix("KGR1 ").split("-")] == [5] * 9
    assert share.read(Secret(text)) == data
    assert share.read(Secret(f"  {text.lower().replace('-', ' ')}\n")) == data
    assert share.read(Secret(text.replace("1", "l").replace("0", "o").replace("KGRl", "kgr1"))) == data


def test_it_stays_readable_for_ever() -> None:
    data = bytes(range(20))
    text = "KGR1 000GD-40R4C-0M307-E2095-185GD-R38EJ-1W818-24GK7-T5FGB"
    assert share.write(data).reveal() == text
    assert share.read(Secret(text)) == data
    assert share.key_of(data).reveal()[:16] == "2992517103bc6aa7"
    assert share.id_of(share.key_of(data)) == "318f8a0c"


@given(shares, st.integers(0, 8), st.integers(0, 4), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_named_by_its_group(data: bytes, group: int, at: int, char: str) -> None:
    groups = groups_of(data)
    if groups[group][at] == char:
        return
    groups[group] = groups[group][:at] + char + groups[group][at + 1 :]
    assert f"group {group + 1} " in refused(typed(groups)).message


@given(shares, st.integers(0, 8), st.integers(0, 3))
def test_exchanged_neighbours_are_named_by_their_group(data: bytes, group: int, at: int) -> None:
    groups = groups_of(data)
    text = groups[group]
    groups[group] = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if groups[group] != text:
        assert f"group {group + 1} " in refused(typed(groups)).message


@given(shares, st.integers(0, 7))
def test_exchanged_groups_are_found(data: bytes, at: int) -> None:
    groups = groups_of(data)
    groups[at], groups[at + 1] = groups[at + 1], groups[at]
    refused(typed(groups))


@given(shares, shares)
def test_groups_of_two_shares_do_not_belong_together(one: bytes, other: bytes) -> None:
    mixed = groups_of(one)[:4] + groups_of(other)[4:]
    if mixed != groups_of(other):
        assert "do not belong together" in refused(typed(mixed)).message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "begins with KGR1"),
        ("FAKE passphrase", "begins with KGR1"),
        ("KGR1", "has 9 groups, 0 were typed"),
        ("KGR1 000", "group 1 "),
        ("KGR1 !!!!!", "group 1 "),
    ],
)
def test_what_is_no_share_is_refused(text: str, says: str) -> None:
    assert says in refused(Secret(text)).message
    assert share.looks_like_one(Secret(text)) == text.startswith("KGR1")


def test_groups_missing_or_too_many_are_counted() -> None:
    groups = groups_of(bytes(20))
    assert "8 were typed" in refused(typed(groups[:8])).message
    assert "10 were typed" in refused(typed([*groups, "AAAAA"])).message
    with pytest.raises(ValueError, match="20 bytes"):
        share.write(bytes(19))
