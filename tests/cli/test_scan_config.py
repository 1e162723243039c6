"""A project's own rules, and the gitleaks configuration it has already."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from keyguard.core.errors import UsageError
from keyguard.scanner.gitleaks_pattern import translated
from tests.cli.test_scan import here, repo, scan  # noqa: F401 - fixtures
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env, token

OWN = """
[[rule]]
id = "desk.session"
title = "Desk session token"
anchors = ["dsk_"]
pattern = '(?P<secret>dsk_[A-Za-z0-9]{24})'
min_entropy = 3.0
"""
SESSION = "dsk_" + token(50, 24)


def found(*words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(scan(*words, "--format", "json", "--show-secrets")[1])
    return document


# Own rules


def test_a_rule_of_the_project(repo: GitRepo) -> None:  # noqa: F811
    repo.write("a.txt", f"token: {SESSION}\n")
    assert found()["findings"] == []
    repo.write(".keyguard.toml", OWN)
    (finding,) = found()["findings"]
    assert (finding["rule"], finding["title"]) == ("desk.session", "Desk session token")
    assert finding["parts"][0]["value"] == SESSION
    assert scan("--format", "sarif")[0] == 1


def test_a_rule_for_a_venue_pairs_with_the_venues_own(repo: GitRepo) -> None:  # noqa: F811
    rule = OWN.replace('id = "desk.session"', 'id = "desk.session"\nvenue = "bybit"')
    repo.write(".keyguard.toml", rule)
    repo.write("a.env", f"BYBIT_API_KEY={bybit()[0]}\nTOKEN={SESSION}\n")
    (finding,) = found()["findings"]
    assert [part["field"] for part in finding["parts"]] == ["secret", "key"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OWN.replace("dsk_[A-Za-z0-9]{24}", "("), ":2: "),
        ("\n\n" + OWN.replace("{24}", "+"), ":4: the pattern has no end"),
        (OWN.replace("{24}", "{1,20}){1,20}(?:a{1,9}b{1,9}){1,9}("), "too many ways"),
        (OWN + OWN, ":9: there is a rule 'desk.session' already"),
        (OWN.replace("?P<secret>", ""), "no group named secret"),
        (OWN.replace("title", "titel"), "unknown name 'titel'"),
        (OWN.replace('["dsk_"]', "[]"), "anchors"),
        (OWN.replace('id = "desk.session"', 'id = "desk.session"\nvenue = "nowhere"'), "no venue 'nowhere'"),
        (OWN.replace("pattern", "severity = 'odd'\npattern"), "odd"),
        (OWN.replace("dsk_[A-Za-z0-9]{24}", "a" * 5000), "longer than"),
        ("rule = 3\n", "cannot be used"),
    ],
)
def test_a_wrong_rule_is_named_by_file_and_line(repo: GitRepo, text: str, told: str) -> None:  # noqa: F811
    repo.write(".keyguard.toml", text)
    with pytest.raises(UsageError) as error:
        scan()
    assert told in error.value.message
    assert ".keyguard.toml" in error.value.message


# gitleaks


GITLEAKS = r"""
title = "ours"
[extend]
useDefault = true
[[rules]]
id = "desk-token"
description = "Desk token"
regex = '''(?i)desk[\w.-]{0,20}[\s'"]*(?:=|:)[\s'"]{0,5}(dsk_[[:alnum:]]{24})(?:['"\s]|$)'''
secretGroup = 1
entropy = 3.0
keywords = ["desk"]
  [[rules.allowlists]]
  paths = ['''(^|/)fixtures/''']
