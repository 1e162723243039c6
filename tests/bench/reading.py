"""Reading copies of 1,000 keys: time, size, same bytes; and what LibreOffice makes of the tables.

python -m tests.bench.reading [--keys 1000] [--keep DIR]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keyguard.reading import copies
from keyguard.reading.gate import Guarded, check
from tests.reading.contents import with_keys

BAR_S = 15.0


def main() -> None:
    """Print the figures; exit 1 where one misses its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    made = with_keys(asked.keys)
    made.derived["register"][0]["purpose"] = "=1+1"
    start = time.perf_counter()
    found = copies.render(made)
    rendered = time.perf_counter() - start
    same = copies.render(made) == found
    start = time.perf_counter()
    hits = check(found, Guarded())
    gate = time.perf_counter() - start
    formulas = _formulas(found)
    told = [
        f"{asked.keys:,} keys: all copies {rendered:.1f} s (bar {BAR_S:.0f}), gate {gate:.1f} s",
        *(f"  {name}: {len(data):,} bytes" for name, data in found.items()),
        f"same bytes again: {same}",
        f"peak of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB",
        f"formulas after conversion by LibreOffice: {'not installed' if formulas is None else formulas}",
    ]
    sys.stdout.write("\n".join(told) + "\n")
    if asked.keep:
        for name, data in found.items():
            (asked.keep / Path(name).name).write_bytes(data)
    raise SystemExit(rendered > BAR_S or not same or bool(hits) or bool(formulas))


def _formulas(found: dict[str, bytes]) -> int | None:
    """How many cells LibreOffice takes for a formula in the CSV and the workbook; None without it."""
    if shutil.which("soffice") is None:
        return None
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in (copies.CSV, copies.XLSX):
            path = Path(folder) / Path(name).name
            path.write_bytes(found[name])
            profile = f"-env:UserInstallation=file://{folder}/profile"
            command = [
                "soffice",
                profile,
                "--headless",
                "--convert-to",
                "fods",
                "--outdir",
                folder,
                str(path),
            ]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            count += path.with_suffix(".fods").read_text().count("table:formula")
            path.with_suffix(".fods").unlink()
    return count


if __name__ == "__main__":
    main()
