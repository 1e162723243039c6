"""`make bench-scan`: keyguard beside other scanners on the same content, in turns, in one run.

What is scanned is said in `content.py`; nothing has to be downloaded but the other scanners
(requirements/peers.txt, installed by the Makefile into a folder of their own). Sizes: --tree-mb, --text-mb,
--history-mb. Memory is the peak of the sum over all processes of a command, sampled twenty times a second
from /proc.
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
from tests.bench.content import Mixed, changed, dense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
    home = root / "home"
    tree = root / "tree"
    _fill(tree, Mixed(6).text, args.tree_mb * 1_000_000, args.files)
    _git(tree, "init", "-q")
    yield Job(f"tree, {args.tree_mb} MB, {args.files} files", _commands(peers, tree, home, args), tree)
    worst = root / "worst"
    source = dense(6)
    _fill(worst, lambda size: (".py", source(size)), args.tree_mb * 1_000_000, args.files)
    yield Job(f"worst case, {args.tree_mb} MB", _commands(peers, worst, home, args), worst)
    text = root / "text"
    _fill(text, Mixed(7).text, args.text_mb * 1_000_000, max(1, args.text_mb // 8))
    yield Job(f"mixed text, {args.text_mb} MB", _commands(peers, text, home, args), text)
    past = root / "history"
    _history(past, args.history_mb * 1_000_000)
    kingfisher = [str(peers / "bin/kingfisher"), "scan", "--no-validate", "--no-update-check", str(past)]
    ours = [sys.executable, "-m", "keyguard", "--home", str(home), "scan", str(past), "--history"]
    _run(ours, past)  # so that there is something to remember
    floor = ["git", "-C", str(past), "cat-file", "--batch", "--batch-all-objects", "--unordered"]
    yield Job(
        f"history, {args.history_mb} MB of blobs",
        {
            "keyguard": [*ours, "--fresh"],
            "keyguard, again": ours,
            "kingfisher": kingfisher,
            "git cat-file alone": floor,
        },
        past,
    )
    staged = root / "staged"
    staged.mkdir()
    _git(staged, "init", "-q")
    (staged / "README.md").write_text("one\n")
    _git(staged, "add", "-A")
    _git(staged, "commit", "-q", "-m", "one")
    (staged / "bot.py").write_text(_python_lines(200))
    _git(staged, "add", "-A")
    python, git = [sys.executable, "-c", "pass"], ["git", "diff", "--cached"]
    hook = [str(peers / "bin/detect-secrets-hook"), "bot.py"]
    ours = [sys.executable, "-m", "keyguard", "scan", "--staged"]
    yield Job(
        "pre-commit, 200 lines",
        {"keyguard": ours, "detect-secrets": hook, "python -c pass": python, "git diff --cached": git},
        staged,
    )


def _commands(peers: Path, folder: Path, home: Path, args: argparse.Namespace) -> dict[str, Sequence[str]]:
    binary = peers / "bin"
    commands: dict[str, Sequence[str]] = {
        "keyguard": [sys.executable, "-m", "keyguard", "--home", str(home), "scan", str(folder)],
        "kingfisher": [str(binary / "kingfisher"), "scan", "--no-validate", "--no-update-check", str(folder)],
    }
    if args.slow:
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


def _python_lines(count: int) -> str:
    return "\n".join(Path(argparse.__file__).read_text("utf-8").splitlines()[300 : 300 + count])


def _fill(folder: Path, text: Callable[[int], tuple[str, bytes]], size: int, files: int) -> None:
    for number in range(files):
        suffix, data = text(size // files)
        file = folder / f"part_{number % 40}" / f"module_{number}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _history(folder: Path, size: int) -> None:
    """Commits that each change forty of four hundred files a little, until all blobs have that size."""
    source, mixed = random.Random(7), Mixed(8)
    _fill(folder, mixed.text, 400 * 40_000, 400)
    _git(folder, "init", "-q")
    files = sorted(folder.rglob("module_*"))
    made = 400 * 40_000
    while made < size:
        for file in source.choices(files, k=40):
            file.write_bytes(changed(file.read_bytes(), source, mixed.like(file.suffix)))
            made += file.stat().st_size
        _git(folder, "add", "-A")
        _git(folder, "commit", "-q", "-m", f"{made} bytes")
    _git(folder, "gc", "-q")


def _git(folder: Path, *words: str) -> None:
    # Nothing in the background that the gc at the end would meet.
    who = ["-c", "user.name=bench", "-c", "user.email=bench@desk.test", "-c", "gc.auto=0"]
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
