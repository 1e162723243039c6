from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.core.errors import UsageError
from keyguard.intake import json_tree, yaml_tree
from keyguard.intake.tree import Mapping, Scalar, Sequence, Tree
from tests.unit.intake.made import SECRET, text

values = st.recursive(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    | st.integers()
    | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcé\n", max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def plain(tree: Tree | None) -> Any:
    if isinstance(tree, Scalar):
        return tree.value if tree.is_text else json.loads(tree.value)
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    assert isinstance(tree, Mapping)
    return {name: plain(value) for name, value in tree.entries.items()}


def scalars(tree: Tree | None) -> list[Scalar]:
    if isinstance(tree, Scalar):
        return [tree]
    inner = tree.items if isinstance(tree, Sequence) else tree.entries.values() if tree else ()
    return [found for one in inner for found in scalars(one)]


@given(values, st.booleans(), st.sampled_from([None, 0, 2]))
def test_json_is_read_as_json_reads_it_and_positions_are_right(
    value: Any, ascii_: bool, indent: int | None
) -> None:
    source = text(json.dumps(value, ensure_ascii=ascii_, indent=indent))
    tree = json_tree.parse(source)
    assert plain(tree) == value
    for one in scalars(tree):
        written = source.text[one.start : one.end]
        assert json.loads(f'"{written}"' if one.is_text else written) == json.loads(
            json.dumps(one.value) if one.is_text else one.value
        )


def test_json_with_comments_and_trailing_commas() -> None:
    tree = json_tree.parse(text('// head\n{"a": ["b", /* c */ 1,],\n "d": "//no",\n}\n'))
    assert plain(tree) == {"a": ["b", 1], "d": "//no"}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f'{{"a": "{SECRET}"', 1),
        (f'{{"a":\n "{SECRET}" "b"}}', 2),
        (f'{{"a": {SECRET}}}', 1),
        (f'{{"a": "{SECRET}",\n "a": 1}}', 2),
        (f'["{SECRET}\n"]', 1),
        ("[" * 5000, 1),
        ('{"a":' * 5000, 1),
        ("/*" * 50_000, 1),
        ("[]\n[]", 2),
        ("", 1),
    ],
)
def test_bad_json_is_refused_with_its_line(content: str, line: int) -> None:
    with pytest.raises(UsageError, match=rf"f\.json:{line}: ") as caught:
        json_tree.parse(text(content, "f.json"))
    assert SECRET not in repr(caught.value.__dict__)


def test_yaml_positions() -> None:
    source = text("# é\na: plain text # no\nb: 'single'\nc: \"dou\\x62le\"\nd: [1e5, '007']\ne:\nf: 0123\n")
    tree = yaml_tree.parse(source)
    assert isinstance(tree, Mapping)
    assert {name: one.value for name, one in tree.entries.items() if isinstance(one, Scalar)} == {
        "a": "plain text",
        "b": "single",
        "c": "double",
        "e": "",
        "f": "0123",
    }
    written = [source.text[one.start : one.end] for one in scalars(tree)]
    assert written == ["plain text", "single", "dou\\x62le", "1e5", "007", "", "0123"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: &x [1]\nb: *x\n", 1),
        ("a: &a [b,b]\n" + "".join(f"x{n}: &b{n} [*a,*a]\n" for n in range(20)), 1),
        ("a: 1\nb: !!python/object/apply:os.system ['true']\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("? [a]\n: b\n", 1),
        (f"a: 1\na: {SECRET}\n", 2),
        (f"a: 1\nb: '{SECRET}\n", 3),
        (f"a: b: {SECRET}\n", 1),
        ("[" * 3000, 1),
        (f"a: \x07{SECRET}", 1),
    ],
)
def test_bad_yaml_is_refused_with_its_line(content: str, line: int) -> None:
    with pytest.raises(UsageError, match=rf"f\.yml:{line}: ") as caught:
        yaml_tree.parse(text(content, "f.yml"))
    assert SECRET not in repr(caught.value.__dict__)
