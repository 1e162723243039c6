"""Texts of the panic screen."""

TEXTS = {
    "which": ("what", "대상"),
    "keys": ("keys", "키"),
    "kind_all": ("EVERY KEY", "모든 키"),
    "kind_desk": ("desk {name}", "데스크 {name}"),
    "kind_venue": ("venue {name}", "거래소 {name}"),
    "kind_person": ("person {name}", "사람 {name}"),
    "choose": (
        "What is in danger? Enter shows exactly what would be ended; nothing is ended by looking.",
        "무엇이 위험한가요? Enter를 누르면 폐기될 키를 그대로 보여 줍니다. 보기만 해서는 폐기되지 않습니다.",
    ),
    "nothing": (
        "No such key lives, as far as keyguard knows.",
        "keyguard가 아는 한 살아 있는 키가 없습니다.",
    ),
    "key": ("key", "키"),
    "can": ("can", "권한"),
    "how": ("how it ends", "폐기 방법"),
    "handed_out": ("in use", "사용 중"),
    "how_api": ("by API, at once", "API로 즉시"),
    "how_person": ("ONLY BY A PERSON", "사람만 가능"),
    "how_sign_in": ("signed out by hand", "직접 로그아웃"),
    "how_busy": ("other work holds it", "다른 작업 진행 중"),
    "plan": (
        "{which}: {n} keys die, {api} by API, {person} only by a person · reason: {reason}",
        "{which}: {n}개 키 폐기, API로 {api}개, 사람만 가능 {person}개 · 사유: {reason}",
    ),
    "simulated": (
        "All these venues are simulated: this is a rehearsal.",
        "모두 모의 거래소입니다. 이것은 연습입니다.",
    ),
    "simulated_one": ("{venue} is simulated here.", "{venue}: 모의 거래소입니다."),
    "handouts_end": (
        "Hand-outs of all of them end first. Orders and positions stay as they are.",
        "먼저 모든 키의 반출을 끝냅니다. 주문과 포지션은 그대로 남습니다.",
    ),
    "instead": ("Instead: {command}", "대신: {command}"),
    "next": (
        "Enter: the second step · r: another reason · m: a manager key · Esc: back",
        "Enter: 두 번째 단계 · r: 다른 사유 · m: 관리 키 · Esc: 뒤로",
    ),
    "type": (
        "SECOND STEP. To end {n} keys type their number, {n}, and press Enter. Esc: back",
        "두 번째 단계. {n}개 키를 폐기하려면 그 수 {n}을(를) 입력하고 Enter를 누르세요. Esc: 뒤로",
    ),
    "wrong_number": (
        "That is not their number. Nothing was ended.",
        "개수가 다릅니다. 폐기된 키는 없습니다.",
    ),
    "passphrase": (
        "The store is locked: enter its passphrase to go on. Esc: back",
        "저장소가 잠겨 있습니다. 계속하려면 암호를 입력하세요. Esc: 뒤로",
    ),
    "trying": ("Trying the passphrase …", "암호 확인 중 …"),
    "wrong_passphrase": (
        "That is not the passphrase of the store. Nothing was ended.",
        "저장소 암호가 아닙니다. 폐기된 키는 없습니다.",
    ),
    "count": (
        "{n} keys die in {s} s.   Esc stops it.",
        "{s}초 뒤 {n}개 키를 폐기합니다.   Esc로 멈춥니다.",
    ),
    "stopped": ("Stopped. Nothing was ended.", "멈췄습니다. 폐기된 키는 없습니다."),
    "running": (
        "ENDING: {done} of {n} dead. Quitting does not stop it.",
        "폐기 중: {n}개 가운데 {done}개 확인. 종료해도 멈추지 않습니다.",
    ),
    "state": ("state", "상태"),
    "state_waiting": ("waits its turn", "차례 대기"),
    "state_revoked": ("revoked, not proven", "폐기, 확인 전"),
    "state_dead": ("proven dead", "폐기 확인"),
    "state_taken": ("taken for dead", "폐기된 것으로 봄"),
    "state_lives": ("LIVES", "살아 있음"),
    "over": ("{dead} of {n} keys are dead.", "{n}개 키 가운데 {dead}개가 폐기되었습니다."),
    "times": (
        "Hand-outs ended after {handouts} s, last revocation {revoked} s, last proof {proven} s.",
        "반출 종료 {handouts}초, 마지막 폐기 {revoked}초, 마지막 확인 {proven}초 뒤.",
    ),
    "left": (
        "{n} need a person NOW, worst first. Esc: back to the choice",
        "지금 사람이 처리할 키 {n}개, 심각한 순서. Esc: 선택으로",
    ),
    "none_left": ("Nothing is left to do. Esc: back to the choice", "남은 일이 없습니다. Esc: 선택으로"),
    "then": ("then: {command}", "그다음: {command}"),
    "failed": ("NOT DONE: {why}", "실행되지 않음: {why}"),
    "read_only": (
        "This view is read-only: it ends nothing. On the desk's machine: keyguard panic",
        "읽기 전용 화면이라 폐기할 수 없습니다. 데스크 컴퓨터에서: keyguard panic",
    ),
    "back": ("Back, stop", "뒤로, 멈춤"),
    "manager": ("Manager key", "관리 키"),
    "managed": ("ended with what manages their accounts: {names}", "계정 관리 키로 폐기: {names}"),
    "ask_managers": (
        "keys that manage others, by name, with commas between",
        "다른 키를 관리하는 키의 이름, 쉼표로 구분",
    ),
    "text_managers": (
        "Where a venue does not tell which key manages others (Binance), name it: the keys of its account"
        " then end by API.",
        "거래소가 관리 키를 알려 주지 않으면(Binance) 적어 주세요. 그 계정의 키를 API로 폐기합니다.",
    ),
    "no_manager": ("No key is called {name}.", "{name} 키가 없습니다."),
    "reason": ("Other reason", "다른 사유"),
    "reason_schedule": ("schedule", "정기"),
    "reason_leaver": ("leaver", "퇴사자"),
    "reason_suspicion": ("suspicion", "의심"),
    "reason_leak": ("leak", "유출"),
    "reason_venue_request": ("venue request", "거래소 요청"),
    "reason_scope_change": ("scope change", "권한 변경"),
    "reason_other": ("other", "기타"),
}
