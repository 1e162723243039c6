"""YAML with the positions of its texts, from the safe loader's events.

Nothing is constructed, so no tag can do anything; and a key of digits stays the text that was written.
Anchors, aliases and tags are refused: no credential file needs them, and aliases make bombs.
"""

from __future__ import annotations

from typing import Any

from keyguard.intake import tree
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.tree import Mapping, Scalar, Sequence, Tree

MAX_CHARACTERS = 1 << 20
"""The parser is slow: a megabyte takes seconds."""

UNSUPPORTED = "import.yaml_unsupported"
_FIXED = {"|": "it is a YAML block text", ">": "it is a YAML block text"}


def parse(source: Text) -> Tree | None:
    """Parse a whole file; None if it is empty. UsageError naming the line.

    `import.yaml_unsupported` is the code for anchors, aliases, tags and several documents.
    """
    import yaml

    if len(source.text) > MAX_CHARACTERS:
        raise malformed(source.path, 0, "is too large for a YAML file", code="import.too_large")
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
    except yaml.reader.ReaderError as error:
        line = source.line_at(error.position)
    else:
        return builder.root
    raise malformed(source.path, line, "is not valid YAML")


class _Builder:
    """Puts events together. Iterative, so depth costs no stack."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.root: Tree | None = None
        self.open: list[Sequence | Mapping] = []
        self.names: list[Scalar | None] = []  # of the member being read, for each open mapping
        self.nodes = 0

    def take(self, event: Any) -> None:
        import yaml

        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise malformed(self.source.path, line, "uses a YAML anchor or alias", code=UNSUPPORTED)
        if getattr(event, "tag", None):
            raise malformed(self.source.path, line, "uses a YAML tag", code=UNSUPPORTED)
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise malformed(self.source.path, line, "begins a second YAML document", code=UNSUPPORTED)
        if isinstance(event, yaml.ScalarEvent):
            self.attach(self.scalar(event, line), line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.start(Sequence([], line), line)
        elif isinstance(event, yaml.MappingStartEvent):
            self.start(Mapping({}, line), line)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self.open.pop()
            self.names.pop()

    def scalar(self, event: Any, line: int) -> Scalar:
        start, end, style = event.start_mark.index, event.end_mark.index, event.style
        if style in ("'", '"'):
            return Scalar(event.value, line, start + 1, end - 1)
        value = event.value
        if not style and value.lower() in ("", "~", "null"):
            return Scalar("", line, start, end, is_text=False)
        return Scalar(value, line, start, end, '"', fixed=_FIXED.get(style, ""))

    def start(self, made: Sequence | Mapping, line: int) -> None:
        self.attach(made, line)
        self.open.append(made)
        self.names.append(None)
        if len(self.open) > tree.MAX_DEPTH:
            raise tree.too_large(self.source, line)

    def attach(self, made: Tree, line: int) -> None:
        self.nodes += 1
        if self.nodes > tree.MAX_NODES:
            raise tree.too_large(self.source, line)
        if not self.open:
            self.root = made
            return
        parent, name = self.open[-1], self.names[-1]
        if isinstance(parent, Sequence):
            parent.items.append(made)
        elif name is not None:
            tree.add(self.source, parent, name.value, made, name.line)
            self.names[-1] = None
        elif isinstance(made, Scalar):
            self.names[-1] = made
        else:
            raise malformed(self.source.path, line, "has a member whose name is no text", code=UNSUPPORTED)
