"""The statement's sentences, Korean and English (KGA/1 §12.2). The Korean text needs a lawyer's review before
its first use; the firm's counsel may have other wording, which then stands in the statement as it is signed.

A sentence that findings contradict is not offered as it is: it is confirmed only outside the reservations
that name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_CONTRADICT = {
    1: frozenset({"F11"}),
    2: frozenset({"F06", "F12", "F16"}),
    3: frozenset({"F07", "F13", "F21"}),
}
"""Which findings contradict which sentence."""

_OPENING = {
    "en": (
        "I am {title} of {firm}. After reasonable enquiry and to the best of my knowledge I confirm for the "
        "period {period}, subject to the reservations listed: "
    ),
    "ko": (
        "본인은 {firm}의 {title}으로서, 대상 기간({period}) 중 당사가 {venue}에 보유한 API 키의 "
        "접근통제에 관하여 합리적인 조사를 거쳐 본인이 아는 범위에서, 기재된 유보 사항을 제외하고 다음과 "
        "같이 확인합니다. "
    ),
}
_SENTENCES = {
    "en": (
        "the register contains every API key that existed in the firm's accounts at {venue}",
        "each key was used only for the recorded purpose by the recorded persons, and was not lent, "
        "transferred to or shared with anyone else",
        "access of affiliates, service providers and contractors rests on a valid contract and approval and "
        "was removed without delay when that ended",
        "all known incidents, suspicions of improper sharing and exceptions are stated here",
        "this statement rests on the electronic records identified by the hash values below, which the "
        "recipient can verify independently",
    ),
    "ko": (
        "등록부에는 해당 기간 중 당사 명의 계정에 존재한 모든 API 키가 빠짐없이 기재되어 있습니다",
        "각 키는 기재된 용도로 기재된 자만이 사용하였으며, 그 외의 자에게 대여·양도·공유하지 아니하였습니다",
        "계열사·수탁사·계약직 등 외부자의 접근권한은 유효한 계약과 승인에 근거하였고, 그 사유가 종료된 때 "
        "지체 없이 말소하였습니다",
        "당사가 인지한 침해사고, 부정 대여·공유 의심 건 및 예외 승인 사항은 모두 본 확인서에 기재하였습니다",
        "본 확인서는 아래 해시값으로 특정되는 전자기록에 근거하며, 수신 기관은 이를 독립적으로 검증할 수 "
        "있습니다",
    ),
}
_EVERY_VENUE = {"en": "every venue in the records shown", "ko": "제시된 기록상의 모든 거래소"}
"""What stands for the venue where the recipient is none."""

_QUALIFIED = {
    "en": "not confirmed without reservation: see the reservations on {codes}",
    "ko": "유보 없이 확인하지 아니합니다: {codes}에 관한 유보 사항을 참조하시기 바랍니다",
}
_RESERVATION = "({number}) {codes}: 점검 결과에 미비 사항이 있어 유보 없이 확인하지 아니함 · open findings"


def blocked(derived: Mapping[str, Any]) -> dict[int, tuple[str, ...]]:
    """The numbers of the sentences that findings or open incidents contradict, with what does."""
    found = {row["code"] for one in _parts(derived) for row in one["findings"]}
    contradicted = {number: sorted(codes & found) for number, codes in _CONTRADICT.items()}
    if any(_suspected(one) for one in _parts(derived)):
        contradicted[2].append("suspected_sharing")
    return {number: tuple(codes) for number, codes in contradicted.items() if codes}


def sentence(language: str, number: int, predicate: Mapping[str, Any], about: str = "") -> str:
    """One sentence as it stands where nothing contradicts it."""
    venue = about or _venue(language, predicate)
    return f"({number}) " + _SENTENCES[language][number - 1].format(venue=venue)


def statement(
    language: str,
    predicate: Mapping[str, Any],
    contradicted: Mapping[int, Iterable[str]],
    *,
    period: str,
    about: str = "",
) -> str:
    """The whole text; `period` as people read it, with its last day included. `about`: the venue, where the
    predicate names none (a summary)."""
    local = language == "ko"
    firm, officer = predicate["firm"], predicate["officer"]
    opening = _OPENING[language].format(
        title=officer["title_local" if local else "title_latin"],
        firm=firm["name_local" if local else "name_latin"],
        period=period,
        venue=about or _venue(language, predicate),
    )
    said = [
        f"({number}) " + _QUALIFIED[language].format(codes=", ".join(contradicted[number]))
        if number in contradicted
        else sentence(language, number, predicate, about)
        for number in range(1, 6)
    ]
    separator, end = ("; ", ".") if language == "en" else (". ", ".")
    return opening + separator.join(said) + end


def reservations(contradicted: Mapping[int, Iterable[str]]) -> list[str]:
    """The reservations that the tool itself puts in."""
    return [
        _RESERVATION.format(number=number, codes=", ".join(codes))
        for number, codes in sorted(contradicted.items())
    ]


def _suspected(derived: Mapping[str, Any]) -> bool:
    return any(one["class"] == "suspected_sharing" and one["closed"] is None for one in derived["incidents"])


def _parts(derived: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(derived["venues"].values()) if "venues" in derived else [derived]


def _venue(language: str, predicate: Mapping[str, Any]) -> str:
    recipient = predicate["recipient"]
    return _EVERY_VENUE[language] if recipient["venue"] is None else str(recipient["name"])
