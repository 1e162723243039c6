"""Texts of work that is under way."""

TEXTS = {
    "stage_running": ("working", "진행 중"),
    "stage_asking": ("waits for you", "입력 대기"),
    "stage_done": ("done", "완료"),
    "stage_failed": ("stands still", "중단됨"),
    "done": ("Done", "완료"),
    "back": ("Back to the list", "목록으로"),
    "page": ("open {page}", "{page} 열기"),
    "ask_tick": ("Enter when step {now} of {of} is done.", "{of}단계 중 {now}단계를 마치면 Enter."),
    "ask_confirm": ("Enter when all of it is done.", "모두 마치면 Enter."),
    "ask_part": (
        "Paste part {now} of {of}: {part}. It is not shown. Enter takes it.",
        "{of}개 중 {now}번째 항목 붙여넣기: {part}. 화면에 표시되지 않습니다. Enter로 입력.",
    ),
    "ask_passphrase": (
        "The store is locked: enter its passphrase. It is not shown.",
        "저장소가 잠겨 있습니다. 암호를 입력하세요. 화면에 표시되지 않습니다.",
    ),
}
