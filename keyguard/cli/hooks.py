"""Git hooks that scan: written, found again and taken away, next to whatever other hooks there are.

A hook of ours carries a mark with a checksum of itself. Only a file whose mark and checksum are right is
ever replaced or removed; anything else is somebody's work. What was there before is kept beside ours
under another name and runs first: formatters may still change the index, and what is scanned last is
what is committed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from keyguard.core.errors import UsageError
from keyguard.scanner.sources.git import absolute_path

KINDS = ("pre-commit", "pre-push")
KEPT = ".before-keyguard"
_MARK = re.compile(r"\A#!/bin/sh\n# keyguard hook 1 ([0-9a-f]{16})\n")
_LIMIT = 100_000

_HEAD = """\
# Written by `keyguard hook install`; `keyguard hook uninstall` takes it away. Do not edit.
# What was here before lies beside this file with the ending {kept}; it runs first and must succeed.
kept="$(dirname -- "$0")/{kind}{kept}"
python={python}
run='import sys; from keyguard.cli.main import main; sys.exit(main())'
"""
_GONE = """\
if [ ! -x "$python" ]; then
  echo "keyguard: error: $python is gone: nothing was scanned, so the {action} is refused" >&2
  echo "keyguard: hint: install keyguard again and run \\`keyguard hook install\\`; or remove $0" >&2
  exit 1
fi
"""
_PRE_COMMIT = """\
if [ -x "$kept" ]; then
  "$kept" "$@" || exit $?
fi
{gone}"$python" -P -c "$run" scan --staged
status=$?
[ $status -eq 0 ] || echo "keyguard: the commit is refused (status $status)" >&2
exit $status
"""
_PRE_PUSH = """\
pushed=$(cat)
if [ -x "$kept" ]; then
  printf '%s\\n' "$pushed" | "$kept" "$@" || exit $?
fi
{gone}worst=0
while read -r ref new remote_ref old; do
  [ -n "$new" ] || continue
  # What the other side has may not be here; then all that no remote has is scanned.
  git cat-file -e "$old" 2>/dev/null || old=$(echo "$new" | tr 0-9a-f 0)
  "$python" -P -c "$run" scan --range "$old..$new" </dev/null
  status=$?
  [ $status -eq 0 ] || {{ worst=$status; echo "keyguard: the push of $ref is refused (status $status)" >&2; }}
done <<END_OF_REFS
$pushed
END_OF_REFS
exit $worst
"""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where a repository's hooks lie. `shared`: a core.hooksPath, so perhaps other repositories' too."""

    path: Path
    shared: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one hook: `what` is for people, `state` for programs."""

    kind: str
    path: Path
    state: str
    what: str


def folder(start: Path) -> Folder:
    """The hooks folder that git will use; UsageError outside a work tree."""
    try:
        top = _git(start, "rev-parse", "--show-toplevel")
    except FileNotFoundError:
        raise UsageError("git is not installed", code="hook.git") from None
    except subprocess.CalledProcessError:
        raise UsageError(
            f"{str(start)!r} is in no work tree of git",
            code="hook.repository",
            still="nothing was changed",
            hint="on a server, scan in its pre-receive hook: see docs/hooks.md",
        ) from None
    path = Path(_git(Path(top), "rev-parse", "--path-format=absolute", "--git-path", "hooks"))
    common = Path(_git(Path(top), "rev-parse", "--path-format=absolute", "--git-common-dir"))
    if path.exists() and not path.is_dir():
        raise UsageError(
            f"core.hooksPath is {str(path)!r}, which is no folder: git runs no hooks here",
            code="hook.folder",
            still="nothing was changed",
            hint="git config --show-origin core.hooksPath tells who set it",
        )
    return Folder(path, path != common / "hooks")


def install(where: Folder, kinds: tuple[str, ...]) -> list[Done]:
    """Write the hooks; checks all before it changes any. UsageError `hook.foreign` for what is in the way."""
    for kind in kinds:
        _may_install(where.path / kind)
    where.path.mkdir(parents=True, exist_ok=True)
    return [_install(where.path / kind) for kind in kinds]


def uninstall(where: Folder, kinds: tuple[str, ...]) -> list[Done]:
    """Remove what is ours and put back what was there before."""
    return [_uninstall(where.path / kind) for kind in kinds]


def script(kind: str, python: str) -> str:
    """The text of a hook."""
    gone = _GONE.format(action="commit" if kind == "pre-commit" else "push")
    head = _HEAD.format(kind=kind, kept=KEPT, python=shlex.quote(python))
    body = head + (_PRE_COMMIT if kind == "pre-commit" else _PRE_PUSH).format(gone=gone)
    return f"#!/bin/sh\n# keyguard hook 1 {_checksum(body)}\n{body}"


def is_ours(path: Path) -> bool:
    """Whether this is a hook exactly as some keyguard wrote it."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LIMIT:
        return False
    text = path.read_bytes().decode("utf-8", "replace")
    mark = _MARK.match(text)
    return bool(mark and mark[1] == _checksum(text[mark.end() :]))


