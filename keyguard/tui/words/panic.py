"""Texts of panic."""

TEXTS = {
    "key": ("key", "키"),
    "can": ("may", "권한"),
    "becomes": ("becomes", "결과"),
    "scope": ("Which keys", "대상 선택"),
    "panic": ("End them", "폐기"),
    "stop": ("Stop", "멈춤"),
    "title": ("PANIC: end keys at once", "비상: 키 일괄 폐기"),
    "text": (
        "Next you see exactly what would die. Nothing is done yet.",
        "다음 화면에서 폐기될 키를 정확히 보여 줍니다. 아직 아무것도 하지 않습니다.",
    ),
    "which": ("which keys", "대상"),
    "name": ("name of desk, venue or person (all: leave empty)", "데스크, 거래소, 사람 이름(전체면 비움)"),
    "no_name": ("Name the desk, venue or person.", "데스크, 거래소 또는 사람을 입력하세요."),
    "scope_all": ("all keys", "모든 키"),
    "scope_desk": ("desk", "데스크"),
    "scope_venue": ("venue", "거래소"),
    "scope_person": ("person", "사람"),
    "looking": ("Looking what would die", "폐기될 키 확인"),
    "nothing": (
        "Nothing is chosen. s: choose which keys · P: end them, after a countdown",
        "선택된 키가 없습니다. s: 대상 선택 · P: 카운트다운 후 폐기",
    ),
    "first": ("First choose which keys: s", "먼저 s로 대상을 선택하세요."),
    "meaning": (
        "{scope}: these {keys} keys at {venues} venues die for good, in this order. P goes on.",
        "{scope}: 거래소 {venues}곳의 키 {keys}개가 이 순서로 영구 폐기됩니다. P로 진행합니다.",
    ),
    "sure": (
        "type how many keys die ({n}) to begin the countdown",
        "폐기될 키 수({n})를 입력하면 시작",
    ),
    "not_sure": ("Not that number: nothing was done.", "숫자가 달라 아무것도 하지 않았습니다."),
    "counting": (
        "{keys} keys die in {n} s. Esc stops it.",
        "{n}초 후 키 {keys}개가 폐기됩니다. Esc로 중지.",
    ),
    "stopped": ("Stopped. Nothing was done.", "멈췄습니다. 아무것도 하지 않았습니다."),
    "outcome": (
        "{dead} proven dead · {unproven} revoked, not proven · {alive} still alive: a person must act now",
        "폐기 확인 {dead}개 · 폐기 요청 {unproven}개(미확인) · 유효 {alive}개: 직접 조치 필요",
    ),
    "dies": ("dies", "폐기됨"),
    "last": ("dies last: it ends the others", "마지막에 폐기: 다른 키를 폐기함"),
    "dead": ("dead, proven", "폐기 확인"),
    "dead_inferred": ("dead, ~ inferred", "폐기됨, ~ 추론"),
    "unproven": ("revoked, not proven", "폐기 요청, 미확인"),
    "alive": ("ALIVE", "유효"),
}
