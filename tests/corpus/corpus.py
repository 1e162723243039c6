"""The corpus: documents with the values in them that are secrets, and those that only look so."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.corpus.formats import FORMATS
from tests.corpus.layouts import TOOL_LAYOUTS, VENUE_LAYOUTS
from tests.corpus.lookalikes import looks
from tests.corpus.values import GENERAL, VENUES

SEED = 20261121
FORMATS_PER_VENUE = 6
LAYOUTS_PER_VENUE = 4
FORMATS_PER_KIND = 4


@dataclass(frozen=True)
class Label:
    """A value and whose it is. `secret` False: an access key id, which is found or not without counting."""

    owner: str
    value: str
    venue: bool
    secret: bool


@dataclass(frozen=True)
class Document:
    path: str
    form: str
    data: bytes
    labels: tuple[Label, ...] = ()
    lookalikes: tuple[str, ...] = ()


def documents(seed: int = SEED) -> list[Document]:
    """Make the corpus; equal seeds make equal bytes."""
    r = Random(seed)
    made = [*_venues(r), *_general(r), *_tools(r)]
    made += [Document(path, "lookalike", text.encode(), (), tuple(values)) for path, text, values in looks(r)]
    return [_renamed(number, document) for number, document in enumerate(made)]


def _renamed(number: int, document: Document) -> Document:
    return Document(
        f"{number:04}/{document.path}", document.form, document.data, document.labels, document.lookalikes
    )


def _venues(r: Random) -> list[Document]:
    made, forms, layouts = [], list(FORMATS), list(VENUE_LAYOUTS)
    for at, venue in enumerate(VENUES):
        for step in range(FORMATS_PER_VENUE):
            form = forms[(at * FORMATS_PER_VENUE + step) % len(forms)]
            values = tuple(make(r) for make in venue.makers)
            path, write = FORMATS[form]
            text = write(list(zip(venue.names, values, strict=True)))
            made.append(Document(path, form, text.encode(), _labels(venue.id, values, venue=True)))
        for step in range(LAYOUTS_PER_VENUE):
            form = layouts[(at * LAYOUTS_PER_VENUE + step) % len(layouts)]
            values = tuple(make(r) for make in venue.makers)
            path, text = VENUE_LAYOUTS[form](venue, values)
            made.append(Document(path, form, text.encode(), _labels(venue.id, values, venue=True)))
    return made


def _labels(owner: str, values: tuple[str, ...], *, venue: bool) -> tuple[Label, ...]:
    """The first of several values is the access key id."""
    return tuple(
        Label(owner, value, venue, secret=number > 0 or len(values) == 1)
        for number, value in enumerate(values)
    )


def _general(r: Random) -> list[Document]:
    made, forms = [], list(FORMATS)
    for at, kind in enumerate(GENERAL):
        for step in range(FORMATS_PER_KIND):
            form = forms[(at * FORMATS_PER_KIND + step) % len(forms)]
            values = tuple(make(r) for make in kind.makers)
            lines = tuple(line.format(*values) for line in kind.lines) or values
            path, write = FORMATS[form]
            text = write(list(zip(kind.names, lines, strict=True)))
            made.append(Document(path, form, text.encode(), _labels(kind.id, values, venue=False)))
    return made


def _tools(r: Random) -> list[Document]:
    made = []
    for name, make in TOOL_LAYOUTS.items():
        for _ in range(2):
            (path, text), value = make(r)
            made.append(Document(path, name, text.encode(), (Label(name, value, venue=False, secret=True),)))
    return made
