"""The safety gate: hostile cases 25 and 26 of KGA/1 §19, in every entry and every spelling."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
import zlib
from urllib.parse import quote

import pikepdf
import pytest

from keyguard.core.secret import Secret
from keyguard.reading import copies, pdf, workbook
from keyguard.reading.gate import Guarded, Hidden, check
from keyguard.scanner.engine import Engine
from tests.kga.making import Making, dsse, firm_log, statement
from tests.reading.contents import content, entries, with_keys

SECRET = "FAKE" + "q8Zr+/Lw2vTn5xKe7JhB3mYc9PdGs4Ua"
OTHER_KEY = "7e" * 32
FIRM = Guarded(
    secrets=(Hidden("bot1 secret", Secret(SECRET)),),
    key_ids=(Hidden("bot1 key", Secret("FAKEACCESSKEYID0123456789")),),
    other_ids=frozenset((OTHER_KEY, "p_" + "fe" * 10, "o_" + "ef" * 10, "HEDGE-7", "MM-01", "9c" * 32)),
    own_ids=frozenset(("MM-01",)),
    other_names=frozenset(("bybit", "Bybit", "바이비트", "upbit-sg", "gate")),
    own_names=frozenset(("upbit", "Upbit", "업비트")),
)


def rules(kept, guarded=FIRM, scan=None) -> set[tuple[str, str]]:
    return {(hit.entry, hit.rule) for hit in check(kept, guarded, scan)}


def found(text: str | bytes, name: str = "evidence/x.txt") -> set[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return {rule for _, rule in rules({name: data})}


@pytest.fixture(scope="module")
def clean() -> dict[str, bytes]:
    return entries(with_keys(5))


def test_an_honest_export_passes(clean):
    making = Making(firm_log())
    envelope = dsse.sign(
        statement.encode(statement.Statement(statement.ATTESTATION, {}, making.predicate())), dsse.IN_TOTO, []
    )
    assert check(clean | {"statement.dsse.json": envelope.encode()}, FIRM) == ()


@pytest.mark.parametrize("start", [0, 7, len(SECRET) - 12])
def test_twelve_characters_of_a_secret_are_found_in_every_spelling(start):
    part = SECRET[start : start + 12]
    raw = part.encode()
    assert found(f"note {part} end") == {"secret"}
    assert found(part[::-1]) == {"secret"}
    assert found(raw.hex()) == found(raw.hex().upper()) == {"secret"}
    assert found(quote(part, safe="")) == {"secret"}
    assert found("".join(f"%{byte:02x}" for byte in raw)) == {"secret"}
    assert found("".join(f"\\u{byte:04x}" for byte in raw)) == {"secret"}
    assert found(f"{part[:5]}\n  {part[5:]}") == found("\u200b".join(part)) == {"secret"}
    for before in range(3):
        packed = b"x" * before + raw + b"yz"
        assert found(base64.b64encode(packed)) == found(base64.urlsafe_b64encode(packed)) == {"secret"}


def test_eleven_characters_and_random_text_are_no_hit():
    assert found(SECRET[:11]) == set()
    assert found(random.Random(1).randbytes(100_000), "evidence/x.png") == set()


def test_a_short_pass_phrase_is_found_whole_and_a_tiny_one_is_told_of():
    guarded = Guarded(secrets=(Hidden("pass", Secret("FAKEpw1")), Hidden("tiny", Secret("1234"))))
    assert rules({"a.txt": b"xFAKEpw1x"}, guarded) == {("a.txt", "secret")}
    assert guarded.unsearched == ("tiny",)


def test_a_private_key_is_found_by_any_line_but_not_by_what_all_keys_share():
    body = base64.b64encode(
        bytes.fromhex("302e020100300506032b657004220420") + random.Random(2).randbytes(32)
    ).decode()
    pem = f"-----BEGIN {'PRIVATE'} KEY-----\n{body}\n-----END {'PRIVATE'} KEY-----\n"
    guarded = Guarded(secrets=(Hidden("pem", Secret(pem)),))
    assert rules({"a.txt": body[30:45].encode()}, guarded) == {("a.txt", "secret")}
    assert rules({"a.txt": body[:20].encode()}, guarded) == set()


def test_an_access_key_is_found_only_as_a_whole():
    assert found("FAKEACCESSKEYID0123456789") == {"key id"}
    assert found("FAKEACCESSKEYID01234567") == set()


IN_ROWS = {
    SECRET[4:16]: ("secret", "bot1 secret"),
    "quoting at Bybit": ("other venue", "bybit"),
    "바이비트와 헤지": ("other venue", "바이비트"),
    "moved from upbit-sg": ("other venue", "upbit-sg"),
    OTHER_KEY: ("other venue", OTHER_KEY[:12]),
    "hedge of HEDGE-7": ("other venue", "hedge-7"),
    "의심거래보고 검토": ("tipping off", "의심거래보고"),
    "STR filed": ("tipping off", "STR"),
}


def test_what_stands_in_a_row_is_found_in_all_reading_copies():
    made = with_keys(len(IN_ROWS))
    for row, text in zip(made.derived["register"], IN_ROWS, strict=True):
        row["purpose"] = text
    hits = check(copies.render(made), FIRM)
    for entry in (copies.PDF, copies.XLSX, copies.CSV):
        assert {(hit.rule, hit.what) for hit in hits if hit.entry == entry} == set(IN_ROWS.values())
    assert {hit.entry for hit in hits} == {copies.PDF, copies.XLSX, copies.CSV}


def test_words_that_only_look_like_it_pass():
    made = content()
    made.derived["register"][0]["purpose"] = "MM-01 aggregate, Upbit, 업비트에서, str, bybits"
    assert check(copies.render(made), FIRM) == ()


def test_records_and_payloads_are_read_too():
    line = json.dumps({"body": {"purpose": f"x {SECRET[:12]}"}}).encode()
    assert rules({"logs/0f/venue/records.jsonl": line}) == {("logs/0f/venue/records.jsonl", "secret")}
    payload = base64.b64encode(b'{"reservations":["as told to Bybit"]}').decode()
    envelope = json.dumps({"payload": payload, "payloadType": "x", "signatures": []}).encode()
    assert rules({"statement.dsse.json": envelope}) == {("statement.dsse.json", "other venue")}


def test_titles_properties_and_streams_of_a_pdf_are_read():
    clean = pdf.render(content())
    with pikepdf.open(io.BytesIO(clean)) as file:
        file.docinfo["/Subject"] = f"ends {SECRET[3:20]}"
        file.make_stream(b"")
        file.Root.Hidden = file.make_stream(b"pad " + SECRET.encode())
        out = io.BytesIO()
        file.save(out, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    places = {hit.place for hit in check({copies.PDF: out.getvalue()}, FIRM) if hit.rule == "secret"}
    assert any(place == "strings" for place in places) and any(place.startswith("object") for place in places)


def test_what_cannot_be_read_does_not_leave():
    stream = b"1 0 obj<</Filter/LZWDecode/Length 3>>stream\nabc\nendstream endobj"
    assert found(b"%PDF-1.7\n" + stream) == {"unreadable"}
    broken = stream.replace(b"LZW", b"Flate")
    assert found(b"%PDF-1.7\n" + broken) == {"unreadable"}
    glyphs = zlib.compress(b"BT /f9 9 Tf <0001> Tj ET")
    head = b"2 0 obj<</Filter/FlateDecode/Length %d>>stream\n" % len(glyphs)
    assert found(b"%PDF-1.7\n" + head + glyphs + b"\nendstream endobj") == {"unreadable"}
    assert found(b"PK\x03\x04 nothing") == {"unreadable"}
    assert found(b"{}", "statement.dsse.json") == {"unreadable"}


def test_properties_and_comments_of_a_workbook_are_read():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook.render(content()))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = data.replace(
                    b"</cp:core", f"<dc:subject>{SECRET[:6]}<b/>{SECRET[6:14]}</dc:subject></cp:core".encode()
                )
            new.writestr(name, data, zipfile.ZIP_DEFLATED)
    assert rules({copies.XLSX: out.getvalue()}) == {(copies.XLSX, "secret")}


def test_the_scanner_is_asked_and_hashes_of_the_format_are_not_secrets(clean):
    root = json.loads(clean["derived.json"])["register"][0]["key"]
    scan = lambda entry, data: [("rule.x", one) for one in (root, "tok_FAKE") if one.encode() in data]  # noqa: E731
    assert rules(clean, FIRM, scan) == set()
    assert rules(clean | {"evidence/a.txt": b"tok_FAKE"}, FIRM, scan) == {("evidence/a.txt", "rule.x")}


def test_the_scanners_own_rules_find_a_token_on_a_page_and_nothing_in_an_honest_export(clean):
    engine = Engine()

    def scan(entry: str, data: bytes) -> list[tuple[str, str]]:
        return [(one.rule, part.value.reveal()) for one in engine.scan(data, entry) for part in one.parts]

    assert check(clean, FIRM, scan) == ()
    made = content()
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    made.derived["register"][0]["purpose"] = "ghp_" + "".join(random.Random(4).choices(letters, k=36))
    hits = {hit.entry for hit in check(copies.render(made), FIRM, scan)}
    assert hits == {copies.PDF, copies.XLSX, copies.CSV}


def test_a_hit_never_quotes_the_secret():
    hits = check({"a.txt": SECRET.encode()}, FIRM)
    assert hits and SECRET[:12] not in repr(hits) and SECRET not in repr(FIRM)


def test_an_auditor_may_read_of_all_venues():
    made = content()
    made.derived["register"][0]["purpose"] = "at Bybit"
    assert check(copies.render(made), Guarded(secrets=FIRM.secrets)) == ()


def test_a_map_of_ranges_is_understood():
    cmap = b"begincmap 1 beginbfrange <0001> <0005> <0042> endbfrange endcmap"
    page = b"BT /f1 9 Tf <000100020003> Tj ET"
    font = b"1 0 obj<</Font<</f1 2 0 R>>>>endobj 2 0 obj<</ToUnicode 3 0 R>>endobj "
    parts = [b"%d 0 obj<<>>stream\n%s\nendstream endobj " % item for item in ((3, cmap), (4, page))]
    guarded = Guarded(other_names=frozenset(("BCD",)))
    assert rules({"x.pdf": b"%PDF-1.7\n" + font + b"".join(parts)}, guarded) == {("x.pdf", "other venue")}
