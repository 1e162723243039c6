"""Texts of the lock."""

TEXTS = {
    "title": ("keyguard is locked", "keyguard가 잠겨 있습니다"),
    "press": ("Press Enter to come back.", "Enter를 누르면 돌아갑니다."),
    "passphrase": ("Enter the passphrase of the store to come back.", "돌아가려면 저장소 암호를 입력하세요."),
    "trying": ("Trying …", "확인 중 …"),
    "wrong": ("That is not the passphrase of the store.", "저장소 암호가 아닙니다."),
    "back": ("Come back", "돌아가기"),
}
