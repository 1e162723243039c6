from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyguard.scanner.globs import Globs


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("tests", "tests/a.py", True),
        ("tests", "src/tests/a.py", True),
        ("tests", "mytests/a.py", False),
        ("tests/", "tests/a.py", True),
        ("/tests", "tests/a.py", True),
        ("src/tests", "src/tests/a.py", True),
        ("src/tests", "x/src/tests/a.py", False),
        ("*.env", "a/b/.env", True),
        ("*.env", "a/b/.envrc", False),
        ("docs/*.md", "docs/a.md", True),
        ("docs/*.md", "docs/a/b.md", False),
        ("docs/**/*.md", "docs/a/b.md", True),
        ("docs/**/*.md", "docs/b.md", True),
        ("docs/**", "docs/a/b", True),
        ("docs/**", "docs", False),
        ("**/x", "a/b/x", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("a.py", "axpy", False),
        ("a+(b)", "a+(b)", True),
        ("new\nline", "new\nline", True),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert Globs((pattern,)).match(path) is expected


def test_no_patterns_match_nothing() -> None:
    assert not Globs(())
    assert not Globs(()).match("a")


def test_a_hostile_pattern_is_compared_in_few_steps() -> None:
    """By backtracking, either would take longer than the universe has existed."""
    assert not Globs(("*a" * 200 + "b",)).match("a" * 2000)
    assert not Globs(("**/a/" * 200 + "b",)).match("/".join("a" * 500))


@given(st.text(alphabet="ab*?[]!/\\.-^", max_size=12), st.text(max_size=12))
def test_any_pattern_can_be_used(pattern: str, path: str) -> None:
    Globs((pattern,)).match(path)
