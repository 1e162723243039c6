from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import termios
import textwrap
import time
from pathlib import Path

import pytest

from keyguard import processes
from keyguard.cli import child
from keyguard.cli.environment import Environment
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret

SECRET = "FAKE" + "s" * 32
ROOT = Path(__file__).parents[3]


def environment(*secrets: str, **variables: str) -> Environment:
    own = {"PATH": os.environ["PATH"], **variables}
    return Environment(own, tuple(map(Secret, secrets)))


def run(capfd: pytest.CaptureFixture[str], *command: str, mask: bool = True) -> tuple[int, str, str]:
    launch = child.prepare(command, environment(SECRET, S=SECRET))
    code = child.spawn(launch, lambda pid, started: None, mask=mask)
    said = capfd.readouterr()
    return code, said.out, said.err


def test_output_is_masked_on_both_streams_and_the_status_is_passed_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capfd, "sh", "-c", 'echo "a $S b"; printf "%s" "$S" >&2; exit 7')
    assert (code, out, err) == (7, "a [keyguard:masked] b\n", "[keyguard:masked]")


def test_no_mask_hands_our_own_output_on(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "sh", "-c", 'echo "$S"', mask=False) == (0, f"{SECRET}\n", "")


def test_a_beginning_of_the_secret_at_the_end_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "printf", SECRET[:20])[1] == SECRET[:20]


def test_much_output_passes(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; printf y")
    assert (code, len(out), out[-1]) == (0, 3_000_001, "y")


def test_the_status_of_a_signal(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(capfd, "sh", "-c", "kill -KILL $$")[0] == 128 + 9


def test_what_runs_on_in_the_background_is_not_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "sh", "-c", "sleep 60 & echo $!")
    os.kill(int(out), signal.SIGKILL)
    assert code == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ((), "run.no_command"),
        (("",), "run.no_command"),
        (("keyguard-no-such-command",), "run.not_found"),
        (("/nowhere/at/all",), "run.not_found"),
        (("plain",), "run.not_executable"),
        (("./plain",), "run.not_executable"),
        (("echo", f"--secret={SECRET}"), "run.secret_in_arguments"),
    ],
)
def test_what_cannot_run_is_refused_beforehand(
    command: tuple[str, ...], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").write_text("no program")
    variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with pytest.raises(UsageError) as caught:
        child.prepare(command, Environment(variables, (Secret(SECRET),)))
    assert (caught.value.code, caught.value.exit_status) == (code, 2)
    assert "FAKE" not in repr(caught.value.__dict__)


def test_a_file_that_is_no_program_is_a_clear_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    launch = child.prepare([str(broken)], environment(SECRET, S=SECRET))
    started: list[int] = []
    with pytest.raises(UsageError, match="cannot be started"):
        child.spawn(launch, lambda pid, _: started.append(pid))
    assert started == []


def test_the_environment_is_exactly_what_was_built(capfd: pytest.CaptureFixture[str]) -> None:
    launch = child.prepare(["env"], environment(A="1"))
    assert child.spawn(launch, lambda pid, started: None) == 0
    assert sorted(capfd.readouterr().out.splitlines()) == ["A=1", f"PATH={os.environ['PATH']}"]


def test_no_process_has_the_secret_in_its_arguments_and_the_child_alone_in_its_environment() -> None:
    seen: list[tuple[bytes, bytes, bytes]] = []

    def look(pid: int, started: str) -> None:
        own, theirs = Path("/proc/self"), Path(f"/proc/{pid}")
        # For a moment after exec the kernel shows neither arguments nor environment.
        while not ((theirs / "cmdline").read_bytes() and (theirs / "environ").read_bytes()):
            pass
        seen.append(
            (
                (theirs / "cmdline").read_bytes(),
                (theirs / "environ").read_bytes(),
                (own / "environ").read_bytes(),
            )
        )
        os.kill(pid, signal.SIGKILL)

    child.spawn(child.prepare(["sleep", "60"], environment(SECRET, S=SECRET)), look, mask=False)
    ((arguments, environ, ours),) = seen
    assert arguments == b"sleep\x0060\0"
    assert SECRET.encode() in environ
    assert SECRET.encode() not in ours


def test_if_the_lease_cannot_be_noted_the_process_is_ended() -> None:
    pids: list[int] = []

    def fail(pid: int, started: str) -> None:
        pids.append(pid)
        assert processes.process_alive(pid, started)
        raise UsageError("the database is full", code="x")

    with pytest.raises(UsageError, match="full"):
        child.spawn(child.prepare(["sleep", "60"], environment(SECRET)), fail)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_handlers_and_files_are_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    def state() -> tuple[object, ...]:
        return (
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGCHLD),
            len(os.listdir("/proc/self/fd")),
        )

    before = state()
    run(capfd, "true")
    with pytest.raises(UsageError):
        child.spawn(
            child.prepare(["true"], environment(SECRET)), lambda *_: child.prepare([], environment()) and None
        )
    assert state() == before


