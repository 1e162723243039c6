"""Texts of the palette."""

TEXTS = {
    "title": ("Commands", "명령"),
    "hint": ("type a screen, a key, an action …", "화면, 키, 동작 이름을 입력하세요 …"),
    "close": ("Close", "닫기"),
    "screen": ("screen", "화면"),
    "key": ("key", "키"),
    "action": ("here", "이 화면"),
    "setting": ("setting", "설정"),
    "everywhere": ("everywhere", "어디서나"),
    "theme_dark": ("theme: dark", "테마: 어둡게"),
    "theme_light": ("theme: light", "테마: 밝게"),
    "theme_contrast": ("theme: high contrast", "테마: 고대비"),
    "theme_plain": ("theme: without colour", "테마: 무채색"),
    "language_en": ("language: English", "언어: English"),
    "language_ko": ("language: 한국어 (Korean)", "언어: 한국어"),
}
