"""Text that git keeps beside its objects: configurations with addresses that hold tokens, reflogs whose
entries quote messages and such addresses, drafts of messages, hooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from keyguard.scanner.sources import Supply
from keyguard.scanner.sources.git import Repository
from keyguard.scanner.sources.tree import file_pieces

_FILES = frozenset(
    {
        *("config", "config.worktree", "description", "packed-refs", "FETCH_HEAD"),
        *("COMMIT_EDITMSG", "MERGE_MSG", "NOTES_EDITMSG", "SQUASH_MSG", "TAG_EDITMSG"),
    }
)
_FOLDERS = ("hooks", "info", "logs", "rebase-apply", "rebase-merge", "sequencer")


def pieces(repository: Repository, max_size: int) -> Iterator[Supply]:
    """Yield those files of a repository and of all its work trees; paths begin with `.git/`."""
    common = repository.common_folder
    yield from _of(common, ".git", max_size)
    try:
        linked = sorted(entry.name for entry in os.scandir(common / "worktrees"))
    except OSError:
        return
    for name in linked:
        yield from _of(common / "worktrees" / name, f".git/worktrees/{name}", max_size)


def _of(folder: Path, prefix: str, max_size: int) -> Iterator[Supply]:
    for name in sorted(_FILES):
        if (folder / name).is_file() and not (folder / name).is_symlink():
            yield from file_pieces(folder / name, f"{prefix}/{name}", max_size)
    for name in _FOLDERS:
        for path, _, files in os.walk(folder / name):
            for file in sorted(files):
                real = Path(path, file)
                if file.endswith(".sample") or real.is_symlink():  # git's own examples; another place's file
                    continue
                yield from file_pieces(real, f"{prefix}/{real.relative_to(folder).as_posix()}", max_size)