[[rules]]
id = "unicode"
regex = '''\p{Greek}+'''
keywords = ["x"]
[[rules]]
id = "by-path"
path = '''\.pem$'''
[allowlist]
description = "known test values"
paths = ['''docs/.*\.md$''', '''\p{L}''']
regexes = ['''^tQ7v''']
stopwords = ["zzztop"]
"""


def test_rules_and_allow_lists_are_taken_over(repo: GitRepo) -> None:  # noqa: F811
    repo.write("a.env", f'DESK_TOKEN = "{SESSION}"\n')
    repo.write("fixtures/b.env", f'DESK_TOKEN = "dsk_{token(51, 24)}"\n')
    repo.write("docs/x/y.md", env("bybit", *bybit(5)))
    repo.write("stop.env", env("bybit", bybit(6)[0], "zzzTOP" + token(6, 30)))
    assert len(found()["findings"]) == 2
    repo.write(".gitleaks.toml", GITLEAKS)
    document = found()
    (finding,) = document["findings"]
    assert (finding["rule"], finding["parts"][0]["value"]) == ("gitleaks.desk-token", SESSION)
    assert sorted((a["path"], a["reason"]) for a in document["allowed"]) == [
        ("docs/x/y.md", "known test values"),
        ("fixtures/b.env", ""),
        ("stop.env", "known test values"),
    ]
    notes = "\n".join(document["notes"])
    assert ".gitleaks.toml is honoured: 1 allow lists, 1 of 3 rules" in notes
    assert r"not taken over: rule 'unicode': \p has no counterpart" in notes
    assert "not taken over: rule 'by-path': it has no regex" in notes
    assert "not taken over: paths" in notes


def test_commits_conditions_and_lines(repo: GitRepo) -> None:  # noqa: F811
    repo.write("a.env", env("bybit", *bybit(1)))
    commit = repo.commit("one")
    repo.write("b.env", env("bybit", *bybit(2)).replace("\n", " # test only\n"))
    repo.commit("two")
    repo.write(
        ".gitleaks.toml",
        f"[[allowlists]]\ncommits = ['{commit}']\n"
        "[[allowlists]]\ncondition = 'AND'\nregexTarget = 'line'\nregexes = ['test only']\n"
        "paths = ['b.env']\n",
    )
    document = found("--history")
    assert document["findings"] == []
    assert [a["by"] for a in document["allowed"]] == [".gitleaks.toml"] * 2
    assert [f["parts"][0]["place"]["path"] for f in found()["findings"]] == ["a.env"]


def test_gitleaksignore(repo: GitRepo) -> None:  # noqa: F811
    repo.write("a.env", env("bybit", *bybit(1)))
    repo.write("b.env", env("bybit", *bybit(2)))
    repo.write(".gitleaksignore", "# known\na.env:generic-api-key:2\nnonsense\n")
    document = found()
    assert [f["parts"][0]["place"]["path"] for f in document["findings"]] == ["b.env"]
    assert document["allowed"][0]["by"] == ".gitleaksignore"
    assert any("1 lines of another form" in note for note in document["notes"])


def test_a_hostile_gitleaks_file_is_refused_or_said(repo: GitRepo) -> None:  # noqa: F811
    repo.write("a.env", env("bybit", *bybit(1)))
    repo.write(".gitleaks.toml", "[[rules]]\nid='r'\nregex='((a+)+)+b'\nkeywords=['aa']\n")
    assert any("too many ways" in note or "no end" in note for note in found()["notes"])
    repo.write(".gitleaks.toml", "x = [")
    with pytest.raises(UsageError, match="cannot be used"):
        scan()


@pytest.mark.parametrize(
    ("go", "texts", "not_texts"),
    [
        (r"(?i)abc", ["ABC"], ["abd"]),
        (r"a(?i)bc", ["aBC"], ["ABC"]),
        (r"(a(?i)b)c", ["aBc"], ["aBC"]),
        (r"[[:xdigit:]]{4}\z", ["09aF"], ["09ag"]),
        (r"[^]a]", ["b"], ["]", "a"]),
        (r"\x{41}b", ["Ab"], ["ab"]),
        (r"a+b*", ["aaab"], ["b"]),
        (r"(?-i:A)b{2,}", ["Abbb"], ["Ab"]),
        (r"(?P<n>a)|(?<m>b)", ["a", "b"], ["c"]),
    ],
)
def test_gos_patterns_mean_the_same(go: str, texts: list[str], not_texts: list[str]) -> None:
    pattern = re.compile(translated(go))
    assert all(pattern.fullmatch(text) for text in texts)
    assert not any(pattern.fullmatch(text) for text in not_texts)
