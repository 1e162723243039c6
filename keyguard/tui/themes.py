"""Themes: dark, light, high contrast, and without colour. Meaning never hangs on colour alone."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="keyguard-dark",
    primary="#4f9dde",
    secondary="#7aa2c9",
    accent="#e0af68",
    warning="#e5b567",
    error="#f0676f",
    success="#7fc98a",
    foreground="#d6dbe5",
    background="#12161d",
    surface="#171c25",
    panel="#222a36",
    dark=True,
)
LIGHT = Theme(
    name="keyguard-light",
    primary="#1f5fa8",
    secondary="#3d6d9e",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3202a",
    success="#1d6b34",
    foreground="#1b2027",
    background="#fbfbf9",
    surface="#f3f4f2",
    panel="#dfe4ea",
    dark=False,
)
CONTRAST = Theme(
    name="keyguard-contrast",
    primary="#00e5ff",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffff00",
    error="#ff6b6b",
    success="#00ff66",
    foreground="#ffffff",
    background="#000000",
    surface="#121212",  # beside it a pane that tells more is seen to be one
    panel="#262626",
    dark=True,
    text_alpha=1.0,
)
PLAIN = Theme(
    name="keyguard-plain",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffffff",
    warning="#ffffff",
    error="#ffffff",
    success="#ffffff",
    foreground="#ffffff",
    background="#000000",
    surface="#181818",
    panel="#303030",
    dark=True,
    text_alpha=1.0,
)

THEMES = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST, "plain": PLAIN}
"""By the name that words, options and the palette use."""
