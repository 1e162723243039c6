"""What git is asked for `scan --staged` whatever the index holds, asked while the scanner still loads."""

from __future__ import annotations

from keyguard.scanner.sources.git import GitFailed, ObjectReader, Repository

DIFF = ("diff-index", "--cached", "--no-renames", "--ignore-submodules=none")
_RAW = (*DIFF, "--raw", "-z", "--no-abbrev")
EMPTY_TREES = (
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
)
"""Git knows these trees, in repositories of SHA-1 and of SHA-256, without having them stored."""


class Begun:
    """The index of a repository, compared with HEAD, and a reader of its objects.

    Processes start when the block is entered and are ended when it is left. Nothing is asked of them
    before it is needed, so that whatever is wrong with the repository is told then.
    """

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.base = "HEAD"

    def __enter__(self) -> Begun:
        self._comparing = self.repository.begin(*_RAW, self.base, "--")
        self._reader = self.repository.objects()
        return self

    def __exit__(self, *_: object) -> None:
        self._comparing.end()
        self._reader.__exit__()

    def objects(self) -> ObjectReader:
        """The reader, after `changes`; it belongs to this block."""
        return self._reader

    def changes(self) -> bytes:
        """`git diff-index --raw -z` of the index, against the empty tree before the first commit.

        UsageError `scan.repository` as from `Repository.open`; GitFailed for an index that cannot be read.
        """
        try:
            return self._comparing.output()
        except GitFailed:
            pass
        try:
            return self._compared(EMPTY_TREES)
        except GitFailed:
            self.repository.open()  # says what is wrong, or heeds the user's safe.directory
        self._reader.__exit__()
        self._reader = self.repository.objects()
        return self._compared(("HEAD", *EMPTY_TREES))

    def _compared(self, bases: tuple[str, ...]) -> bytes:
        first: GitFailed | None = None
        for self.base in bases:
            try:
                return self.repository.run(*_RAW, self.base, "--")
            except GitFailed as failure:
                first = first or failure
        assert first is not None
        raise first
