"""Texts of tables."""

TEXTS = {
    "up": ("Up", "위로"),
    "down": ("Down", "아래로"),
    "page_up": ("A page up", "한 쪽 위로"),
    "page_down": ("A page down", "한 쪽 아래로"),
    "first": ("First", "처음"),
    "last": ("Last", "마지막"),
    "open": ("Open", "열기"),
}
