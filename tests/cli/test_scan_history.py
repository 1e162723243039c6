"""`keyguard scan --history` wherever git may keep a secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.test_scan import found, scan, secrets
from tests.unit.scanner.gitrepo import GitRepo
from tests.unit.scanner.leaks import bybit, env

BYBIT = env("bybit", *bybit())


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepo:
    repo = GitRepo(tmp_path / "work")
    monkeypatch.chdir(repo.path)
    return repo


def leak(number: int) -> tuple[str, str]:
    """Text, and the secret in it."""
    key, secret = bybit(300 + number)
    return env("bybit", key, secret), secret


def test_a_finding_says_who_when_and_whether_head_still_has_it(repo: GitRepo) -> None:
    text, gone = leak(1)
    repo.write("gone.env", text)
    repo.git("add", "-A")
    repo.git(
        *("commit", "-q", "-m", "one"),
        GIT_AUTHOR_NAME="Kim \x1b[31m 민준",
        GIT_AUTHOR_DATE="2025-02-03T04:05:06+0900",
    )
    (repo.path / "gone.env").unlink()
    text, stays = leak(2)
    repo.write("stays.env", text)
    repo.commit("two")
    by_secret = {f["parts"][0]["value"]: f for f in found("--history")}
    place = by_secret[gone]["parts"][0]["place"]
    assert place["author"] == "Kim \x1b[31m 민준"
    assert place["date"] == "2025-02-02T19:05:06Z"
    assert by_secret[gone]["in_head"] is False
    assert by_secret[stays]["in_head"] is True
    _, out, _ = scan("--history")
    assert "\x1b" not in out
    assert "2025-02-02T19:05:06Z" in out
    assert "in HEAD      no longer" in out
    sarif = json.loads(scan("--history", "--format", "sarif")[1])
    told = [result["properties"]["keyguard"] for result in sarif["runs"][0]["results"]]
    assert {t["in_head"] for t in told} == {True, False}
    assert "2025-02-02T19:05:06Z" in {t["date"] for t in told}
    repo.write("copy/of.env", BYBIT + leak(1)[0])
    repo.commit("back again, in another file")
    by_secret = {f["parts"][0]["value"]: f for f in found("--history")}
    assert by_secret[gone]["in_head"] is True


def test_a_message_is_in_head_if_its_commit_is(repo: GitRepo) -> None:
    repo.commit("base")
    repo.commit("oops\n\n" + leak(1)[0])
    (finding,) = found("--history")
    assert finding["in_head"] is True
    repo.git("reset", "-q", "--hard", "HEAD~1")
    (finding,) = found("--history")
    assert finding["in_head"] is False


def test_heads_that_are_no_refs_and_heads_of_linked_work_trees(repo: GitRepo, tmp_path: Path) -> None:
    repo.git("config", "core.logAllRefUpdates", "false")
    repo.commit("base")
    expected = []
    linked = tmp_path / "linked"
    repo.git("worktree", "add", "-q", "--detach", str(linked))

    def lost(number: int, where: Path) -> str:
        text, secret = leak(number)
        expected.append(secret)
        (where / "x.env").write_text(text)
        repo.git("-C", str(where), "add", "-A")
        repo.git("-C", str(where), "commit", "-q", "--allow-empty", "-m", "x")
        commit = repo.git("-C", str(where), "rev-parse", "HEAD")
        return commit

    (repo.path / ".git/MERGE_HEAD").write_text(lost(1, repo.path) + "\n")
    repo.git("update-ref", "HEAD", "HEAD~1")
    (repo.path / ".git/worktrees/linked/ORIG_HEAD").write_text(lost(2, linked) + "\n")
    repo.git("-C", str(linked), "update-ref", "HEAD", "HEAD~1")
    lost(3, linked)  # its own HEAD
    text, secret = leak(4)
    expected.append(secret)
    (linked / "staged.env").write_text(text)
    repo.git("-C", str(linked), "add", "-A")  # its own index
    repo.git("read-tree", "HEAD")  # keeps MERGE_HEAD, which `reset` would not
    assert secrets(found("--history")) == sorted(expected)
    assert secrets(found("--history", str(linked))) == sorted(expected)


def test_unreachable_objects_when_asked_for(repo: GitRepo) -> None:
    repo.git("config", "core.logAllRefUpdates", "false")
    repo.commit("base")
    text, in_commit = leak(1)
    repo.write("deep/lost.env", text)
    lost = repo.commit("lost")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    (repo.path / ".git/ORIG_HEAD").unlink()
    text, loose = leak(2)
    repo.git("hash-object", "-w", "--stdin", data=text.encode())
    assert found("--history") == []
    by_secret = {f["parts"][0]["value"]: f["parts"][0]["place"] for f in found("--history", "--unreachable")}
    assert set(by_secret) == {in_commit, loose}
    assert (by_secret[in_commit]["path"], by_secret[in_commit]["commit"]) == ("deep/lost.env", lost)
    assert by_secret[loose]["path"] == by_secret[loose]["blob"]


def test_unreachable_reads_each_object_once(repo: GitRepo) -> None:
    for number in range(5):
        repo.write("moving", f"{number}\n")
        repo.commit(f"commit {number}")
    plain = json.loads(scan("--history", "--format", "json")[1])["summary"]["contents"]
    more = json.loads(scan("--history", "--unreachable", "--format", "json")[1])["summary"]["contents"]
    assert plain == more


def test_a_broken_ref_does_not_hide_the_rest(repo: GitRepo) -> None:
    text, secret = leak(1)
    repo.write("a.env", text)
    repo.commit("one")
    (repo.path / ".git/refs/heads/broken").write_text("1" * 40 + "\n")
    status, out, err = scan("--history", "--show-secrets")
    assert status == 1
    assert secret in out
    assert "not read: (history)" in err


@pytest.mark.parametrize("hiding", ["replace", "graft", "commit-graph"])
def test_what_git_can_be_told_to_pass_over_is_read(repo: GitRepo, hiding: str) -> None:
    first = repo.commit("base")
    text, secret = leak(1)
    repo.write("a.env", text)
    repo.commit("guilty")
    (repo.path / "a.env").unlink()
    last = repo.commit("clean")
    for head in ("logs", "ORIG_HEAD"):
        repo.git("config", "core.logAllRefUpdates", "false")
        path = repo.path / ".git" / head
        if path.is_dir():
            for log in sorted(path.rglob("*")):
                if log.is_file():
                    log.unlink()
    if hiding == "replace":
        blob = repo.git("rev-parse", "HEAD~1:a.env")
        repo.git("replace", blob, repo.git("hash-object", "-w", "--stdin", data=b"clean\n"))
    elif hiding == "graft":
        (repo.path / ".git/info").mkdir(exist_ok=True)
        (repo.path / ".git/info/grafts").write_text(f"{last} {first}\n")
    else:
        repo.git("commit-graph", "write", "--reachable")
        graph = repo.path / ".git/objects/info/commit-graph"
        graph.chmod(0o600)
        graph.write_bytes(_forged(graph.read_bytes(), bytes.fromhex(last), bytes.fromhex(first)))
        assert repo.git("rev-list", "--count", "HEAD") == "2"  # git falls for it
    assert secrets(found("--history")) == [secret]


def _forged(graph: bytes, child: bytes, parent: bytes) -> bytes:
    """A commit graph in which a commit has another parent (gitformat-commit-graph, version 1)."""
    chunks = {}
    for number in range(graph[6]):
        at = 8 + 12 * number
        chunks[graph[at : at + 4]] = int.from_bytes(graph[at + 4 : at + 12])
    names = chunks[b"OIDL"]
    count = (chunks[b"CDAT"] - names) // 20
    position = {graph[names + 20 * n : names + 20 * n + 20]: n for n in range(count)}
    first_parent = chunks[b"CDAT"] + 36 * position[child] + 20
    return graph[:first_parent] + position[parent].to_bytes(4) + graph[first_parent + 4 :]


def test_objects_borrowed_from_another_repository(repo: GitRepo, tmp_path: Path) -> None:
    text, secret = leak(1)
    repo.write("a.env", text)
    repo.commit("one")
    clone = str(tmp_path / "clone")
    repo.git("clone", "-q", "--shared", str(repo.path), clone)
    assert secrets(found("--history", clone)) == [secret]


def test_text_git_keeps_beside_its_objects(repo: GitRepo) -> None:
    repo.commit("base")
    text, secret = leak(1)
    (repo.path / ".git/hooks").mkdir(exist_ok=True)
    (repo.path / ".git/hooks/deploy").write_text(text)
    (repo.path / ".git/hooks/pre-push").symlink_to("../../scripts/pre-push")
    (repo.path / ".git/hooks/pre-push.sample").write_text(leak(3)[0])
    text, in_log = leak(2)
    with (repo.path / ".git/logs/HEAD").open("a") as log:
        zero = "0" * 40
        log.write(f"{zero} {zero} T <t@example.test> 1700000000 +0000\tx: {' '.join(text.split())}\n")
    by_secret = {f["parts"][0]["value"]: f["parts"][0]["place"]["path"] for f in found("--history")}
    assert by_secret == {secret: ".git/hooks/deploy", in_log: ".git/logs/HEAD"}


def test_a_signed_tags_message_survives_in_the_merge(repo: GitRepo) -> None:
    base = repo.commit("base")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    text, secret = leak(1)
    tag = f"object {base}\ntype commit\ntag v1\ntagger T <t@x> 1700000000 +0000\n\nrelease\n{text}"
    folded = tag.replace("\n", "\n ").rstrip(" ")
    who = "T <t@x> 1700000000 +0000"
    commit = f"tree {tree}\nparent {base}\nauthor {who}\ncommitter {who}\nmergetag {folded}\nmerge\n"
    oid = repo.git("hash-object", "-t", "commit", "-w", "--stdin", data=commit.encode())
    repo.git("update-ref", "refs/heads/merged", oid)
    (finding,) = found("--history")
    place = finding["parts"][0]["place"]
    assert (finding["parts"][0]["value"], place["commit"], place["author"]) == (secret, oid, "T")


def test_unreachable_alone_is_wrong_use(repo: GitRepo) -> None:
    from keyguard.core.errors import UsageError

    with pytest.raises(UsageError):
        scan("--unreachable")


def test_a_large_object_is_said(repo: GitRepo) -> None:
    repo.write("large", os.urandom(20_000))
    repo.git("add", "-A")
    assert scan("--staged", "--max-size", "10k")[0] == 3
    repo.commit("large")
    text, secret = leak(1)
    repo.write("small.env", text)
    repo.commit("small")
    status, out, err = scan("--history", "--max-size", "10k", "--show-secrets")
    assert (status, secret in out) == (1, True)
    assert "larger than 10,000 bytes" in err


def test_staged_from_a_folder_below_the_top(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.write("sub/a.env", "x=1\n")
    repo.commit("one")
    repo.write("sub/a.env", "x=1\n" + BYBIT)
    repo.git("add", "-A")
    monkeypatch.chdir(repo.path / "sub")
    (finding,) = found("--staged")
    assert finding["parts"][0]["place"]["path"] == "sub/a.env"
