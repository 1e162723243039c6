"""`make bench-tui`: the bars of the terminal UI, in tables for docs/benchmarks.md.

BENCH_ARGS: --only paint,rest,traffic,flicker,memory; --keys N, --records N, --repeats N, --seconds N (a place
is watched), --minutes N (of traffic for the memory), --trace (what Python holds too; three times as long).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.tui import keys, memory, painting
from tests.bench.tui.first_paint import first_paint
from tests.bench.tui.homes import crowded, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keyguard.home import Home

PER_S = 20
FEW_KEYS = 20
AS_LONG_AS_IT_TAKES_S = 3600


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--keys", type=int, default=5_000)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--trace", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = crowded(Path(folder) / "many", args.keys, args.records)
        for part in args.only.split(","):
            _say(f"\n{part}: load {os.getloadavg()[0]:.1f}, a million additions {_yardstick():.0f} ms\n\n")
            PARTS[part](home, args)


def _paint(home: Home, args: argparse.Namespace) -> None:
    first_paint(home.path)  # whatever is compiled the first time
    _table({"first paint": [first_paint(home.path) for _ in range(2 * args.repeats)]})


def _rest(home: Home, args: argparse.Namespace) -> None:
    _presses(asyncio.run(keys.at_rest(home, args.repeats)))


def _traffic(home: Home, args: argparse.Namespace) -> None:
    writer = writing(home, PER_S, AS_LONG_AS_IT_TAKES_S)
    try:
        _presses(asyncio.run(keys.under_traffic(home, args.repeats)))
    finally:
        writer.terminate()
        writer.wait()


def _flicker(home: Home, args: argparse.Namespace) -> None:
    writer = writing(home, PER_S, AS_LONG_AS_IT_TAKES_S)
    try:
        found = asyncio.run(painting.watched(home, args.seconds))
    finally:
        writer.terminate()
        writer.wait()
    _rows(
        (
            "place",
            "events",
            "pictures",
            "paints",
            "whole screens",
            "rows",
            "rows in vain",
            "cells",
            "cells in vain",
        ),
        (
            (
                one.place,
                round(one.seconds * PER_S),
                one.pictures,
                (painted := one.painted).updates,
                painted.whole,
                painted.rows,
                painted.vain_rows,
                painted.cells,
                painted.cells - painted.changed,
            )
            for one in found
        ),
    )


def _memory(_: Home, args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        few = crowded(Path(folder) / "few", FEW_KEYS, args.records)
        _rows(("minute", "resident MiB", "Python MiB"), ())
        asyncio.run(memory.hour(few, args.minutes, _tell_kept, trace=args.trace))


def _tell_kept(kept: memory.Kept) -> None:
    _row((kept.minute, f"{kept.resident:.1f}", f"{kept.traced:.1f}"))


PARTS: dict[str, Callable[[Home, argparse.Namespace], None]] = {
    "paint": _paint,
    "rest": _rest,
    "traffic": _traffic,
    "flicker": _flicker,
    "memory": _memory,
}


def _presses(times: keys.Times) -> None:
    """A table; what starts with "…" is no press: it goes on while keys are answered."""
    every = [one for what, found in times.items() if not what.startswith("…") for one in found]
    _table({**times, "all presses": every})


def _table(times: keys.Times) -> None:
    def row(what: str, found: list[keys.Timed]) -> tuple[object, ...]:
        walls, processors = [one.wall for one in found], [one.processor for one in found]
        figures = (statistics.median(walls), _p95(walls), max(walls), statistics.median(processors))
        return (what, len(found), *(f"{figure:.0f}" for figure in (*figures, _p95(processors))))

    heads = ("what", "n", "p50 ms", "p95 ms", "worst ms", "p50 cpu ms", "p95 cpu ms")
    _rows(heads, (row(what, found) for what, found in times.items()))


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    for cells in (heads, ("---",) * len(heads), *rows):
        _row(cells)


def _row(cells: tuple[object, ...]) -> None:
    _say(f"| {' | '.join(map(str, cells))} |\n")


def _p95(found: list[float]) -> float:
    return sorted(found)[max(-(-len(found) * 95 // 100) - 1, 0)]


def _yardstick() -> float:
    """How fast this machine is at this moment: the same work took 25 ms where nothing else ran."""
    begin, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - begin) * 1000


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
