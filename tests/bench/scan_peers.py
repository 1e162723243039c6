"""`make bench-scan`: keyguard beside other scanners on the same content, in turns, in one run.

Everything is generated, so nothing has to be downloaded but the other scanners (requirements/peers.txt,
installed by the Makefile into a folder of their own). Sizes: --tree-mb, --text-mb, --history-mb. Memory is
the peak of the sum over all processes of a command, sampled twenty times a second from /proc.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.__main__ import _machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORDS = (
    "account amount api balance bid book cancel client config connection def else error exchange fill for "
    "from import key limit logger market message name None order path position price quantity raise request "
    "response return secret self session side signature size status str symbol time token trade value "
    "password auth url"
).split()
_RARE = "binance bybit coinbase kraken okx upbit github aws".split()
_LINES = 20_000
_SAMPLE_S = 0.05
_MIB = 1 << 20
_DONE = (0, 1, 3, 200, 205)  # those above 0 are how scanners say that they found something


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds by the clock and of all processors, and peak memory in MiB of one command."""

    seconds: float
    cpu: float
    mib: float


@dataclass(frozen=True, slots=True)
class Job:
    """One row: what every scanner is asked to do, and which exit statuses mean that it did."""

    name: str
    commands: dict[str, Sequence[str]]
    folder: Path