def test_start_times_tell_processes_apart() -> None:
    own = processes.start_time(os.getpid())
    assert own.isdigit()
    assert processes.process_alive(os.getpid(), own)
    assert not processes.process_alive(os.getpid(), str(int(own) + 1))
    assert not processes.process_alive(os.getpid(), "")
    with subprocess.Popen(["sleep", "60"]) as other:
        started = processes.start_time(other.pid)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert not processes.process_alive(other.pid, started)  # a zombie is no live process
    assert processes.start_time(other.pid) == ""


def test_the_name_of_a_process_cannot_confuse_its_start_time(tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 2 (b"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "60"]) as other:
        started = processes.start_time(other.pid)
        other.kill()
    assert abs(int(started) - int(processes.start_time(os.getpid()))) < 100 * 3600


def test_without_proc_the_start_time_comes_from_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    started = processes.start_time(os.getpid())
    assert started
    assert processes.process_alive(os.getpid(), started)
    assert processes.start_time(2**22 - 1) == ""


# --- signals and terminals need a parent of their own ---------------------------------------------

PARENT = """
    import os, sys
    from keyguard.cli import child
    from keyguard.cli.environment import Environment
    from keyguard.core.secret import Secret
    secret = "FAKE" + "s" * 32
    launch = child.prepare(sys.argv[1:], Environment(dict(os.environ, S=secret), (Secret(secret),)))
    sys.exit(child.spawn(launch, lambda pid, started: None))
"""


def parent(*command: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(PARENT), *command]


def trapping(*signals: str) -> str:
    traps = "; ".join(f"trap 'echo {name}; exit 3' {name}" for name in signals)
    return f"{traps}; echo ready; while :; do sleep 0.05; done"


def test_stopping_stops_both_and_going_on_reaches_both() -> None:
    """Under a shell of their own: a group without one cannot be stopped by this signal."""
    with subprocess.Popen(
        ["sh", "-c", '"$@" & wait; wait', "sh", *parent("sh", "-c", trapping("CONT"))],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        process_group=0,
    ) as shell:
        try:
            assert shell.stdout
            assert shell.stdout.readline() == b"ready\n"
            keyguard = int(Path(f"/proc/{shell.pid}/task/{shell.pid}/children").read_text())
            os.kill(keyguard, signal.SIGTSTP)
            wait_for_state(keyguard, "T")
            (other,) = map(int, Path(f"/proc/{keyguard}/task/{keyguard}/children").read_text().split())
            wait_for_state(other, "T")
            os.kill(keyguard, signal.SIGCONT)
            assert shell.stdout.read() == b"CONT\n"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)


def wait_for_state(pid: int, state: str) -> None:
    until = time.monotonic() + 10
    while processes.stat_fields(pid)[0] != state:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "CONT"])
def test_signals_reach_the_child(name: str) -> None:
    with subprocess.Popen(
        parent("sh", "-c", trapping(name)), stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(getattr(signal, f"SIG{name}"))
        assert running.stdout.read() == f"{name}\n".encode()
    assert running.returncode == 3


def test_a_child_that_ends_by_the_signal() -> None:
    with subprocess.Popen(
        parent("sh", "-c", "echo ready; exec sleep 60"), stdout=subprocess.PIPE, cwd=ROOT
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        running.terminate()
    assert running.returncode == 128 + 15


def test_a_reader_that_goes_away_is_felt_by_the_child() -> None:
    with subprocess.Popen(parent("yes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.read(10)
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == 128 + 13


def at_terminal(*command: str, keys: bytes = b"", resize: tuple[int, int] | None = None) -> tuple[int, bytes]:
    """Run the parent on a terminal of its own of 33 x 99; press keys or resize it once it said ready."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        termios.tcsetwinsize(0, (33, 99))
        os.execv(sys.executable, parent(*command))
    seen = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            chunk = b""
        if not chunk:
            break
        seen += chunk
        if keys and b"ready" in seen:
            os.write(terminal, keys)
            keys = b""
        if resize and b"ready" in seen:
            termios.tcsetwinsize(terminal, resize)
            resize = None
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


def test_on_a_terminal_the_child_has_one_of_the_same_size() -> None:
    script = 'test -t 1 && test -t 2 && stty size <&1; echo "$S" >&2; printf "x\\n"'
    assert at_terminal("sh", "-c", script) == (0, b"33 99\r\n[keyguard:masked]\r\nx\r\n")


COUNTING = """
    import signal
    interrupt = {signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, interrupt)  # fetched one by one, so that two do not become one
    print("ready", flush=True)
    signal.sigwaitinfo(interrupt)
    print("again" if signal.sigtimedwait(interrupt, 0.3) else "once")
"""


def test_the_interrupt_key_reaches_the_child_once() -> None:
    code, seen = at_terminal(sys.executable, "-c", textwrap.dedent(COUNTING), keys=b"\x03")
    assert code == 0
    assert b"once\r\n" in seen


def test_a_resized_terminal_is_resized_for_the_child() -> None:
    script = "trap 'stty size <&1; exit' WINCH; echo ready; while :; do sleep 0.05; done"
    code, seen = at_terminal("sh", "-c", script, resize=(44, 111))
    assert code == 0
    assert b"44 111" in seen


def test_the_child_reads_our_terminal() -> None:
    code, seen = at_terminal("sh", "-c", "echo ready; read line; echo got-$line", keys=b"hello\n")
    assert code == 0
    assert b"got-hello" in seen
