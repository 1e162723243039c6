"""The PDF's structure and what stands on its pages. Not checked here: PDF/A and PDF/UA by a validator; typst
refuses what it knows to break them."""

from __future__ import annotations

import hashlib
import io

import pikepdf
import pytest

from keyguard.reading import copies, fonts, pdf, pdf_views, words
from keyguard.reading.printable import printable
from tests.reading.contents import content, with_keys

HOSTILE = [
    "#let x = 1 $a^2$ *bold* `raw` @label <tag> \\u{41} // gone",
    "龘 🔑 สวัสดี مرحبا",
    "\u202egnissecorp\u202c \u2066x\u2069 \u200bzero\ufeff",
    "가" * 300,
    "x" * 400,
]


def text_of(data: bytes) -> str:
    return next(found.decode() for place, found, _ in pdf_views.views(data) if place == "text")


@pytest.fixture(scope="module")
def full() -> bytes:
    return pdf.render(with_keys(12))


def test_it_is_tagged_and_says_which_standards_it_keeps(full):
    with pikepdf.open(io.BytesIO(full)) as file:
        assert file.Root.MarkInfo.Marked
        assert file.Root.Lang == "ko-KR"
        assert file.Root.ViewerPreferences.DisplayDocTitle
        with file.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "A")
            assert xmp["pdfuaid:part"] == "1"
            assert "KGA-0f1e2d3c-upbit-0001" in xmp["dc:title"]
        languages = {
            str(one.Lang) for one in file.objects if isinstance(one, pikepdf.Dictionary) and "/Lang" in one
        }
        assert any(one.startswith("en") for one in languages)
        roles = {str(one.S) for one in file.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one}
        assert {"/Table", "/TR", "/TH", "/TD", "/H1", "/P"} <= roles


def test_nothing_without_width_is_copied_from_it(full):
    assert not set("\u200b\u2060\ufeff\u00ad") & set(text_of(full))
    assert "2001:db8:85a3:1234:5678:8a2e:370:7334" in text_of(full)


def test_the_same_content_gives_the_same_bytes(full):
    assert pdf.render(with_keys(12)) == full


def test_it_has_the_outline_of_the_specification_in_both_languages(full):
    text = text_of(full)
    assert all(title in text for pair in words.book()["sections"].values() for title in pair)


def test_the_first_page_names_what_is_authoritative():
    text = text_of(pdf.render(content()))
    assert all(one in text for one in ("ab" * 32, "cd" * 32, "keyguard/0f1e2d3c4b5a6978", "열람용 사본"))


def test_korean_stands_first_for_the_members_of_daxa_and_english_for_others():
    made = content()
    assert made.words().order == ("ko", "en")
    made.predicate["recipient"]["venue"] = "bybit"
    assert made.words().order == ("en", "ko")
    assert b"en-GB" in pdf.render(made)


def test_hostile_names_are_printed_as_they_are_or_by_number():
    made = with_keys(len(HOSTILE))
    for row, name in zip(made.derived["register"], HOSTILE, strict=True):
        row["purpose"] = row["desk"] = name
    made.predicate["firm"]["name_local"] = HOSTILE[0]
    text = "".join(text_of(pdf.render(made)).split())
    for shown in map(printable, HOSTILE):
        assert "".join(shown.split()) in text
        assert not set(shown) & set("\u202e\u2066\u200b\ufeff🔑")


def test_the_word_for_market_making_is_printed_only_when_it_was_switched_on():
    for allowed in (False, True):
        made = content(market_making=allowed)
        made.derived["register"][0]["desk"] = "현물 시장조성"
        for name, data in copies.render(made).items():
            held = text_of(data) if name.endswith(".pdf") else data.decode("utf-8", "replace")
            assert ("시장조성" in held) is (allowed and not name.endswith(("xlsx", "txt"))), name
    assert "시장조성" not in words.own_text()


def test_a_summary_shows_its_figures_and_says_what_is_not_shown():
    made = content()
    kept = {name: made.derived[name] for name in ("summary", "spec", "register")}
    text = text_of(pdf.render(content(derived=kept, predicate=made.predicate | {"profile": "summary"})))
    assert text.count("선택된 공개 범위에는 포함되지 않습니다") == 8
    assert "대상 기간 중 해당 사항이 없습니다" not in text
    assert "등록부의 다른 키는 싣지 않습니다" in text


def test_an_auditor_sees_the_tables_of_each_venue():
    made = with_keys(2)
    derived = {"venues": {"upbit": made.derived, "bybit": content().derived}, "persons": []}
    text = text_of(pdf.render(content(derived=derived, predicate=made.predicate | {"profile": "auditor"})))
    assert text.index("bybit") < text.index("upbit", text.index("bybit"))


def test_the_fonts_are_those_of_the_sums_and_can_print_every_word_of_the_template():
    sums = dict(reversed(line.split()) for line in fonts.read("SHA256SUMS").decode().splitlines())
    assert {one["name"]: one["sha256"] for one in fonts.used()} == sums
    assert hashlib.sha256(fonts.read(fonts.REGULAR)).hexdigest() == sums[fonts.REGULAR]
    needed = {ord(char) for char in words.own_text()} - {10}
    assert needed <= fonts.covered(fonts.REGULAR)
    titles = "".join(text for pair in words.book()["sections"].values() for text in pair)
    assert {ord(char) for char in titles} <= fonts.covered(fonts.BOLD)
    assert {0xAC00, 0xD7A3, ord("韓")} <= fonts.covered(fonts.REGULAR)
    assert not {0x202E, 0x1F511} & fonts.covered(fonts.REGULAR)


def test_every_code_of_the_tables_has_words():
    assert all(
        len(pair) == 2
        for kind in ("codes", "columns", "labels", "findings")
        for pair in words.book()[kind].values()
    )
