from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from keyguard.core.errors import UsageError
from keyguard.intake import detect, references, replace
from keyguard.intake.candidates import Candidate, Place
from keyguard.intake.dotenv import assignments
from keyguard.intake.reading import read
from keyguard.intake.references import Reference
from tests.unit.intake.made import KEY, OTHER_KEY, OTHER_SECRET, SECRET, fake_scan

ENV = f"# mine\r\nBYBIT_API_KEY={KEY} # a\r\nexport BYBIT_API_SECRET='{SECRET}'\r\nREST=1\r\n"


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def taken(*paths: Path) -> tuple[Candidate, ...]:
    return detect.read_all(paths, fake_scan, paths[0].parent)[1]


def wanted(candidates: Iterable[Candidate]) -> list[tuple[Place, Reference]]:
    return [
        (place, references.make(one.venue, "arb", "bot 1", place.field))
        for one in candidates
        for place in one.places
    ]


def reference(field: str, venue: str = "bybit") -> str:
    return f"keyguard://{venue}/arb/bot%201#{field}"


def replaced(*paths: Path) -> tuple[Path, ...]:
    return replace.write(replace.prepare(wanted(taken(*paths))))


def nothing_else_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_dotenv_keeps_everything_else(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", ENV)
    path.chmod(0o640)
    assert replaced(path) == (path,)
    assert path.read_bytes().decode() == ENV.replace(KEY, f'"{reference("key")}"').replace(
        SECRET, reference("secret")
    )
    assert path.stat().st_mode & 0o7777 == 0o640
    assert nothing_else_in(tmp_path) == {".env"}
    values = {one.name: one.value for one in assignments(read(path))}
    assert values["BYBIT_API_KEY"] == reference("key")
    assert references.parse(values["BYBIT_API_SECRET"]).label == "bot 1"


def test_a_shell_reads_what_was_put_into_dotenv(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", ENV.replace("\r\n", "\n"))
    replaced(path)
    script = f'. "{path}"; printf "%s %s" "$BYBIT_API_KEY" "$BYBIT_API_SECRET"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{reference('key')} {reference('secret')}"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_encoding_is_kept(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path, ".env", f"# é 열쇠\r\n{ENV}".encode(encoding))
    replaced(path)
    assert reference("secret") in path.read_bytes().decode(encoding)
    assert path.read_bytes() == path.read_bytes().decode(encoding).encode(encoding)


def test_json_stays_json(tmp_path: Path) -> None:
    config = {"a": 'é"', "bybit": {"apiKey": KEY, "secret": SECRET, "password": 'p"\\w'}}
    path = put(tmp_path, "k.json", json.dumps(config, indent=3))
    replaced(path)
    after = json.loads(path.read_text())
    assert after == config | {
        "bybit": {
            "apiKey": reference("key"),
            "secret": reference("secret"),
            "password": reference("passphrase"),
        }
    }


def test_yaml_stays_yaml(tmp_path: Path) -> None:
    import yaml

    path = put(tmp_path, "k.yaml", f"bybit: {{apiKey: {KEY}, secret: '{SECRET}'}} # c\n")
    replaced(path)
    assert yaml.safe_load(path.read_text()) == {
        "bybit": {"apiKey": reference("key"), "secret": reference("secret")}
    }
    assert path.read_text().endswith("} # c\n")


def test_python_source_still_compiles_to_the_references(tmp_path: Path) -> None:
    path = put(tmp_path, "bot.py", f"A = '{KEY}'\nB = \"{SECRET}\"  # {OTHER_KEY}\n")
    replaced(path)
    names: dict[str, str] = {}
    exec(compile(path.read_text(), "bot.py", "exec"), names)
    assert (names["A"], names["B"]) == (reference("key"), reference("secret"))


def test_several_files_and_two_credentials(tmp_path: Path) -> None:
    first = put(tmp_path, ".env", ENV)
    second = put(
        tmp_path, "k.csv", f"venue,key,secret\nbybit,{KEY},{SECRET}\nupbit,{OTHER_KEY},{OTHER_SECRET}\n"
    )
    assert set(replaced(first, second)) == {first, second}
    assert second.read_text() == (
        f"venue,key,secret\nbybit,{reference('key')},{reference('secret')}\n"
        f"upbit,{reference('key', 'upbit')},{reference('secret', 'upbit')}\n"
    )
    with pytest.raises(UsageError, match="no complete exchange credential"):
        taken(first)


def test_lines_where_the_value_is_left_are_told(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", f"{ENV}# old: {SECRET}\r\n")
    (rewrite,) = replace.prepare(wanted(taken(path)))
    assert (rewrite.lines, rewrite.left_lines) == ((2, 3), (5,))
    assert SECRET not in repr(rewrite)


def refusal(candidates: tuple[Candidate, ...]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        replace.prepare(wanted(candidates))
    assert "FAKE" not in repr(caught.value.__dict__)
    return caught.value


def test_a_changed_file_is_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", ENV)
    candidates = taken(path)
    after = "# one more line\n" + ENV
    put(tmp_path, ".env", after)
    assert refusal(candidates).code == "import.changed"
    assert path.read_bytes().decode() == after


def test_a_change_elsewhere_in_the_file_is_kept(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", ENV)
    candidates = taken(path)
    put(tmp_path, ".env", ENV + "MORE=1\n")
    replace.write(replace.prepare(wanted(candidates)))
    assert path.read_bytes().endswith(b"REST=1\r\nMORE=1\n")


def test_a_change_between_prepare_and_write_is_noticed(tmp_path: Path) -> None:
    path, other = put(tmp_path, ".env", ENV), put(tmp_path, "b.env", ENV)
    rewrites = replace.prepare(wanted(taken(path, other)))
    put(tmp_path, "b.env", ENV + "MORE=1\n")
    with pytest.raises(UsageError) as caught:
        replace.write(rewrites)
    assert caught.value.code == "import.not_replaced"
    assert str(other) in caught.value.message
    assert caught.value.still == f"the keys are stored; changed: {path}"
    assert reference("key") in path.read_text()
    assert other.read_bytes().decode() == ENV + "MORE=1\n"
    assert nothing_else_in(tmp_path) == {".env", "b.env"}


def test_a_file_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", ENV)
    candidates = taken(path)
    target = put(tmp_path, "target", ENV)
    path.unlink()
    path.symlink_to(target)
    refusal(candidates)
    assert target.read_bytes().decode() == ENV


def test_a_folder_swapped_for_a_link_is_noticed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "a", tmp_path / "b"
    folder.mkdir()
    elsewhere.mkdir()
    candidates = taken(put(folder, ".env", ENV))
    target = put(elsewhere, ".env", ENV)
    folder.rename(tmp_path / "c")
    folder.symlink_to(elsewhere)
    assert refusal(candidates).code == "import.changed"
    assert target.read_bytes().decode() == ENV


def test_a_link_is_read_but_not_replaced(tmp_path: Path) -> None:
    put(tmp_path, "target", ENV)
    link = tmp_path / ".env"
    link.symlink_to("target")
    (found,) = taken(link)
    assert {place.reason for place in found.places} == {"it is reached by a symbolic link"}
    assert replace.prepare(wanted([found])) == ()


def test_read_only_and_doubly_named_files_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path, ".env", ENV)
    path.chmod(0o400)
    assert "read-only" in refusal(taken(path)).message
    path.chmod(0o600)
    os.link(path, tmp_path / "second")
    assert "hard link" in refusal(taken(path)).message
    assert path.read_bytes().decode() == ENV


def test_a_full_disk_leaves_every_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, other = put(tmp_path, ".env", ENV), put(tmp_path, "b.env", ENV)
    rewrites = replace.prepare(wanted(taken(path, other)))
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="no space left") as caught:
        replace.write(rewrites)
    assert caught.value.still == "the keys are stored; changed: no file"
    assert path.read_bytes() == other.read_bytes() == ENV.encode()
    assert nothing_else_in(tmp_path) == {".env", "b.env"}
