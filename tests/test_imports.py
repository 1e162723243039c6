"""Start-up stays light: which modules a real command loads. A count fails alike on every machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "alembic", "asyncio", "cryptography", "httpx", "keyring", "sqlalchemy", "starlette", "uvicorn", "yaml",
    "importlib.metadata", "pybit", "rfc8785", "secretstorage",
}  # fmt: skip

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
    [("--help",), ("key", "--help"), ("scan", "--help"), ("scan", "--staged"), ("key", "rotate", "--help")],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(words: tuple[str, ...], tmp_path: str) -> None:
    modules = {name.split(".")[0] for name in loaded(*words, cwd=str(tmp_path))} | loaded(*words)
    assert not modules & HEAVY
