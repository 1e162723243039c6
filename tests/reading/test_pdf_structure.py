"""The reading copy keeps what can be seen of PDF/A-2a and PDF/UA-1; what looks for it finds what is wrong."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from keyguard.reading import pdf
from tests.reading.contents import content, with_keys
from tests.reading.pdf_structure import around, breaches, seen


@cache
def made() -> bytes:
    return pdf.render(with_keys(2))


def test_a_register_in_korean():
    assert breaches(made()) == []


def test_for_an_auditor_in_english_first():
    one = content()
    derived = {"venues": {"upbit": one.derived}, "persons": []}
    predicate = one.predicate | {"profile": "auditor"}
    predicate["recipient"] = {"venue": None, "kind": "auditor", "name": "FAKE Audit"}
    assert breaches(pdf.render(content(derived=derived, predicate=predicate))) == []


def of(file: Any, **members: str) -> Any:
    """The first dictionary with these members."""
    wanted = {f"/{name}": Name(f"/{value}") for name, value in members.items()}
    return next(
        one
        for one in file.objects
        if isinstance(one, Dictionary) and all(one.get(name) == value for name, value in wanted.items())
    )


def table(file: Any) -> Any:
    return of(file, S="Table")


def uncover(file: Any) -> None:
    page = file.pages[0]
    page.Contents = file.make_stream(page.Contents.read_bytes() + b"\n0 0 9 9 re f")


def mark(file: Any) -> None:
    page = file.pages[0]
    page.Contents = file.make_stream(page.Contents.read_bytes() + b"\n/P <</MCID 9999>> BDC 0 0 9 9 re f EMC")


def shallow(file: Any) -> None:
    row = next(one for one in file.objects if isinstance(one, Dictionary) and one.get("/S") == Name.TR)
    row.K = Array([row.K[0]])


def script(file: Any) -> None:
    link = of(file, Subtype="Link")
    link.A = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def meaning(file: Any) -> None:
    font = of(file, Subtype="Type0")
    font.ToUnicode = file.make_stream(b"1 beginbfchar\n<0001> <0000>\nendbfchar\n")


def described(file: Any, name: str, value: str) -> None:
    with file.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp[name] = value


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.Root.__delitem__("/Lang"), "no language"),
        (lambda file: file.Root.__delitem__("/MarkInfo"), "not marked as tagged"),
        (lambda file: file.Root.MarkInfo.__setitem__("/Suspects", True), "not marked as tagged"),
        (lambda file: file.Root.__delitem__("/ViewerPreferences"), "title is not displayed"),
        (lambda file: file.Root.__delitem__("/StructTreeRoot"), "no structure tree"),
        (lambda file: file.Root.__delitem__("/Outlines"), "no outline"),
        (lambda file: file.Root.__delitem__("/OutputIntents"), "output intent"),
        (lambda file: described(file, "pdfaid:conformance", "B"), "pdfaid:conformance A"),
        (lambda file: described(file, "pdfuaid:part", "2"), "pdfuaid:part 1"),
        (lambda file: file.Root.__setitem__("/AA", Dictionary()), "the catalogue has /AA"),
        (lambda file: file.Root.__setitem__("/Names", Dictionary()), "the catalogue has /Names"),
        (lambda file: file.Root.__setitem__("/AcroForm", Dictionary(XFA=Array())), "XFA"),
        (lambda file: of(file, Type="FontDescriptor").__delitem__("/FontFile3"), "is not embedded"),
        (lambda file: of(file, Subtype="Type0").__delitem__("/ToUnicode"), "what its glyphs mean"),
        (meaning, "to nothing"),
        (lambda file: file.pages[0].Contents.__setitem__("/F", String("other")), "in another file"),
        (script, "an action /JavaScript"),
        (lambda file: of(file, Subtype="Link").__setitem__("/AA", Dictionary()), "starts by itself"),
        (lambda file: of(file, Subtype="Link").__setitem__("/F", 2), "not printed"),
        (lambda file: of(file, Subtype="Link").__delitem__("/Contents"), "without words"),
        (lambda file: of(file, Subtype="Link").__setitem__("/Subtype", Name.Movie), "an annotation /Movie"),
        (lambda file: [one.__delitem__("/Tabs") for one in file.pages if "/Tabs" in one], "do not follow"),
        (lambda file: of(file, S="P").__setitem__("/S", Name.Poem), "Poem is no standard type"),
        (lambda file: of(file, S="P").__setitem__("/S", Name.Figure), "a Figure without words"),
        (lambda file: of(file, S="H1").__setitem__("/S", Name.H2), "left out"),
        (lambda file: of(file, S="TH").__delitem__("/A"), "does not say what it is the head of"),
        (lambda file: of(file, S="TD").__setitem__("/S", Name.P), "something else than cells"),
        (lambda file: of(file, S="TR").__setitem__("/S", Name.P), "something else than rows"),
        (shallow, "a table with rows of"),
        (uncover, "neither content nor artifact"),
        (mark, "does not know"),
    ],
)
def test_what_is_wrong_is_found(spoil, said):
    with pikepdf.open(io.BytesIO(made())) as file:
        spoil(file)
        assert any(said in one for one in seen(file))


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"%PDF-1.7\n" + made()[16:], "header"), (made() + b"more", "behind the end")],
)
def test_bytes_around_it(data, said):
    assert any(said in one for one in around(data))
