"""Go's patterns (RE2) as Python's, as far as both mean the same.

RE2 takes linear time whatever is asked; Python does not, so `*` and `+` become bounded repeats.
"""

from __future__ import annotations

import re

ENDLESS = 120
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_OPEN = re.compile(r"\{(\d{1,4}),\}")
_POSIX = {
    "alnum": "A-Za-z0-9", "alpha": "A-Za-z", "digit": "0-9", "lower": "a-z", "upper": "A-Z",
    "xdigit": "0-9A-Fa-f", "word": r"\w", "space": r"\s", "punct": r"!-/:-@\[-`{-~",
}  # fmt: skip
_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{1,2})\}")


def translated(pattern: str, group: int | None = None) -> str:
    """The pattern for `re`; with `group` that group (0: the whole, or the first there is) is named `secret`.

    ValueError says what has no counterpart.
    """
    out: list[str] = []
    groups = 0
    wanted = group or 1
    open_flags = [0]  # inline flags that end with the group they stand in
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            piece, at = _escape(pattern, at)
            out.append(piece)
        elif char == "[":
            piece, at = _class(pattern, at)
            out.append(piece)
        elif char == "(":
            if pattern.startswith("(?", at) and not pattern.startswith(("(?P<", "(?<", "(?:"), at):
                flags = _FLAGS.match(pattern, at)
                if not flags or "U" in flags[0]:
                    raise ValueError(f"{pattern[at : at + 6]!r} has no counterpart")
                words = flags[1] + (f"-{flags[2]}" if flags[2] else "")
                at = flags.end()
                out.append(f"(?{words}:" if words else "(?:")
                if flags[3] == ")":
                    open_flags[-1] += 1
                else:
                    open_flags.append(0)
                continue
            open_flags.append(0)
            if pattern.startswith("(?:", at):
                out.append("(?:")
                at += 3
                continue
            groups += 1
            named = re.compile(r"\(\?P?<(\w+)>").match(pattern, at)
            ours = group is not None and groups == wanted
            out.append("(?P<secret>" if ours else "(?:" if named else "(")
            at = named.end() if named else at + 1
        elif char == ")":
            if len(open_flags) < 2:
                raise ValueError("its brackets do not match")
            out.append(")" * open_flags.pop() + ")")
            at += 1
        elif char in "*+":
            out.append(f"{{{int(char == '+')},{ENDLESS}}}")
            at += 1
        elif char == "{" and (endless := _OPEN.match(pattern, at)):
            out.append(f"{{{endless[1]},{int(endless[1]) + ENDLESS}}}")
            at = endless.end()
        else:
            out.append(char)
            at += 1
    out.append(")" * open_flags[0])
    if group is not None and not groups:
        if group:
            raise ValueError(f"it has no group {group}")
        return f"(?P<secret>{''.join(out)})"
    if group is not None and groups < wanted:
        raise ValueError(f"it has no group {group}")
    return "".join(out)


def _escape(pattern: str, at: int) -> tuple[str, int]:
    if hexadecimal := _HEX.match(pattern, at):
        return f"\\x{int(hexadecimal[1], 16):02x}", hexadecimal.end()
    if pattern[at : at + 2] in (r"\p", r"\P", r"\Q", r"\C"):
        raise ValueError(f"{pattern[at : at + 2]} has no counterpart")
    return r"\Z" if pattern[at : at + 2] == r"\z" else pattern[at : at + 2], at + 2


def _class(pattern: str, at: int) -> tuple[str, int]:
    end = at + 1
    out = "["
    if pattern.startswith("^", end):
        out, end = "[^", end + 1
    if pattern.startswith("]", end):
        out, end = out + r"\]", end + 1
    while end < len(pattern) and pattern[end] != "]":
        if named := re.compile(r"\[:(\w+):\]").match(pattern, end):
            if named[1] not in _POSIX:
                raise ValueError(f"{named[0]} has no counterpart")
            out, end = out + _POSIX[named[1]], named.end()
        elif pattern[end] == "\\":
            piece, end = _escape(pattern, end)
            out += piece
        else:
            out += r"\[" if pattern[end] == "[" else pattern[end]
            end += 1
    return out + "]", end + 1
