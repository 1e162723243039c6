"""`kill -9` while references are put into files: each file is the old one or the new one, whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.unit.intake.made import KEY, OTHER_KEY, OTHER_SECRET, SECRET

ROOT = Path(__file__).parents[2]

SCRIPT = """
import os, signal, sys
from pathlib import Path
from keyguard.intake import detect, references, replace

folder, at = Path(sys.argv[1]), int(sys.argv[2])
count = 0

def fatal(name):
    real = getattr(os, name)
    def call(*args, **kwargs):
        global count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    setattr(os, name, call)

_, candidates = detect.read_all([folder / "a.env", folder / "b.env"], lambda *_: (), folder)
wanted = [
    (place, references.make(one.venue, "mm", "bot", place.field))
    for one in candidates
    for place in one.places
]
rewrites = replace.prepare(wanted)
for name in ("open", "fsync", "fchmod", "rename", "unlink", "close"):
    fatal(name)
replace.write(rewrites)
print(count)
"""


def die(folder: Path, at: int) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'adapters'}"}
    command = [sys.executable, "-c", SCRIPT, str(folder), str(at)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )


def lay_out(folder: Path) -> dict[str, str]:
    folder.mkdir()
    files = {
        "a.env": f"# a\nBYBIT_API_KEY={KEY}\nBYBIT_API_SECRET={SECRET}\n",
        "b.env": f"UPBIT_ACCESS_KEY={OTHER_KEY}\nUPBIT_SECRET_KEY={OTHER_SECRET}\nX=1",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o640)
    return files


def test_every_file_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    old = lay_out(tmp_path / "whole")
    done = die(tmp_path / "whole", 0)
    assert done.returncode == 0, done.stderr
    new = {name: (tmp_path / "whole" / name).read_text() for name in old}
    assert all("FAKE" not in content for content in new.values())
    calls = int(done.stdout)
    assert calls > 15
    for at in range(1, calls + 1, 2):
        folder = tmp_path / f"killed-{at}"
        lay_out(folder)
        assert die(folder, at).returncode == -signal.SIGKILL
        for name, content in old.items():
            assert (folder / name).read_text() in (content, new[name])
            assert (folder / name).stat().st_mode & 0o777 == 0o640
        left = {path for path in folder.iterdir() if path.name not in old}
        assert all("FAKE" not in path.read_text() for path in left), "no copy of a secret"
        assert die(folder, 0).returncode == 0, "the same again finishes it"
        assert {name: (folder / name).read_text() for name in old} == new
