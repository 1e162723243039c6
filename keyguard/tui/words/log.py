"""Texts of the log."""

TEXTS = {
    "number": ("no", "번호"),
    "at": ("at (UTC)", "시각 (UTC)"),
    "stream": ("stream", "흐름"),
    "type": ("what", "내용"),
    "body": ("of", "상세"),
    "count": ("{shown} of {all} records", "기록 {all}건 중 {shown}건"),
    "none": ("No record.", "기록이 없습니다."),
    "hint": ("any word of a record: a venue, a type, a person …", "기록의 단어: 거래소, 종류, 사람 …"),
    "search": ("Search", "검색"),
    "verify": ("Verify", "검증"),
    "clear": ("All records", "모든 기록"),
    "verify_title": ("Verify the log", "로그 검증"),
    "verifying": ("verifying {bar} {n} of {all}", "검증 중 {bar} {all}건 중 {n}건"),
    "right": (
        "{n} records match, from the first on · chain {chain}…",
        "기록 {n}건 일치 · 체인 {chain}…",
    ),
    "wrong": ("The log does NOT match after {n} records.", "기록 {n}건 이후 로그가 일치하지 않습니다."),
}