def _may_install(path: Path) -> None:
    kept = _kept(path)
    if not os.path.lexists(path) or is_ours(path):
        return
    if _was_ours(path):
        _foreign(path, "was written by keyguard and changed since", "undo the change, or move it away")
    if os.path.lexists(kept):
        _foreign(path, f"and {kept.name} both hold hooks", "join the two by hand, and leave one")


def _install(path: Path) -> Done:
    text = script(path.name, _python())
    kept = _kept(path)
    if is_ours(path):
        if path.read_text(encoding="utf-8") == text:
            return Done(path.name, path, "unchanged", "is there already")
        _write(path, text)
        return Done(path.name, path, "renewed", "renewed")
    if os.path.lexists(path):
        path.rename(kept)
        _write(path, text)
        return Done(
            path.name, path, "chained", f"installed; the hook that was there runs first, as {kept.name}"
        )
    _write(path, text)
    return Done(path.name, path, "installed", "installed")


def _uninstall(path: Path) -> Done:
    kept = _kept(path)
    if is_ours(path):
        if os.path.lexists(kept):
            kept.replace(path)
            return Done(path.name, path, "restored", "removed; the hook that was there before is back")
        path.unlink()
        return Done(path.name, path, "removed", "removed")
    if os.path.lexists(path):
        changed = _was_ours(path)
        what = (
            "was changed since keyguard wrote it: left alone" if changed else "is not keyguard's: left alone"
        )
        return Done(path.name, path, "changed" if changed else "foreign", what)
    return Done(path.name, path, "absent", "is not there")


def _write(path: Path, text: str) -> None:
    """Put a file in place whole: git may run a hook at any moment."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            part.chmod(0o755)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(
            f"cannot write {str(path)!r}: {(error.strerror or 'error').lower()}", code="hook.write"
        ) from None


def _kept(path: Path) -> Path:
    return path.with_name(path.name + KEPT)


def _was_ours(path: Path) -> bool:
    try:
        return bool(_MARK.match(path.read_bytes()[:_LIMIT].decode("utf-8", "replace")))
    except OSError:
        return False


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _python() -> str:
    """The interpreter that runs us, by its absolute path. `-P` keeps the repository's own modules out."""
    path = sys.executable
    if not path or not Path(path).is_absolute() or "\n" in path:
        raise UsageError("the path of this Python is unknown", code="hook.python")
    return path


def _git(start: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(start), *words],
        env={**os.environ, "PATH": absolute_path()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return os.fsdecode(done.stdout).rstrip("\n")


def _foreign(path: Path, what: str, hint: str) -> NoReturn:
    raise UsageError(f"{str(path)!r} {what}", code="hook.foreign", still="nothing was changed", hint=hint)
