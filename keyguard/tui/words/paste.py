"""Texts of the field that secrets are pasted into."""

TEXTS = {
    "empty": ("paste here; it is not shown", "여기에 붙여넣으세요. 화면에 표시되지 않습니다"),
    "done": ("Take it", "입력 완료"),
    "clear": ("Empty the field", "지우기"),
    "shorten": ("Take the last part away", "마지막 입력 지우기"),
    "refuse": ("Copying is refused", "복사 불가"),
    "refused": ("Nothing can be copied or cut from here.", "이 칸에서는 복사하거나 잘라낼 수 없습니다."),
    "too_long": ("Longer than any key: not taken.", "어떤 키보다도 길어 받지 않았습니다."),
}
