"""The suite runs in two parts: together they are all of it, and nothing runs twice."""

from __future__ import annotations

from tests import run


def test_every_test_file_runs_in_one_of_the_two_parts() -> None:
    counted = [path for path in run.files(run.COUNTED) if path not in run.files([run.UNCOUNTED])]

    assert sorted([*counted, *run.others()]) == sorted(run.TESTS.rglob("test_*.py"))
