"""Who the audit log says it was."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from keyguard.cli import session

if TYPE_CHECKING:
    import pytest


def test_the_environment_does_not_say_who_sits_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert session.actor().user == pwd.getpwuid(os.getuid()).pw_name


def test_a_user_without_a_name_goes_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)
    assert session.actor().user == "uid-3999999"