def main() -> None:
    """Build, measure in turns, print a table."""
    args = _arguments()
    peers = Path(args.peers)
    with tempfile.TemporaryDirectory(prefix="keyguard-bench-") as folder:
        root = Path(folder)
        jobs = list(_jobs(root, peers, args))
        rows = [_row(job, args.rounds) for job in jobs]
    told = ", ".join(
        f"{name} {_version(peers, name)}" for name in ("kingfisher-bin", "detect-secrets", "credsweeper")
    )
    lines = [f"{time.strftime('%Y-%m-%d')}, {_machine()}; keyguard {version('keyguard')}, {told}:", ""]
    lines += [
        "| what | scanner | median s | × kingfisher | CPU s | peak MiB, all processes |",
        "|---|---|---|---|---|---|",
    ]
    sys.stdout.write("\n".join([*lines, *(line for row in rows for line in row)]) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", help="virtual environment with the other scanners")
    parser.add_argument("--tree-mb", type=int, default=100)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--text-mb", type=int, default=1_074)
    parser.add_argument("--history-mb", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", action="store_true", help="also the scanners that take minutes")
    return parser.parse_args()


def _jobs(root: Path, peers: Path, args: argparse.Namespace) -> Iterable[Job]:
    lines = _lines()
    tree = root / "tree"
    _fill(tree, lines, args.tree_mb * 1_000_000, args.files)
    _git(tree, "init", "-q")
    yield Job(f"tree, {args.tree_mb} MB, {args.files} files", _commands(peers, tree, slow=args.slow), tree)
    text = root / "text"
    _fill(text, lines, args.text_mb * 1_000_000, max(1, args.text_mb // 8))
    yield Job(f"mixed text, {args.text_mb} MB", _commands(peers, text, slow=False), text)
    past = root / "history"
    _history(past, lines, args.history_mb * 1_000_000)
    kingfisher = [str(peers / "bin/kingfisher"), "scan", "--no-validate", "--no-update-check", str(past)]
    ours = [sys.executable, "-m", "keyguard", "--home", str(root / "home"), "scan", str(past), "--history"]
    _run(ours, past)  # so that there is something to remember
    yield Job(
        f"history, {args.history_mb} MB of blobs",
        {"keyguard": [*ours, "--fresh"], "keyguard, again": ours, "kingfisher": kingfisher},
        past,
    )
    staged = root / "staged"
    staged.mkdir()
    _git(staged, "init", "-q")
    (staged / "bot.py").write_text("\n".join(lines[:200]))
    _git(staged, "add", "-A")
    python, git = [sys.executable, "-c", "pass"], ["git", "diff", "--cached"]
    hook = [str(peers / "bin/detect-secrets-hook"), "bot.py"]
    ours = [sys.executable, "-m", "keyguard", "scan", "--staged"]
    yield Job(
        "pre-commit, 200 lines",
        {"keyguard": ours, "detect-secrets": hook, "python -c pass": python, "git diff --cached": git},
        staged,
    )


def _commands(peers: Path, folder: Path, *, slow: bool) -> dict[str, Sequence[str]]:
    binary = peers / "bin"
    commands: dict[str, Sequence[str]] = {
        "keyguard": [sys.executable, "-m", "keyguard", "scan", str(folder)],
        "kingfisher": [str(binary / "kingfisher"), "scan", "--no-validate", "--no-update-check", str(folder)],
    }
    if slow:
        commands["detect-secrets"] = [str(binary / "detect-secrets"), "scan", "--all-files", str(folder)]
        commands["credsweeper"] = [str(binary / "credsweeper"), "--path", str(folder), "--no-stdout"]
    return commands


def _row(job: Job, rounds: int) -> list[str]:
    runs: dict[str, list[Run]] = {name: [] for name in job.commands}
    for _ in range(rounds):
        for name, command in job.commands.items():
            runs[name].append(_run(command, job.folder))
    medians = {name: statistics.median(run.seconds for run in made) for name, made in runs.items()}
    against = medians.get("kingfisher")
    return [
        f"| {job.name} | {name} | {medians[name]:.3f} | "
        f"{f'{medians[name] / against:.2f}' if against else '–'} | "
        f"{statistics.median(run.cpu for run in made):.2f} | {max(run.mib for run in made):.0f} |"
        for name, made in runs.items()
    ]


def _run(command: Sequence[str], folder: Path) -> Run:
    begun, spent = time.perf_counter(), _cpu()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    memory = _Memory(process.pid)
    memory.start()
    _, complaint = process.communicate()
    seconds = time.perf_counter() - begun
    memory.stop()
    if process.returncode not in _DONE:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {complaint.decode()[-300:]}")
    return Run(seconds, _cpu() - spent, memory.peak / _MIB)


def _cpu() -> float:
    """Of all processes that have ended. A machine with other work delays the clock, not this."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Memory(threading.Thread):
    """The largest sum of proportional sets (shared pages count once) of a process and all below it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            self.peak = max(self.peak, sum(map(_proportional, _family(self._pid))))

    def stop(self) -> None:
        self._over.set()
        self.join()


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(below for child in children for below in _family(int(child)))]


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _lines() -> list[str]:
    source = random.Random(5)
    lines = []
    for _ in range(_LINES):
        words = source.choices(_WORDS, k=source.randint(2, 7))
        if source.random() < 0.01:
            words.append(source.choice(_RARE))
        if source.random() < 0.01:
            words.append(f"{source.getrandbits(160):040x}")
        lines.append("    " * source.randint(0, 3) + f"{words[0]}_{words[1]} = " + " ".join(words[1:]))
    return lines


def _fill(folder: Path, lines: list[str], size: int, files: int) -> None:
    source = random.Random(6)
    for number in range(files):
        file = folder / f"part_{number % 40}" / f"module_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_text(source, lines, size // files))


def _text(source: random.Random, lines: list[str], size: int) -> str:
    made: list[str] = []
    length = 0
    while length < size:
        at = source.randrange(len(lines) - 50)
        made += lines[at : at + 50]
        length += sum(map(len, made[-50:])) + 50
    return "\n".join(made)


def _history(folder: Path, lines: list[str], size: int) -> None:
    source = random.Random(7)
    folder.mkdir()
    _git(folder, "init", "-q")
    made = 0
    while made < size:
        for _ in range(40):
            file = folder / f"module_{source.randrange(400)}.py"
            file.write_text(_text(source, lines, 40_000))
            made += file.stat().st_size
        _git(folder, "add", "-A")
        _git(folder, "commit", "-q", "-m", f"{made} bytes")
    _git(folder, "gc", "-q")


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=bench", "-c", "user.email=bench@desk.test"]
    subprocess.run(["git", *who, "-C", str(folder), *words], check=True, capture_output=True)


def _version(peers: Path, name: str) -> str:
    shown = subprocess.run(
        [str(peers / "bin/python"), "-c", f"import importlib.metadata as m; print(m.version({name!r}))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.strip()


if __name__ == "__main__":
    main()
