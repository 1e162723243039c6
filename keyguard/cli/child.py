"""Runs a command with secrets in its environment, and nowhere else.

`prepare` finds out whether the command can be started; the caller then writes the audit record; `spawn`
starts it. POSIX only. The environment of a process can be read by its user (/proc/<pid>/environ) and is
inherited by what it starts: a hand-out is a hand-out.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType

from keyguard.cli.environment import Environment
from keyguard.cli.masking import MIN_LENGTH, Masker
from keyguard.core.errors import UsageError
from keyguard.core.secret import Secret
from keyguard.processes import start_time

_CHUNK = 64 * 1024
_ROUNDS_AFTER_EXIT = 32  # at a chunk each: more than the largest pipe holds (1 MiB)

_FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
    signal.SIGCONT,
    signal.SIGTSTP,
)

_FROM_KEYBOARD = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGWINCH})
"""The terminal sends these to the whole foreground group, the child included."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A command that can be started: `program` is its file, `arguments` begin with the name as given."""

    program: str
    arguments: tuple[str, ...]
    environment: Environment
    handles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """Something to look at while the command runs, every `every_s` seconds, on the same thread.

    `look` is given a way to send the command a signal, and one to have more secrets masked.
    """

    every_s: float
    look: Callable[[Callable[[int], None], Callable[[tuple[Secret, ...]], None]], None]


def prepare(command: Sequence[str], environment: Environment, handles: tuple[int, ...] = ()) -> Launch:
    """Check the command before anything is handed out. It will inherit `handles` beside 0, 1 and 2.

    Raises UsageError where there is none, it is not found (on the PATH it will get), is not executable,
    or has one of the secrets among its arguments, where every user of the machine could read it.
    """
    if not command or not command[0]:
        raise UsageError(
            "there is no command to run", code="run.no_command", hint="put it after --: keyguard run K -- CMD"
        )
    for argument in command:
        if any(_holds(argument, secret) for secret in environment.secrets):
            raise UsageError(
                "an argument of the command holds one of the secrets it is given",
                code="run.secret_in_arguments",
                still="nothing was handed out",
                hint="arguments are visible to all users: let the command read its environment",
            )
    path = environment.variables.get("PATH", os.defpath)
    program = shutil.which(command[0], path=path)
    if program is None:
        present = shutil.which(command[0], os.F_OK, path=path) or Path(command[0]).exists()
        raise UsageError(
            f"the command {command[0]} " + ("is not executable" if present else "was not found"),
            code="run.not_executable" if present else "run.not_found",
            still="nothing was handed out",
            hint="chmod +x it, or name its interpreter" if present else "check its name and PATH",
        )
    return Launch(program, tuple(command), environment, handles)


def spawn(
    launch: Launch, started: Callable[[int, str], None], *, mask: bool = True, watch: Watch | None = None
) -> int:
    """Start the command, pass output and signals on, wait, and return its exit status (128+n for a signal).

    `started(pid, start time)` is called once it runs; if it raises, the command is ended and the error
    passed on. To be called from the main thread: only that one may handle signals.
    """
    secrets = launch.environment.secrets if mask else ()
    with _Signals() as signals, contextlib.ExitStack() as opened:
        relays, own = _relays(secrets, opened)
        child = _start(launch, own)
        for handle in set(own.values()):
            os.close(handle)
        try:
            started(child.pid, start_time(child.pid))
        except BaseException:
            _end(child)
            raise
        signals.forward_to(child, [relay.source for relay in relays if relay.terminal])
        _relay_until_exit(child, relays, signals, watch)
    code = child.returncode
    return 128 - code if code < 0 else code


def _holds(argument: str, secret: Secret) -> bool:
    return len(secret) >= MIN_LENGTH and secret.reveal() in argument


# --- output ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Relay:
    """One stream on its way from the child (`source`) through the mask to us (`target`)."""

    source: int
    target: int
    masker: Masker
    terminal: bool

    def close(self) -> None:
        """Stop listening; the child then learns that nobody reads, as it would have from our own output."""
        if self.source >= 0:
            os.close(self.source)
            self.source = -1

    def finish(self) -> None:
        """Pass on what the mask held back."""
        self._write(self.masker.close())

    def pass_on(self) -> bool:
        """Pass on what there is; False at the end of the stream, or where nobody listens any more."""
        try:
            chunk = os.read(self.source, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:  # Linux says EIO when the other side of a terminal is closed
            chunk = b""
        return bool(chunk) and self._write(self.masker.feed(chunk))

    def _write(self, data: bytes) -> bool:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self.target, view) :]
            except BlockingIOError:
                _wait_writable(self.target)
            except OSError:
                return False  # a closed pipe: the child will find out by our closing of its own
        return True


def _wait_writable(handle: int) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_WRITE)
        selector.select()


