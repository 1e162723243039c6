"""Texts of forms."""

TEXTS = {
    "before": ("The one before", "이전 항목"),
    "next": ("The next one", "다음 항목"),
    "leave": ("Leave", "닫기"),
    "go_on": ("Go on", "계속"),
    "at_once": ("Do it", "바로 실행"),
    "yes": ("Yes, do it", "예, 실행"),
    "how": (
        "Enter: on, and at the last field do it · Ctrl+S: do it · ‹ › by left and right · Esc: leave it",
        "Enter: 다음, 마지막 칸에서는 실행 · Ctrl+S: 바로 실행 · ‹ ›는 좌우 키로 선택 · Esc: 닫기",
    ),
    "danger": ("y: do it · Esc: leave it", "y: 실행 · Esc: 닫기"),
    "read_only": (
        "This view only reads: it changes nothing.",
        "이 화면은 읽기 전용이며 아무것도 바꾸지 않습니다.",
    ),
}
