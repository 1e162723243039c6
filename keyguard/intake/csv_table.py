"""Tables: a header in any order and spelling, separated by commas, semicolons or tabs.

Headers are compared without case, spaces, dashes, dots, brackets and what stands in them: `API Key`,
`api_key`, `apiKey` and `Access Key (공개)` are told apart by their words alone. The Korean ones are those of
Korean venues' pages and of desks' own lists. A column that is none of these is refused by its number, since
it may hold a secret that nobody would see; what is known to be none is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from keyguard.intake.candidates import FIELDS, Candidate
from keyguard.intake.credentials import assemble
from keyguard.intake.problems import ambiguous, malformed
from keyguard.intake.reading import Text
from keyguard.intake.references import is_reference
from keyguard.intake.venues import venue_id

_MEANINGS = {
    "venue": "venue exchange platform 거래소 거래소명",
    "label": "label name keyname apikeyname apiname alias 이름 키이름 별칭 라벨 용도명",
    "desk": "desk team group 데스크 팀 부서",
    "key": (
        "key apikey accesskey apiaccesskey keyid apikeyid accesskeyid publickey clientid appkey connectkey "
        "키 api키 액세스키 엑세스키 접근키 공개키 연결키 openapiaccesskey accesskey공개"
    ),
    "secret": (
        "secret secretkey apisecret apisecretkey clientsecret appsecret openapisecretkey "
        "시크릿 시크릿키 비밀키 보안키 api시크릿 api비밀키"
    ),
    "passphrase": "passphrase apipassphrase password apipassword 패스프레이즈 비밀문구 비밀번호 암호",
    "private_key": "privatekey rsaprivatekey ed25519privatekey 개인키 개인키pem",
}
_KNOWN = {word: meaning for meaning, words in _MEANINGS.items() for word in words.split()}
_PASSED = frozenset(
    (
        "permission permissions scope scopes ip ips ipaddress allowedip allowedips ipwhitelist whitelist "
        "created createdat creationdate createtime expires expiresat expiry expirationdate validuntil status "
        "state "
        "enabled note notes comment remark account accountid subaccount uid type no id "
        "권한 허용기능 허용ip ip주소 허용ip주소 등록일 발급일 발급일시 생성일 생성일시 만료일 만료일시 "
        "유효기간 "
        "상태 비고 설명 계정 번호 순번"
    ).split()
)
_NOISE = re.compile(r"\([^)]*\)|\[[^]]*\]|[\s_.\-/:*]+")
_NOTHING = "passed over"
_KOREAN = {
    "업비트": "upbit",
    "빗썸": "bithumb",
    "코인원": "coinone",
    "코빗": "korbit",
    "고팍스": "gopax",
    "바이낸스": "binance",
    "바이비트": "bybit",
    "비트겟": "bitget",
}
_SEPARATORS = (",", ";", "\t")
_END = re.compile(r"\r?\n|\Z")


@dataclass(frozen=True, slots=True)
class _Cell:
    value: str = field(repr=False)
    line: int
    start: int
    end: int


def matches(source: Text) -> bool:
    """Whether the first line is the header of such a table: a key's column, and a venue's or a secret's."""
    words = {_meaning(cell) for cell in _first_line(source).split(_separator(source))}
    return "key" in words and bool(words & {"venue", "secret", "private_key"})


def read(source: Text, venue: str = "") -> tuple[Candidate, ...]:
    """A credential for each row; rows of references are passed over. `venue`: of rows that name none."""
    rows = _rows(source)
    header = [_meaning(cell.value) for cell in rows[0]] if rows else []
    for number, name in enumerate(header, start=1):
        if not name:
            hint = f"known: {', '.join(_MEANINGS)} and their usual spellings; take the column out"
            raise malformed(source.path, 1, f"column {number} is of an unknown kind", hint=hint)
        if name != _NOTHING and header.index(name) != number - 1:
            raise ambiguous(source.path, 1, f"has the column {name} twice")
    if "key" not in header:
        raise malformed(source.path, 1, "the header has no column for the key")
    if "venue" not in header and not venue:
        hint = "name it: --venue upbit; or add a column `venue`"
        raise malformed(source.path, 1, "the header does not say of which venue the keys are", hint=hint)
    found = []
    for row in rows[1:]:
        if len(row) != len(header):
            raise malformed(source.path, row[0].line, f"has {len(row)} cells, the header has {len(header)}")
        candidate = _candidate(source, dict(zip(header, row, strict=True)), row[0].line, venue)
        found.extend([candidate] if candidate else [])
    return tuple(found)


def _candidate(source: Text, row: dict[str, _Cell], line: int, venue: str) -> Candidate | None:
    cells = {name: row[name] for name in FIELDS if name in row and row[name].value}
    if any(is_reference(cell.value) for cell in cells.values()):
        return None
    named = row["venue"].value.strip() if "venue" in row else ""
    venue = venue_id(_KOREAN.get(named, named)) if named else venue
    if not venue:
        raise malformed(source.path, line, "the venue is not a name")
    credential = assemble({name: cell.value for name, cell in cells.items()}, f"{source.path}:{line}")
    places = tuple(source.place(name, cell.start, cell.end) for name, cell in cells.items())
    label, desk = (row[name].value.strip() if name in row else "" for name in ("label", "desk"))
    return Candidate(venue, label, desk, credential, places)


def _meaning(header: str) -> str:
    """What a column holds; `_NOTHING` for what is passed over, "" for what is unknown."""
    words = _NOISE.sub("", header.strip().strip('"').lower())
    return _KNOWN.get(words, _NOTHING if words in _PASSED else "")


def _first_line(source: Text) -> str:
    return source.text.split("\n", 1)[0][:4000].rstrip("\r")


def _separator(source: Text) -> str:
    """The one that stands most often in the header."""
    return max(_SEPARATORS, key=_first_line(source).count)


def _rows(source: Text) -> list[list[_Cell]]:
    text, at, separator = source.text, 0, _separator(source)
    quoted_cell = re.compile(rf'"([^"]*+(?:""[^"]*+)*+)"(?=[{separator}\r\n]|\Z)')
    bare_cell = re.compile(rf'[^"{separator}\r\n]*+(?=[{separator}\r\n]|\Z)')
    rows: list[list[_Cell]] = []
    while at < len(text):
        row: list[_Cell] = []
        while True:
            line, quoted = source.line_at(at), text.startswith('"', at)
            match = (quoted_cell if quoted else bare_cell).match(text, at)
            if not match:
                raise malformed(source.path, line, "is not a row of a table")
            value = match[1].replace('""', '"') if quoted else match[0]
            start, end = match.span(1) if quoted else match.span()
            row.append(_Cell(value, line, start, end))
            at = match.end()
            if text[at : at + 1] != separator:
                break
            at += 1
        newline = _END.match(text, at)
        if not newline:
            raise malformed(source.path, source.line_at(at), "has a bare carriage return")
        at = newline.end()
        if len(row) > 1 or row[0].value.strip():
            rows.append(row)
    return rows
