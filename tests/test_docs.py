"""What the documents say is what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keyguard.cli.catalogue import COMMANDS, resolve
from keyguard.core import errors
from keyguard.scanner import rulebook

ROOT = Path(__file__).parents[1]
COMMANDS_PAGE = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("adapters/**/*.md"),
]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    assert f"keyguard {name}" in COMMANDS_PAGE


def test_no_other_command_is_documented() -> None:
    named = set(re.findall(r"`keyguard ([a-z-]+(?: [a-z]+)?)", COMMANDS_PAGE))
    words = set(COMMANDS) | {name.split()[0] for name in COMMANDS}
    assert {name for name in named if name not in words and name.split()[0] not in words} == set()


def test_every_exit_status_is_documented() -> None:
    statuses = {
        error.exit_status
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.KeyguardError)
    }
    for status in statuses | {0, 1, 130}:
        assert f"\n| {status} | " in COMMANDS_PAGE


def test_every_rule_says_why_and_where_from() -> None:
    for rule in rulebook.load().rules:
        assert rule.why
        assert rule.references


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_readme_names_only_make_targets_and_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.MULTILINE)) <= targets
    for line in re.findall(r"^keyguard ([a-z]+(?: [a-z]+){0,2}) .*#", readme, re.MULTILINE):
        assert resolve(line.split())[0] in COMMANDS, line
