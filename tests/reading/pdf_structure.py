"""What of ISO 19005-2 (PDF/A-2a) and ISO 14289-1 (PDF/UA-1) can be seen in a file's structure.

Not seen: whether glyphs' widths and mappings are those of the embedded fonts, whether colours and
transparency are right in every operator, whether the reading order and the alternative texts make sense.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream

STANDARD = set(
    "Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L "
    "LI Lbl LBody Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Ruby "
    "RB RT RP Warichu WT WP Figure Formula Form".split()
)
ROW_GROUPS = ("THead", "TBody", "TFoot")
SHOWS = set("Tj TJ ' \" f F f* B B* b b* S s sh Do BI INLINE IMAGE".split())
PRINTED, HIDDEN = 4, 1 | 2 | 32  # flags of annotations: Print; Invisible, Hidden, NoView
XMP = {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}


def breaches(data: bytes) -> list[str]:
    """What the file breaks, each with the clause; an empty list where nothing was seen."""
    with pikepdf.open(io.BytesIO(data)) as file:
        return [*around(data), *seen(file)]


def seen(file: Pdf) -> Iterator[str]:
    """The same of an opened file, whose bytes are not looked at; what takes long comes last."""
    for look in LOOKS:
        yield from look(file)


def around(data: bytes) -> Iterator[str]:
    """What is wrong before and behind the objects."""
    if not re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", data):
        yield "A 6.1.2: the header has no version, or no comment of four high bytes"
    if not re.search(rb"%%EOF\r?\n?\Z", data):
        yield "A 6.1.3: something stands behind the end"


def _trailer(file: Pdf) -> Iterator[str]:
    if "/ID" not in file.trailer or "/Encrypt" in file.trailer:
        yield "A 6.1.3: no ID, or encrypted"
    odd = {"/OCProperties", "/Names", "/AA", "/OpenAction", "/Collection"} & set(file.Root.keys())
    if odd:
        yield f"A 6.5, 6.8, 6.9: the catalogue has {', '.join(sorted(odd))}"
    form = file.Root.get("/AcroForm", Dictionary())
    if "/XFA" in form or form.get("/NeedAppearances", False):
        yield "A 6.4: a form of XFA, or without appearances"


def _metadata(file: Pdf) -> Iterator[str]:
    with file.open_metadata(set_pikepdf_as_editor=False) as xmp:
        for name, value in XMP.items():
            if xmp.get(name) != value:
                yield f"A 6.6.4, UA 5: the metadata do not say {name} {value}"
        title = xmp.get("dc:title")
        if not title or ("/Info" in file.trailer and str(file.docinfo.get("/Title", title)) != title):
            yield "UA 7.1: no title, or another one than in Info"
    if "/Filter" in file.Root.Metadata:
        yield "A 6.6.2: the metadata are compressed"


def _catalogue(file: Pdf) -> Iterator[str]:
    root = file.Root
    marks = root.get("/MarkInfo", Dictionary())
    if not marks.get("/Marked", False) or marks.get("/Suspects", False):
        yield "UA 7.1, A 6.7.2: not marked as tagged"
    if not root.get("/ViewerPreferences", Dictionary()).get("/DisplayDocTitle", False):
        yield "UA 7.1: the title is not displayed"
    if not re.fullmatch("[a-z]{2}(-[A-Z]{2})?", str(root.get("/Lang", ""))):
        yield "UA 7.2, A 6.7.4: no language"
    if "/StructTreeRoot" not in root:
        yield "UA 7.1: no structure tree"
    if "/Outlines" not in root:
        yield "UA 7.17: no outline"


def _colour(file: Pdf) -> Iterator[str]:
    intents = [one for one in file.Root.get("/OutputIntents", Array()) if one.get("/S") == Name.GTS_PDFA1]
    profiles = [one.DestOutputProfile for one in intents if "/DestOutputProfile" in one]
    if len(profiles) != 1:
        yield "A 6.2.3: not one output intent with a profile"
        return
    if (profiles[0].read_bytes()[12:20], int(profiles[0].N)) != (b"mntrRGB ", 3):
        yield "A 6.2.3: the profile is not one of a monitor in RGB"


def _fonts(file: Pdf) -> Iterator[str]:
    for font in _of_type(file, Name.Font):
        name, descriptor = font.get("/BaseFont"), font.get("/FontDescriptor", Dictionary())
        if "/DescendantFonts" not in font:
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
                yield f"A 6.2.11.4: {name} is not embedded"
        elif "/ToUnicode" not in font:
            yield f"A 6.2.11.7: {name} does not say what its glyphs mean"
        elif re.search(rb"<(0000|FEFF|FFFE)>\s*(\n|$)", font.ToUnicode.read_bytes(), re.IGNORECASE):
            yield f"A 6.2.11.7: {name} maps a glyph to nothing"


def _streams(file: Pdf) -> Iterator[str]:
    for one in file.objects:
        if isinstance(one, Stream):
            if {"/F", "/FFilter", "/FDecodeParms"} & set(one.keys()):
                yield "A 6.1.7: a stream is in another file"
            if "LZW" in str(one.get("/Filter", "")) or "Crypt" in str(one.get("/Filter", "")):
                yield "A 6.1.7: LZW or Crypt"
            if (
                one.get("/Subtype") == Name.PS
                or "/Alternates" in one
                or "/OPI" in one
                or one.get("/Interpolate")
            ):
                yield "A 6.2: PostScript, alternates, OPI or interpolation"


def _actions(file: Pdf) -> Iterator[str]:
    """Only jumps within the file."""
    for one in (one for one in file.objects if isinstance(one, Dictionary)):
        actions = [one] if one.get("/Type") == Name.Action else []
        actions += [
            one[name] for name in ("/A", "/OpenAction", "/Next") if isinstance(one.get(name), Dictionary)
        ]
        for action in actions:
            if "/S" in action and Name.GoTo != action.S:
                yield f"A 6.5.1: an action {action.S}"
        if "/AA" in one:
            yield "A 6.5.2: an action that starts by itself"


def _annotations(file: Pdf) -> Iterator[str]:
    for page in file.pages:
        if "/Annots" in page and page.get("/Tabs") != Name.S:
            yield "UA 7.18.3: tabs do not follow the structure"
        for one in page.get("/Annots", Array()):
            kind, flags = one.get("/Subtype"), int(one.get("/F", 0))
            signature = kind == Name.Widget and all(float(n) == 0 for n in one.get("/Rect", Array([1])))
            if signature:
                continue
            if kind != Name.Link:
                yield f"A 6.3: an annotation {kind}"
            if not flags & PRINTED or flags & HIDDEN:
                yield "A 6.3.2: an annotation that is not printed"
            if "/StructParent" not in one or not str(one.get("/Contents", "")):
                yield "UA 7.18.1, 7.18.5: a link outside the structure, or without words"


def _elements(file: Pdf) -> Iterator[str]:
    roles = file.Root.get("/StructTreeRoot", Dictionary()).get("/RoleMap", Dictionary())
    levels = [0]
    for one in _tree(file):
        kind = _role(one, roles)
        if kind not in STANDARD:
            yield f"UA 7.1: {kind} is no standard type, and mapped to none"
        if kind in ("Figure", "Formula") and not str(one.get("/Alt", one.get("/ActualText", ""))):
            yield f"UA 7.3, 7.7: a {kind} without words in its place"
        if re.fullmatch("H[1-6]", kind):
            levels.append(int(kind[1]))
        if kind == "Table":
            yield from _table(one, roles)
    if any(after > before + 1 for before, after in itertools.pairwise(levels)):
        yield "UA 7.4.2: a level of headings is left out"


def _table(table: Any, roles: Any) -> Iterator[str]:
    rows = [
        row
        for part in _kids(table)
        for row in (_kids(part) if _role(part, roles) in ROW_GROUPS else [part])
        if _role(row, roles) != "Caption"
    ]
    if any(_role(row, roles) != "TR" for row in rows):
        yield "UA 7.2: something else than rows in a table"
    widths = {sum(_span(cell) for cell in _kids(row)) for row in rows}
    if len(widths) > 1:
        yield f"UA 7.5: a table with rows of {sorted(widths)} cells"
    for cell in (cell for row in rows for cell in _kids(row)):
        if _role(cell, roles) not in ("TH", "TD"):
            yield "UA 7.2: something else than cells in a row"
        if _role(cell, roles) == "TH" and not any("/Scope" in one for one in _attributes(cell)):
            yield "UA 7.5: a head that does not say what it is the head of"


def _content(file: Pdf) -> Iterator[str]:
    """Everything shown is an artifact or has its place in the structure, and what has is found there."""
    numbers = file.Root.get("/StructTreeRoot", Dictionary()).get("/ParentTree", Dictionary())
    parents = dict(_numbered(numbers))
    for page in file.pages:
        places, seen = parents.get(int(page.get("/StructParents", -1)), Array()), set()
        marks: list[int | None] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            word = str(operator)
            if word in ("BMC", "BDC"):
                number = (
                    operands[1].get("/MCID")
                    if word == "BDC" and isinstance(operands[1], Dictionary)
                    else None
                )
                marks.append(
                    None if operands[0] == Name.Artifact else int(number) if number is not None else -1
                )
            elif word == "EMC":
                marks.pop()
            elif word in SHOWS and not any(one is None or one >= 0 for one in marks):
                yield "UA 7.1: something is shown that is neither content nor artifact"
            seen.update(one for one in marks if one is not None and one >= 0)
        if seen - set(range(len(places))):
            yield "UA 7.1: content is marked that the structure does not know"


LOOKS: tuple[Callable[[Pdf], Iterator[str]], ...] = (
    _trailer,
    _metadata,
    _catalogue,
    _colour,
    _fonts,
    _streams,
    _actions,
    _annotations,
    _elements,
    _content,
)


def _of_type(file: Pdf, kind: Any) -> list[Any]:
    return [one for one in file.objects if isinstance(one, Dictionary) and one.get("/Type") == kind]


def _role(one: Any, roles: Any) -> str:
    kind = one.get("/S", Name("/None"))
    for _ in range(5):
        if str(kind)[1:] in STANDARD:
            break
        kind = roles.get(str(kind), kind)
    return str(kind)[1:]


def _kids(one: Any) -> list[Any]:
    kids = one.get("/K", Array())
    return [
        kid
        for kid in (kids if isinstance(kids, Array) else [kids])
        if isinstance(kid, Dictionary) and "/S" in kid
    ]


def _tree(file: Pdf) -> Iterator[Any]:
    waiting = _kids(file.Root.get("/StructTreeRoot", Dictionary()))
    while waiting:
        one = waiting.pop(0)
        waiting[:0] = _kids(one)
        yield one


def _attributes(one: Any) -> list[Any]:
    found = one.get("/A", Array())
    return [part for part in (found if isinstance(found, Array) else [found]) if isinstance(part, Dictionary)]


def _span(cell: Any) -> int:
    return next((int(one.ColSpan) for one in _attributes(cell) if "/ColSpan" in one), 1)


def _numbered(tree: Any) -> Iterator[tuple[int, Any]]:
    pairs = list(tree.get("/Nums", Array()))
    yield from ((int(at), value) for at, value in zip(pairs[::2], pairs[1::2], strict=True))
    for kid in tree.get("/Kids", Array()):
        yield from _numbered(kid)
