"""JSON with the positions of its texts; comments and trailing commas as freqtrade's files have them.

The standard library's parser does not tell where a value stands, and `--replace` needs the exact bytes.
"""

from __future__ import annotations

import json
import re

from keyguard.core.errors import UsageError
from keyguard.intake import tree
from keyguard.intake.problems import malformed
from keyguard.intake.reading import Text
from keyguard.intake.tree import Mapping, Scalar, Sequence, Tree

_SPACE = re.compile(r"(?:[ \t\r\n]++|//[^\n]*+|/\*[\s\S]*?\*/)*+")
_LITERAL = re.compile(r"-?[0-9][0-9.eE+-]{0,400}|true|false|null")
_TEXT = json.JSONDecoder()


def parse(source: Text) -> Tree:
    """Parse a whole file. UsageError naming the line where it is no JSON or a name stands twice."""
    reader = _Reader(source)
    made = reader.value(depth=0)
    reader.space()
    if reader.at != len(source.text):
        raise reader.wrong()
    return made


class _Reader:
    """A position moving through the text."""

    def __init__(self, source: Text) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.nodes = 0

    @property
    def line(self) -> int:
        return self.source.line_at(self.at)

    def wrong(self) -> UsageError:
        return malformed(self.source.path, self.line, "is not valid JSON")

    def space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def next(self) -> str:
        """Skip space; the character there, "" at the end."""
        self.space()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Tree:
        self.nodes += 1
        start = self.next()
        if depth > tree.MAX_DEPTH or self.nodes > tree.MAX_NODES:
            raise tree.too_large(self.source, self.line)
        if start == "{":
            return self.mapping(depth)
        if start == "[":
            return self.sequence(depth)
        if start == '"':
            return self.string()
        match = _LITERAL.match(self.text, self.at)
        if not match:
            raise self.wrong()
        made = Scalar(match[0], self.line, self.at, match.end(), '"', is_text=False)
        self.at = match.end()
        return made

    def string(self) -> Scalar:
        line, start = self.line, self.at
        try:
            value, self.at = _TEXT.raw_decode(self.text, start)
        except ValueError:
            raise self.wrong() from None
        return Scalar(str(value), line, start + 1, self.at - 1)

    def mapping(self, depth: int) -> Mapping:
        made = Mapping({}, self.line)
        self.at += 1
        while self.next() != "}":
            if self.next() != '"':
                raise self.wrong()
            name = self.string()
            if self.next() != ":":
                raise self.wrong()
            self.at += 1
            tree.add(self.source, made, name.value, self.value(depth + 1), name.line)
            self.comma("}")
        self.at += 1
        return made

    def sequence(self, depth: int) -> Sequence:
        made = Sequence([], self.line)
        self.at += 1
        while self.next() != "]":
            made.items.append(self.value(depth + 1))
            self.comma("]")
        self.at += 1
        return made

    def comma(self, closing: str) -> None:
        found = self.next()
        if found == ",":
            self.at += 1
        elif found != closing:
            raise self.wrong()
