"""Puts references where secrets stood, once the secrets are stored.

Two phases: `prepare` reads and checks every file and writes nothing; `write` first lays the new content
of all files beside them, then renames one after the other. No backup is made: it would hold the secrets.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from keyguard.core.errors import UsageError
from keyguard.intake.candidates import Place, Span
from keyguard.intake.reading import contents
from keyguard.intake.references import Reference

_STORED = "the keys are stored"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One file's change, ready to be written. `lines` get a reference; in `left_lines` one of the replaced
    values still stands (in a comment, say) where no place named it."""

    path: Path
    lines: tuple[int, ...]
    left_lines: tuple[int, ...]
    before: bytes = field(repr=False)
    after: bytes = field(repr=False)
    identity: tuple[int, int]


def prepare(wanted: Iterable[tuple[Place, Reference]]) -> tuple[Rewrite, ...]:
    """Work out the new content of every file; places without a span are left out.

    Raises UsageError if one file cannot be replaced: changed since it was read, a link, read-only, of
    another owner. Nothing has been written then.
    """
    by_file: dict[Path, list[tuple[Place, Span, Reference]]] = {}
    for place, reference in wanted:
        if place.span:
            by_file.setdefault(place.file, []).append((place, place.span, reference))
    return tuple(_rewrite(path, changes) for path, changes in by_file.items())


def write(rewrites: tuple[Rewrite, ...]) -> tuple[Path, ...]:
    """Write all and return the files replaced.

    UsageError `import.not_replaced` says which files are replaced and which are not.
    """
    done: list[Path] = []
    with contextlib.ExitStack() as laid:
        try:
            ready = [(one, laid.enter_context(_laid_out(one))) for one in rewrites]
            for one, (folder, temporary) in ready:
                _still_same(one, folder)
                os.rename(temporary, one.path.name, src_dir_fd=folder, dst_dir_fd=folder)
                done.append(one.path)
                os.fsync(folder)
        except (OSError, UsageError) as error:
            why = error.message if isinstance(error, UsageError) else _reason(error)
            raise _not_replaced(rewrites, done, why) from None
    return tuple(done)


def _rewrite(path: Path, changes: list[tuple[Place, Span, Reference]]) -> Rewrite:
    with _folder(path) as folder:
        before, found = _content(path, folder)
    span = changes[0][1]
    _check_file(path, found, span.identity)
    after, last = b"", 0
    for place, span, reference in sorted(changes, key=lambda change: change[1].start):
        if span.start < last:
            raise _cannot(path, f"two values overlap in line {place.line}")
        if before[span.start : span.end] != span.written.reveal().encode("latin-1"):
            raise _changed(path)
        text = f"{span.quote}{reference}{span.quote}"
        after += before[last : span.start] + text.encode(span.encoding)
        last = span.end
    after += before[last:]
    lines = tuple(sorted({place.line for place, _, _ in changes}))
    return Rewrite(path, lines, _left(after, changes), before, after, (found.st_dev, found.st_ino))


def _left(after: bytes, changes: list[tuple[Place, Span, Reference]]) -> tuple[int, ...]:
    """The lines in which a value that was replaced elsewhere still stands."""
    lines: set[int] = set()
    newline = "\n".encode(changes[0][1].encoding)
    for written in {span.written.reveal().encode("latin-1") for _, span, _ in changes}:
        at = after.find(written)
        while at >= 0:
            lines.add(after.count(newline, 0, at) + 1)
            at = after.find(written, at + len(written))
    return tuple(sorted(lines))


def _check_file(path: Path, found: os.stat_result, identity: tuple[int, int]) -> None:
    if (found.st_dev, found.st_ino) != identity:
        raise _changed(path)
    if found.st_nlink > 1:
        raise _cannot(path, "has a second name (hard link), under which the secret would stay")
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise _cannot(path, "belongs to another user")
    if not found.st_mode & stat.S_IWUSR:
        raise _cannot(path, "is read-only")


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[int]:
    """The opened folder of a file: later steps work in it, whatever happens to the path to it."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot(path, _reason(error)) from None
    try:
        yield folder
    finally:
        os.close(folder)


def _content(path: Path, folder: int) -> tuple[bytes, os.stat_result]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        raise _cannot(path, _reason(error)) from None
    data, found = contents(handle)
    if not stat.S_ISREG(found.st_mode):
        raise _changed(path)
    return data, found


@contextlib.contextmanager
def _laid_out(one: Rewrite) -> Iterator[tuple[int, str]]:
    """The new content on disk beside the file, with its mode and owner; removed unless renamed."""
    temporary = f".{one.path.name}.keyguard-{os.getpid()}"
    with _folder(one.path) as folder:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(temporary, flags, 0o600, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(one.after)
                file.flush()
                _dress(handle, one, folder)
                os.fsync(handle)
            yield folder, temporary
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)


def _dress(handle: int, one: Rewrite, folder: int) -> None:
    """Give the new file the group, access lists and mode of the old one (the owner is ours: checked)."""
    original = os.open(
        one.path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder
    )
    try:
        found = os.fstat(original)
        if os.fstat(handle).st_gid != found.st_gid:
            os.fchown(handle, -1, found.st_gid)
        if hasattr(os, "listxattr"):
            for name in os.listxattr(original):
                # Some attributes are the system's own and cannot be set by a user.
                with contextlib.suppress(OSError):
                    os.setxattr(handle, name, os.getxattr(original, name))
        os.fchmod(handle, stat.S_IMODE(found.st_mode))
    finally:
        os.close(original)


def _still_same(one: Rewrite, folder: int) -> None:
    content, found = _content(one.path, folder)
    if (found.st_dev, found.st_ino) != one.identity or content != one.before:
        raise _changed(one.path)


def _changed(path: Path) -> UsageError:
    return UsageError(
        f"{path} has changed since it was read",
        code="import.changed",
        still=f"{_STORED}; no file was changed",
        hint="run the import again with --replace",
    )


def _cannot(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path} {why}",
        code="import.not_replaced",
        still=f"{_STORED}; no file was changed",
        hint="put the references in by hand, or repair this and run the import again with --replace",
    )


def _not_replaced(rewrites: tuple[Rewrite, ...], done: list[Path], why: str) -> UsageError:
    others = ", ".join(str(one.path) for one in rewrites if one.path not in done)
    first = ", ".join(map(str, done)) or "no file"
    return UsageError(
        f"references could not be put into {others}: {why}",
        code="import.not_replaced",
        still=f"{_STORED}; changed: {first}",
        hint="repair this and run the import again with --replace",
    )


def _reason(error: OSError) -> str:
    return f"cannot be opened or written ({(error.strerror or type(error).__name__).lower()})"
