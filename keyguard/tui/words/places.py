"""Names of the screens, and what each is for."""

TEXTS = {
    "home": ("Home", "홈"),
    "home_help": (
        "What needs somebody now, the worst first. Enter opens it, the key beside it starts the fix.",
        "지금 조치가 필요한 일을 심각한 순서로 보여 줍니다. Enter로 열고, 옆의 키로 조치를 시작합니다.",
    ),
    "keys": ("Keys", "키"),
    "keys_help": (
        "Every key of every desk. Type / to filter, v to group; Enter opens the key's page.",
        "모든 데스크의 모든 키입니다. /로 거르고 v로 묶으며, Enter로 키 화면을 엽니다.",
    ),
    "rotations": ("Rotations", "교체"),
    "rotations_help": (
        "Rotations and other journalled work, each with where it stands.",
        "교체와 기록된 작업의 진행 상태입니다.",
    ),
    "findings": ("Findings", "발견"),
    "findings_help": (
        "Leaks and broken rules: adopt, rotate, accept or close.",
        "유출과 규칙 위반: 편입, 교체, 수용, 종료.",
    ),
    "people": ("People", "사람"),
    "people_help": (
        "Who may use which key, from when until when.",
        "누가 어떤 키를 언제부터 언제까지 쓸 수 있는지.",
    ),
    "radar": ("Radar", "일정"),
    "radar_help": ("Everything that ends, by date.", "끝나는 모든 것을 날짜순으로."),
    "log": ("Log", "로그"),
    "log_help": ("The audit log: tail, search, verify.", "감사 로그: 최근 기록, 검색, 검증."),
    "attest": ("Attest", "증명"),
    "attest_help": ("Evidence for a venue or an auditor.", "거래소나 감사인에게 줄 증빙."),
    "reviews": ("Reviews", "검토"),
    "reviews_help": (
        "Is every grant still needed? Open a desk's review, answer its items; approve what waits.",
        "모든 권한이 아직 필요한지 데스크별로 검토하고 답하며, 두 번째 승인을 기다리는 일에 답합니다.",
    ),
    "incidents": ("Incidents", "사고"),
    "incidents_help": (
        "What went wrong, and what was done about it.",
        "무엇이 잘못되었고 어떻게 조치했는지.",
    ),
    "panic": ("Panic", "비상"),
    "panic_help": ("Revoke everything at once, in two steps.", "두 단계로 모든 키를 한꺼번에 폐기."),
}
