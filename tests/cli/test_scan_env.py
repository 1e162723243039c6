"""`keyguard scan --env`: processes, dotfiles, settings of tools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from keyguard.core.errors import UsageError
from keyguard.scanner.engine import Engine
from keyguard.scanner.scans import gather
from keyguard.scanner.sources import Note, Piece, Unread
from keyguard.scanner.sources.env_places import HomeFiles, load
from keyguard.scanner.sources.processes import Processes
from tests.cli.test_scan import scan
from tests.unit.scanner.leaks import bybit, env, pem, token

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
SIZE = 10_000_000


def leak(number: int) -> tuple[str, str]:
    """Text, and the secret in it."""
    key, secret = bybit(500 + number)
    return env("bybit", key, secret), secret


def places(*words: str) -> dict[str, str]:
    """Secret -> path, of everything `--env` finds on this machine."""
    status, out, _ = scan("--env", "--format", "json", "--show-secrets", *words)
    findings = json.loads(out)["findings"]
    assert status == (1 if findings else status)
    return {f["parts"][0]["value"]: f["parts"][0]["place"]["path"] for f in findings}


@contextmanager
def process(*words: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    code = "import sys; print(flush=True); sys.stdin.read()"
    running = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
    finally:
        running.communicate()


def test_environments_and_arguments_of_processes() -> None:
    key, in_environment = bybit(501)
    other, in_arguments = bybit(502)
    words = (f"--bybit-api-key={other}", f"--bybit-api-secret={in_arguments}")
    variables = {"BYBIT_API_KEY": key, "BYBIT_API_SECRET": in_environment, "LONG": "a\nb"}
    with process(*words, **variables) as running:
        found = places()
    who = f"process {running.pid} ("
    assert found[in_environment].startswith(who)
    assert found[in_environment].endswith(") environment BYBIT_API_SECRET")
    assert found[in_arguments].startswith(who)
    assert found[in_arguments].endswith(") argument 4")


def test_a_place_in_a_variable_counts_from_its_entry(tmp_path: Path) -> None:
    key, secret = bybit(503)
    proc = fake_proc(tmp_path, f"A=1\0BYBIT_API_KEY={key}\0BYBIT_API_SECRET={secret}\0")
    processes = Processes(proc)
    (finding,) = gather(Engine(), processes.pieces(SIZE)).findings
    place = processes.place(finding.parts[0].place)
    assert place.path == "process 7 (bot) environment BYBIT_API_SECRET"
    assert (place.line, place.column) == (1, len("BYBIT_API_SECRET=") + 1)
    assert place.end - place.start == len(secret)


def fake_proc(tmp_path: Path, environ: str, uid: int | None = None) -> Path:
    folder = tmp_path / "proc" / "7"
    folder.mkdir(parents=True)
    owner = os.geteuid() if uid is None else uid
    (folder / "status").write_text(f"Name:\tbot\nUid:\t0\t{owner}\t0\t0\n")
    (folder / "comm").write_text("bot\n")
    (folder / "environ").write_text(environ)
    (folder / "cmdline").write_text("")
    return tmp_path / "proc"


def test_other_users_and_ended_processes_are_passed_over(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, "A=1\0", uid=os.geteuid() + 1)
    (proc / "8").mkdir()
    assert list(Processes(proc).pieces(SIZE)) == []
    (proc / "7" / "status").write_text(f"Uid:\t0\t{os.geteuid()}\t0\t0\n")
    (proc / "7" / "environ").unlink()
    assert list(Processes(proc).pieces(SIZE)) == []


def test_a_process_that_keeps_others_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyguard.scanner.sources import processes

    def refused(*_: Any) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(processes, "read_regular", refused)
    (note,) = Processes(fake_proc(tmp_path, "A=1\0")).pieces(SIZE)
    assert isinstance(note, Note)
    assert "process 7 (bot)" in note.text


def test_without_proc_this_commands_environment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = bybit(504)
    monkeypatch.setenv("BYBIT_API_KEY", key)
    monkeypatch.setenv("BYBIT_API_SECRET", secret)
    processes = Processes(tmp_path / "none")
    gathered = gather(Engine(), processes.pieces(SIZE))
    assert "no processes" in next(iter(gathered.notes))
    place = processes.place(gathered.findings[0].parts[0].place)
    assert place.path == "this command environment BYBIT_API_SECRET"


# Files

FILES = [
    *(".bash_history", ".zsh_history", ".local/share/fish/fish_history", ".python_history", ".psql_history"),
    *(".sqlite_history", ".bashrc", ".docker/config.json", ".kube/config", ".aws/credentials", ".npmrc"),
    *(".pypirc", ".netrc", "freqtrade/user_data/config.json", "hummingbot/conf/connectors/bybit.yml"),
    *(".config/ccxt/keys.json", "keys.local.json", ".upbit/config", ".korbit-cli/keys.json"),
    *(".config/Code/User/settings.json", ".config/Code/User/History/-1a2b/x1.env", ".env", "bot/.env.local"),
    *("notes/deep/er/.ipynb_checkpoints/trade-checkpoint.ipynb", ".config/gh/hosts.yml", ".git-credentials"),
    *(".config/gcloud/application_default_credentials.json", ".ssh/config", ".okx/config.toml"),
    *(
        ".bithumb/config.toml",
        ".config/coinone/credentials.json",
        ".config/kraken/config.toml",
        ".claude.json",
    ),
]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "user"


def write(home: Path, name: str, text: str) -> Path:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_every_promised_file(home: Path) -> None:
    expected = {}
    for number, name in enumerate(FILES):
        text, secret = leak(20 + number)
        write(home, name, text)
        expected[secret] = f"~/{name}"
    found = places()
    assert {secret: found.get(secret) for secret in expected} == expected


def test_files_that_environment_variables_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, first), (two, second) = leak(1), leak(2)
    paths = [write(tmp_path, "k/one", one), write(tmp_path, "k/two", two)]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, paths)))
    found = places()
    assert (found[first], found[second]) == (str(paths[0]), str(paths[1]))


def test_ssh_keys_with_a_passphrase_are_where_they_belong(home: Path) -> None:
    open_key, closed = pem(40), pem(41, "ENCRYPTED PRIVATE KEY", "MIIFHDBOBgkqhkiG9w0BBQ0")
    write(home, ".ssh/id_open", open_key)
    write(home, ".ssh/id_closed", closed)
    found = set(places().values())
    assert "~/.ssh/id_open" in found
    assert "~/.ssh/id_closed" not in found
    write(home, "Downloads/id_closed.pem", closed)
    assert "~/Downloads/id_closed.pem" in set(places().values())


def test_keyguards_own_home_is_left_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, secret = leak(1)
    write(home, ".secrets/vault", text)
    assert secret in places()
    monkeypatch.setenv("KEYGUARD_HOME", str(home / ".secrets"))
    assert secret not in places()


def of(home: Path) -> list[Piece | Unread | Note]:
    return list(HomeFiles(home, home / "own", {}).pieces(load(), SIZE))


def test_a_linked_dotfile_is_read_once_and_odd_things_are_said(home: Path) -> None:
    write(home, "dotfiles/bashrc", "x=1\n")
    (home / ".bashrc").symlink_to("dotfiles/bashrc")
    (home / ".profile").symlink_to("dotfiles/bashrc")
    (home / ".zshrc").symlink_to(".zshrc")
    (home / ".netrc").symlink_to("/dev/zero")
    (home / ".npmrc").symlink_to("nowhere")
    os.mkfifo(home / ".pypirc")
    (home / ".kube").write_text("a file where a folder is expected")
    (home / "loop").mkdir()
    (home / "loop" / "again").symlink_to(home)
    supplies = of(home)
    assert [s.path for s in supplies if isinstance(s, Piece)] == ["~/.bashrc"]
    assert [s.path for s in supplies if isinstance(s, Unread)] == ["~/.zshrc"]


def test_the_list_says_why(home: Path) -> None:
    for place in load():
        assert place.title
        assert place.why
        assert place.paths or place.variable
        for path in place.paths:
            assert not path.startswith(("/", "~"))
            assert ".." not in path


def test_env_takes_no_path() -> None:
    with pytest.raises(UsageError):
        scan("--env", ".")


def test_values_of_processes_are_redacted() -> None:
    secret = token(600, 36)
    with process(BYBIT_API_SECRET=secret, BYBIT_API_KEY=token(601, 18)):
        _, out, err = scan("--env")
    assert secret[3:-3] not in out + err
    assert "environment BYBIT_API_SECRET" in out
