"""One collector for all rule files: their examples, and what must be true of every rule."""

from __future__ import annotations

import re
import re._constants as sre
import re._parser as sre_parser
import tomllib
from typing import Any

import pytest

from keyguard.scanner.engine import Engine
from keyguard.scanner.examples import failures
from keyguard.scanner.rulebook import BUNDLED, Rule, load

BOOK = load()
RULES = [pytest.param(rule, id=rule.id) for rule in BOOK.rules]
each_rule = pytest.mark.parametrize("rule", RULES)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(BOOK)


@each_rule
def test_examples(engine: Engine, rule: Rule) -> None:
    assert list(failures(engine, rule)) == []


@each_rule
def test_a_wrong_example_would_fail(engine: Engine, rule: Rule) -> None:
    """The examples can fail: without its rule, no found example is found by that rule."""
    rest = Engine(BOOK.without(frozenset({rule.id})))
    assert len(list(failures(rest, rule))) == len(rule.found)


@each_rule
def test_enough_examples_and_reasons(rule: Rule) -> None:
    assert len(rule.found) >= 2
    assert len(rule.ignored) >= 2
    assert all(example.because for example in rule.ignored)
    assert len({example.secret for example in rule.found}) == len(rule.found)
    assert rule.why
    assert rule.references


@each_rule
def test_every_positive_holds_an_anchor(rule: Rule) -> None:
    for example in rule.found:
        where = (example.text + "\n" + example.path).lower().encode()
        assert any(anchor in where for anchor in rule.anchors)


def test_ids_are_unique_and_name_their_file() -> None:
    ids = [rule.id for rule in BOOK.rules]
    assert len(set(ids)) == len(ids)
    for path in BUNDLED.glob("*.toml"):
        for entry in tomllib.loads(path.read_text("utf-8")).get("rule", []):
            assert entry["id"].startswith(f"{path.stem}.")


@each_rule
def test_no_other_venue_claims_its_positives(engine: Engine, rule: Rule) -> None:
    for example in rule.found:
        for finding in engine.scan(example.text.encode(), example.path):
            for part in finding.parts:
                if BOOK.rule(part.rule).last:
                    continue  # takes what is left over: a key without its secret's own rule, say
                assert part.rule.split(".")[0] == rule.id.split(".")[0]


@each_rule
def test_its_pattern_cannot_run_away(rule: Rule) -> None:
    """Repetitions are bounded, no repetition of two or more repeats inside a repetition, and what one
    attempt may consume stays below `longest`."""
    tree = sre_parser.parse(rule.expression)
    _check_repeats(tree, inside=False)
    assert tree.getwidth()[1] <= rule.longest


def _check_repeats(tree: Any, *, inside: bool) -> None:
    for operation, argument in tree:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, body = argument
            assert high != sre.MAXREPEAT
            variable = high > 1 and low != high
            assert not (inside and variable), "a repetition inside a repetition"
            _check_repeats(body, inside=inside or high > 1)
        elif operation is sre.SUBPATTERN:
            _check_repeats(argument[3], inside=inside)
        elif operation is sre.BRANCH:
            for branch in argument[1]:
                _check_repeats(branch, inside=inside)
        elif operation in (sre.ASSERT, sre.ASSERT_NOT):
            _check_repeats(argument[1], inside=inside)


HOSTILE = {
    "names": "bybit_secret upbit_secret deribit_secret " * 5_000,
    "claimed file": "import pybit\nimport pyupbit\nimport deribit\n" + "secret: key: " * 10_000,
    "open armour": ("-----BEGIN RSA PRIVATE " + "KEY-----\nMII") * 5_000,
    "endless armour": ("-----BEGIN PRIVATE " + "KEY-----\nMII") + "A1b2" * 50_000,
    "operators": "from pybit\n" + "secret" + "\"' = :" * 30_000,
    "spaces": "from pybit\n" + ("secret" + " " * 40) * 5_000,
    "one word": "from pybit\n" + "Ab1" * 70_000,
    "sparse names": ("bybit" + "." * 200) * 1_000,
    "far words": ("bybit" + "." * 3_000) * 60,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_costs_a_bounded_number_of_runs(name: str) -> None:
    data = HOSTILE[name].encode()
    engine = Engine(BOOK)
    engine.scan(data, "hostile")
    longest = max(rule.longest for rule in BOOK.rules)
    assert engine.work.runs <= sum(_most_runs(rule, len(data)) for rule in BOOK.rules)
    assert engine.work.run_bytes <= len(BOOK.rules) * len(data) + engine.work.runs * (longest + 1)


def _most_runs(rule: Rule, size: int) -> int:
    if rule.reach:
        return size // (2 * rule.reach) + 1
    return sum(size // len(anchor) + 1 for anchor in rule.anchors)


def test_ordinary_content_runs_no_pattern() -> None:
    engine = Engine(BOOK)
    engine.scan(b"def value(name):\n    return 'x' * 36\n" * 1000, "plain.py")
    assert engine.work.runs == 0


def test_rule_files_are_no_leak_themselves(engine: Engine) -> None:
    for path in BUNDLED.glob("*.toml"):
        assert engine.scan(path.read_bytes(), path.name) == ()


def test_patterns_compile_and_capture() -> None:
    for rule in BOOK.rules:
        assert "secret" in re.compile(rule.expression).groupindex
