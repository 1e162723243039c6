"""Texts around every screen: bars, keys that work everywhere, what is said of daemon and database."""

TEXTS = {
    "reading": ("reading the home …", "홈을 읽는 중 …"),
    "simulated": ("SIMULATED", "모의 환경"),
    "read_only": ("READ ONLY", "읽기 전용"),
    "no_firm": ("firm not named", "회사명 미지정"),
    "utc": ("{time} UTC", "{time} UTC"),
    "daemon_running": ("daemon running", "데몬 실행 중"),
    "daemon_absent": ("no daemon", "데몬 없음"),
    "daemon_locked": ("store locked", "저장소 잠김"),
    "daemon_version": ("other daemon version", "데몬 버전 다름"),
    "daemon_slow": ("daemon slow", "데몬 응답 지연"),
    "daemon_broken": ("daemon unusable", "데몬 사용 불가"),
    "daemon_unasked": ("daemon …", "데몬 …"),
    "notice_absent": (
        "The daemon is not running: hand-outs to bots and watching stand still. keyguard daemon start",
        "데몬이 실행되고 있지 않아 봇에 키를 내주거나 감시하지 않습니다. keyguard daemon start",
    ),
    "notice_locked": (
        "The store is locked: no key is handed out; leases run on. keyguard store unlock",
        "저장소가 잠겨 새로 키를 내주지 않습니다. 기존 대여는 유지됩니다. keyguard store unlock",
    ),
    "notice_version": (
        "The daemon has version {version}, this is {ours}. keyguard daemon stop && keyguard daemon start",
        "데몬 버전은 {version}, 이 화면은 {ours}입니다. keyguard daemon stop && keyguard daemon start",
    ),
    "notice_slow": (
        "The daemon does not answer; asked again by itself.",
        "데몬이 응답하지 않아 다시 묻고 있습니다.",
    ),
    "notice_broken": ("The daemon cannot be asked: {why}", "데몬에 물을 수 없습니다: {why}"),
    "notice_database": (
        "{what}. Shown is what was read at {time} UTC; read again by itself.",
        "{what}. {time} UTC에 읽은 내용을 보여 주며, 자동으로 다시 읽습니다.",
    ),
    "notice_unread": ("{what}. Tried again by itself. {hint}", "{what}. 자동으로 다시 시도합니다. {hint}"),
    "key_palette": ("Commands", "명령"),
    "key_help": ("Help", "도움말"),
    "key_lock": ("Lock", "잠금"),
    "key_quit": ("Quit", "종료"),
    "quit_by": ("Nothing was copied. Ctrl+Q ends keyguard.", "복사하지 않았습니다. 종료는 Ctrl+Q."),
}
