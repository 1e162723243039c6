"""Every text exists in both languages, takes the same parts, and is used."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from pathlib import Path

import pytest

from keyguard.tui import words
from keyguard.tui.navigation import PLACES
from keyguard.tui.words import Words, known

FOLDER = Path(words.__file__).parents[1]
MODULES = sorted(module.name for module in pkgutil.iter_modules(words.__path__))
NAME = rf"(?:{'|'.join(MODULES)})\.[a-z0-9_]"
NAMED = re.compile(f'"({NAME}+)"')


def texts(module: str) -> dict[str, tuple[str, str]]:
    return importlib.import_module(f"keyguard.tui.words.{module}").TEXTS


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("module", MODULES)
def test_both_languages_say_something_with_the_same_parts(module: str) -> None:
    for name, text in texts(module).items():
        assert len(text) == 2, name
        assert all(said.strip() for said in text), name
        assert parts(text[0]) == parts(text[1]), name


def test_what_the_code_names_is_there() -> None:
    for file in FOLDER.rglob("*.py"):
        for name in NAMED.findall(file.read_text(encoding="utf-8")):
            assert known(name), f"{file.name}: {name}"


def test_places_have_their_names_and_their_help() -> None:
    for place in PLACES:
        assert Words("ko")(f"places.{place.name}") != Words("en")(f"places.{place.name}")
        assert known(f"places.{place.name}_help")


def test_no_text_lies_about_unused() -> None:
    """Used is a text by its whole name, or as one of a family that code puts together (`f"x.y_{…}"`)."""
    code = "\n".join(
        file.read_text(encoding="utf-8") for file in FOLDER.rglob("*.py") if "words" not in file.parts
    )
    families = tuple(re.findall(rf"f[\"']({NAME}*)\{{", code))
    for module in MODULES:
        for name in texts(module):
            whole = f"{module}.{name}"
            assert re.search(f"[\"']{whole}[\"']", code) or whole.startswith(families), whole
