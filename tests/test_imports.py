"""Start-up stays light: which modules a real command loads. A count fails alike on every machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keyguard.cli import parsing
from keyguard.cli.catalogue import resolve
from keyguard.cli.frame import load
from keyguard.cli.ready import READY

HEAVY = {
    "alembic", "asyncio", "cryptography", "httpx", "keyring", "sqlalchemy", "starlette", "uvicorn", "yaml",
    "importlib.metadata", "pybit", "rfc8785", "secretstorage", "textual",
}  # fmt: skip

LATER = {
    "argparse", "ast", "ctypes", "dataclasses", "difflib", "hashlib", "hyperscan", "inspect", "shutil",
    "tempfile", "tomllib", "traceback", "zlib", "keyguard.scanner.reports.json_report",
    "base64", "keyguard.scanner.candidates", "keyguard.scanner.decode.encoded", "keyguard.scanner.validators",
}  # fmt: skip
"""Needed for other commands, for mistakes, or once something was found, or a literal of a rule."""
MOST = 118

SHOW = (
    "import sys, io\n"
    "before = set(sys.modules)\n"
    "from keyguard.cli.main import main\n"
    "sys.stdout, real = io.StringIO(), sys.stdout\n"
    "try: main(sys.argv[1:])\n"
    "except SystemExit: pass\n"
    "sys.stdout = real\n"
    "print('\\n'.join(sorted(set(sys.modules) - before)))\n"
)


def loaded(*words: str, cwd: str | None = None) -> set[str]:
    """Modules a command loads beyond a bare interpreter."""
    command = [sys.executable, "-c", SHOW, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd)
    return set(done.stdout.split())


def test_version_loads_only_its_own_two_modules() -> None:
    assert {name for name in loaded("--version") if name != "io"} == {
        "keyguard",
        "keyguard.cli",
        "keyguard.cli.main",
    }


def test_a_bot_that_imports_the_client_loads_the_standard_library_and_no_event_loop() -> None:
    show = "import sys, keyguard.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    modules = set(done.stdout.split())
    assert not modules & (HEAVY | {"platformdirs", "argparse", "logging", "tomllib", "pydantic"})
    own = {name for name in modules if name.startswith("keyguard")}
    assert not {name for name in own if name.split(".")[1:2] not in ([], ["client"], ["rpc"], ["core"])}


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("key", "--help"),
        ("scan", "--help"),
        ("scan", "--staged"),
        ("key", "rotate", "--help"),
        ("tui", "--help"),
    ],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(words: tuple[str, ...], tmp_path: str) -> None:
    modules = {name.split(".")[0] for name in loaded(*words, cwd=str(tmp_path))} | loaded(*words)
    assert not modules & HEAVY
    assert not {name for name in modules if name.startswith("keyguard_adapters.")}


def test_a_commit_hook_loads_little(tmp_path: str) -> None:
    """Every module is a tenth of a millisecond or more before a commit; what is added here needs a reason."""
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for name in ("a.py", "b.py"):
        (Path(tmp_path) / name).write_text("print('hello')\n")
    subprocess.run([*git, "add", "-A"], check=True)
    modules = loaded("scan", "--staged", cwd=str(tmp_path))
    assert "keyguard.scanner.engine" in modules
    assert not modules & LATER
    assert len(modules) <= MOST


@pytest.mark.parametrize("words", READY, ids=" ".join)
def test_words_that_are_known_mean_what_the_parser_says(words: tuple[str, ...]) -> None:
    name, rest = resolve(list(words))
    assert vars(parsing.parser(name, load(name)).parse_args(rest)) == READY[words]