def _relays(secrets: tuple[Secret, ...], opened: contextlib.ExitStack) -> tuple[list[_Relay], dict[int, int]]:
    """The streams between the child and us, and which handle the child gets for which of 1 and 2.

    Nothing to mask: no streams, the child inherits ours. A terminal stays one for the child, so that
    colours and line-wise output survive; where both go to one terminal they share it, in order.
    """
    if not secrets:
        return [], {}
    relays: list[_Relay] = []
    own: dict[int, int] = {}
    for target in (1, 2):
        if target == 2 and own and _same_terminal():
            own[2] = own[1]
            continue
        terminal = os.isatty(target)
        source, own[target] = _terminal_like(target) if terminal else os.pipe()
        os.set_blocking(source, False)
        relay = _Relay(source, target, Masker(secrets), terminal)
        opened.callback(relay.close)
        relays.append(relay)
    return relays, own


def _same_terminal() -> bool:
    return os.isatty(1) and os.isatty(2) and os.path.samestat(os.fstat(1), os.fstat(2))


def _terminal_like(target: int) -> tuple[int, int]:
    """A pseudo-terminal of the same size. It leaves line ends alone: the real one translates them."""
    source, own = os.openpty()
    modes = termios.tcgetattr(own)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(own, termios.TCSANOW, modes)
    _copy_size(target, source)
    return source, own


def _copy_size(target: int, source: int) -> None:
    with contextlib.suppress(OSError, termios.error):
        termios.tcsetwinsize(source, termios.tcgetwinsize(target))


def _relay_until_exit(
    child: subprocess.Popen[bytes], relays: list[_Relay], signals: _Signals, watch: Watch | None
) -> None:
    def mask(secrets: tuple[Secret, ...]) -> None:
        for relay in relays:
            relay.masker.also(secrets)

    due = monotonic() + watch.every_s if watch else 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(signals.wakeup, selectors.EVENT_READ)
        for relay in relays:
            selector.register(relay.source, selectors.EVENT_READ, relay)
        while child.poll() is None:
            _pass_on(selector, signals, max(due - monotonic(), 0) if watch else None)
            if watch and monotonic() >= due:
                watch.look(child.send_signal, mask)
                due = monotonic() + watch.every_s
        # What the child wrote before it ended is there already. What it left running in the background
        # may hold the stream open, or write, for ever: that is not waited for.
        for _ in range(_ROUNDS_AFTER_EXIT):
            if not _pass_on(selector, signals, 0):
                break
    for relay in relays:
        relay.finish()


def _pass_on(selector: selectors.BaseSelector, signals: _Signals, timeout: float | None) -> bool:
    """Wait for output or a signal, pass on the output; whether there was any."""
    any_output = False
    for ready, _ in selector.select(timeout):
        relay = ready.data
        if relay is None:
            signals.drain()
            continue
        any_output = True
        if not relay.pass_on():
            selector.unregister(relay.source)
            relay.close()
    return any_output


# --- process and signals --------------------------------------------------------------------------


def _start(launch: Launch, own: dict[int, int]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            launch.arguments,
            executable=launch.program,
            env=dict(launch.environment.variables),
            stdout=own.get(1),
            stderr=own.get(2),
            pass_fds=launch.handles,
        )
    except (OSError, ValueError) as error:
        for handle in set(own.values()):
            os.close(handle)
        why = getattr(error, "strerror", None) or "a NUL character in an argument or variable"
        raise UsageError(
            f"the command {launch.arguments[0]} cannot be started ({why.lower()})",
            code="run.not_executable",
            still="the process did not get the keys",
            hint="name its interpreter, or check the file",
        ) from None


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


class _Signals:
    """Passes signals on to the child while it runs; restores everything afterwards.

    Child and parent share a process group, so that job control works as without keyguard. What the
    keyboard sends reaches both; what is sent to us alone is passed on.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._terminals: list[int] = []
        self._early: list[int] = []

    def __enter__(self) -> _Signals:
        self.wakeup, self._write_end = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(self._write_end, False)
        self._old_wakeup = signal.set_wakeup_fd(self._write_end, warn_on_full_buffer=False)
        # What we were told to ignore (nohup) stays ignored, here and in the child.
        self._old = {
            number: signal.signal(number, self._received)
            for number in _FORWARDED
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        self._old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._old_wakeup)
        os.close(self.wakeup)
        os.close(self._write_end)

    def forward_to(self, child: subprocess.Popen[bytes], terminals: list[int]) -> None:
        """From now on the child gets what we get, beginning with what came before it was there."""
        self._child, self._terminals = child, terminals
        early, self._early = self._early, []
        for number in early:
            child.send_signal(number)

    def drain(self) -> None:
        """Forget the numbers Python wrote to wake us; the handlers have done the work."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self.wakeup, 1024):
                pass

    def _received(self, number: int, _: FrameType | None) -> None:
        if self._child is None:
            self._early.append(number)
            return
        if number in (signal.SIGWINCH, signal.SIGCONT):
            for terminal in self._terminals:
                _copy_size(1 if os.isatty(1) else 2, terminal)
        if not (number in _FROM_KEYBOARD and _in_foreground()):
            self._child.send_signal(number)
        if number == signal.SIGTSTP:
            # As the signal would have done by itself: nothing where no shell could continue us.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            signal.signal(number, self._received)


def _in_foreground() -> bool:
    """Whether the terminal's keyboard sends its signals to our process group."""
    for handle in (0, 1, 2):
        with contextlib.suppress(OSError):
            return os.tcgetpgrp(handle) == os.getpgrp()
    return False
