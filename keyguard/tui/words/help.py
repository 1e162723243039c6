"""Texts of the help."""

TEXTS = {
    "keys": ("Keys here", "이 화면의 키"),
    "places": ("Screens", "화면"),
    "origins": (
        "Facts: as they stand the venue reported them; ~ inferred from answers; (declared) said by a person;"
        " ? nobody knows.",
        "사실의 출처: 표시 없음은 거래소 보고, ~는 응답에서 추론, (선언)은 사람의 말, ?는 알 수 없음입니다.",
    ),
}
