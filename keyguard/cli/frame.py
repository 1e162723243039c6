"""Around every command: global options, help, and the edge where errors become words and a status."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol, cast

from keyguard import dumps
from keyguard.cli import streams
from keyguard.cli.catalogue import COMMANDS, USAGE_STATUS, resolve
from keyguard.cli.output import Output
from keyguard.cli.ready import READY
from keyguard.core.errors import KeyguardError, UsageError

if TYPE_CHECKING:
    import argparse

PURPOSE = "Keeps exchange API keys clean: finds leaks, stores, hands out, rotates, proves dead."
BUG = 70
INTERRUPTED = 130
BROKEN_PIPE = 141
TAKES_COMMAND = frozenset({"run"})
"""What follows `--` is another program's command line: not ours to parse."""


class Command(Protocol):
    """What a module under `commands/` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments; sets `parser.epilog` to an example that works."""

    def run(self, args: argparse.Namespace, out: Output) -> int:
        """Do it; returns the exit status."""


def load(name: str) -> Command:
    """Import the module of a command, and of no other."""
    return cast("Command", import_module(f"keyguard.cli.commands.{name.replace(' ', '_').replace('-', '_')}"))


def guarded(words: list[str]) -> int:
    """Run the command that `words` name; every error ends here."""
    streams.prepare()
    ours = words[: words.index("--")] if "--" in words else words
    out = Output(json="--json" in ours)
    try:
        return _dispatch(words, out)
    except KeyguardError as error:
        _leave_out_secrets(error, words)
        out.error(error)
        if isinstance(error, UsageError):
            return USAGE_STATUS.get(resolve(_leading_options(words)[1])[0], error.exit_status)
        return error.exit_status
    except KeyboardInterrupt:
        out.talk("keyguard: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to say, and nowhere to say it.
        streams.abandon_stdout()
        return BROKEN_PIPE
    except Exception as error:
        out.talk(f"keyguard: error: a bug in keyguard: {_where(error)}")
        out.talk("keyguard: hint: please report it with `keyguard --version`; no secret is in this message")
        return BUG


def _leave_out_secrets(error: KeyguardError, words: list[str]) -> None:
    """Shorten what was typed as an argument and may be a secret: errors end up in logs of jobs and chats."""
    import re  # noqa: PLC0415 - for errors alone

    looks = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+=_-]{20,}")
    for word in words:
        for part in (word, word.partition("=")[2]):
            if looks.fullmatch(part):
                error.message = error.message.replace(part, f"{part[:2]}…")
                error.still = error.still.replace(part, f"{part[:2]}…")
                error.hint = error.hint.replace(part, f"{part[:2]}…")


def _where(error: Exception) -> str:
    """Type and place of an error; never its text, which may quote what it failed on."""
    import traceback  # noqa: PLC0415 - for bugs alone
    from pathlib import Path  # noqa: PLC0415

    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _dispatch(words: list[str], out: Output) -> int:
    before, words = _leading_options(words)
    if not words or words[0] in ("-h", "--help", "help"):
        out.block(overview())
        return 0 if words else 2
    name, rest = resolve(words)
    if not name:
        _unknown(words, out)
        return 0
    command = load(name)
    tail: list[str] = []
    if name in TAKES_COMMAND and "--" in rest:
        cut = rest.index("--")
        rest, tail = rest[:cut], rest[cut + 1 :]
    args = _arguments(name, command, [*before, *rest])
    args.tail = tail
    return command.run(args, out)


def _arguments(name: str, command: Command, words: list[str]) -> argparse.Namespace:
    """What the words mean, with core dumps off before any command can read a secret."""
    known = READY.get((*name.split(), *words))
    if known is not None:
        dumps.forbid()
        return cast("argparse.Namespace", SimpleNamespace(**known))
    from keyguard.cli import parsing  # noqa: PLC0415 - not for hooks

    args = parsing.parser(name, command).parse_args(words)
    dumps.forbid()  # a scan and an import read secrets before any store is open
    dumps.close_memory()
    return args


def _unknown(words: list[str], out: Output) -> None:
    """Show a group's commands, or refuse with the nearest name."""
    import difflib  # noqa: PLC0415 - for mistakes alone

    group = {name: text for name, text in COMMANDS.items() if name.split()[0] == words[0]}
    if group and (len(words) == 1 or words[1] in ("-h", "--help")):
        out.block("\n".join(f"keyguard {name:<18} {text}" for name, text in group.items()))
        return
    both, first = " ".join(words[:2]), words[0]
    near = difflib.get_close_matches(both, COMMANDS, n=1) or difflib.get_close_matches(first, COMMANDS, n=1)
    raise UsageError(
        f"no command {both if group else first!r}",
        code="usage.command",
        hint=f"did you mean `keyguard {near[0]}`?" if near else "keyguard --help lists the commands",
    )


def _leading_options(words: list[str]) -> tuple[list[str], list[str]]:
    """Take the global options that stand before the command's name."""
    taken = 0
    while taken < len(words) and words[taken].startswith("-"):
        word = words[taken]
        if word in ("--home", "--passphrase-file"):
            taken += 2
        elif word == "--json" or word.startswith(("--home=", "--passphrase-file=")):
            taken += 1
        else:
            break
    return words[:taken], words[taken:]


def overview() -> str:
    """The text of `keyguard --help`."""
    lines = [f"  {name:<18} {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: keyguard [--home DIR] [--json] COMMAND …",
            "",
            PURPOSE,
            "",
            *lines,
            "",
            "keyguard COMMAND --help shows an example. Start with: keyguard demo --headless",
        ]
    )
