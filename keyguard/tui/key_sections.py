"""The sections of a key's page, each from what is known to lines of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from keyguard.core.keys import Origin, Scope, scope_names
from keyguard.tui import facts
from keyguard.tui.cells import fit, plain

if TYPE_CHECKING:
    from textual.content import Content

    from keyguard.tui.key_reading import KeyDetail
    from keyguard.tui.picture import KeyView, Picture
    from keyguard.tui.words import Words

Section = Callable[["Words", "Picture", "KeyView", "KeyDetail | None"], Sequence["Content"]]
_LABEL = 12
_EVENTS = 12
_YES, _NO = "✓", "–"


def declared(say: Words, picture: Picture, view: KeyView, _: KeyDetail | None) -> Sequence[Content]:
    """What people declared of it."""
    key = view.key
    needs = " ".join(facts.scope_words(say, key.needs)) or _NO
    pairs = (
        ("desk", key.desk),
        ("owner", key.owner or _NO),
        ("purpose", key.purpose or _NO),
        ("needs", needs),
        ("account", key.account or _NO),
        ("kind", f"{key.kind.value}, {key.environment.value}"),
        ("id", key.id),
    )
    return [
        _title(say, "declared"),
        *(plain(f"  {fit(say(f'keypage.{name}'), _LABEL)} {text}") for name, text in pairs),
    ]


def granted(say: Words, _: Picture, view: KeyView, __: KeyDetail | None) -> Sequence[Content]:
    """Scopes granted, needed and used side by side; addresses."""
    lines = [_title(say, "scopes")]
    if view.seen is None:
        return [*lines, plain(f"  {say('keys.never_asked')}", "bold")]
    report = view.seen.report
    heads = (say("keypage.scope"), say("keypage.granted"), say("keypage.needed"), say("keypage.used"))
    lines.append(plain("  " + "".join(fit(head, 14) for head in heads), "bold"))
    for scope in report.scopes | report.scopes_unknown | view.key.needs:
        held = _held(say, scope, report.scopes, report.scopes_unknown, report.scopes_origin)
        needed = scope in view.key.needs
        excess = scope in report.scopes and view.key.needs and not needed
        row = (
            say(f"facts.scope_{scope_names(scope)[0]}"),
            held,
            _YES if needed else _NO,
            say("keypage.unwatched"),
        )
        lines.append(plain("  " + "".join(fit(text, 14) for text in row), "bold $error" if excess else ""))
    ips = ", ".join(report.ips or ()) or facts.addresses(say, report).text
    lines += [
        plain(f"  {say(f'facts.origin_{report.scopes_origin.value}')}"),
        plain(f"  {fit(say('keys.ips'), _LABEL)} {ips}  ({say(f'facts.origin_{report.ips_origin.value}')})"),
        plain(f"  {fit(say('keypage.asked'), _LABEL)} {view.seen.at:%Y-%m-%d %H:%M} UTC"),
    ]
    return lines


def ends(say: Words, picture: Picture, view: KeyView, _: KeyDetail | None) -> Sequence[Content]:
    """From its birth to its end, with today between."""
    lines = [_title(say, "life")]
    if view.end is None or view.live is None:
        return [*lines, plain(f"  {say('keypage.endless')}")]
    born, end, now = view.live.created_at, view.end.at, picture.at
    part = min(max((now - born) / (end - born), 0.0), 1.0) if end > born else 1.0
    bar = "━" * round(part * 40) + "╾" + "─" * (40 - round(part * 40))
    look = facts.end(say, view, now)
    return [
        *lines,
        plain(f"  {born:%Y-%m-%d} {bar} {end:%Y-%m-%d}", "$error" if look.look == "high" else ""),
        plain(f"  {look.text}: {view.end.rule}"),
        plain(f"  {say(f'facts.origin_{view.end.origin.value}')}"),
    ]


def use(say: Words, picture: Picture, view: KeyView, known: KeyDetail | None) -> Sequence[Content]:
    """Who could use it, who does, and what the log says was handed out."""
    from keyguard.tui.screens.keys import may_use  # noqa: PLC0415 - that screen opens this one

    could = may_use(say, view, enforced=picture.rights_enforced)
    lines = [_title(say, "use"), plain(f"  {fit(say('keypage.could'), _LABEL)} {could}")]
    for lease in view.leases:
        who = lease.person or "?"
        since = facts.ago(say, lease.at, picture.at)
        lines.append(
            plain(f"  {fit(say('keypage.has'), _LABEL)} {who}: {lease.command} ({lease.process}), {since}")
        )
    past = [event for event in known.events if event.type == "handout"] if known else []
    lines += [
        plain(f"  {fit(say('keypage.had'), _LABEL)} {event.at:%Y-%m-%d %H:%M} {event.detail}")
        for event in past[:5]
    ]
    if known is not None and not past:
        lines.append(plain(f"  {say('keypage.never_used')}"))
    return lines


def findings(say: Words, picture: Picture, view: KeyView, _: KeyDetail | None) -> Sequence[Content]:
    """What is wrong with it."""
    lines = [_title(say, "wrong")]
    for finding in view.findings:
        item = finding.item
        level = facts.danger(say, item.level)
        known = say(f"facts.short_{item.origin.value}")
        lines.append(plain(f"  {fit(level.text, 10)} {item.text} ({known})"))
        lines.append(plain(f"             {item.command}", "dim"))
    return lines if view.findings else [*lines, plain(f"  {say('keypage.nothing_wrong')}")]


def versions(say: Words, picture: Picture, view: KeyView, known: KeyDetail | None) -> Sequence[Content]:
    """Its versions, the newest first. An access key id is no secret."""
    lines = [_title(say, "versions")]
    for version in reversed(known.versions if known else (view.live,) if view.live else ()):
        status = say(f"keypage.status_{version.status.value}")
        public = fit(version.public_id, 24)
        lines.append(
            plain(f"  v{version.number:<3} {public} {fit(status, 10)} {version.created_at:%Y-%m-%d}")
        )
    return lines


def proofs(say: Words, picture: Picture, view: KeyView, known: KeyDetail | None) -> Sequence[Content]:
    """What the log holds of it, each with how it is known."""
    lines = [_title(say, "log")]
    if known is None:
        return [*lines, plain(f"  {say('keypage.reading')}")]
    for event in known.events[:_EVENTS]:
        how = say(f"facts.short_{event.origin.value}") if event.origin else say("keypage.own_act")
        lines.append(
            plain(f"  {event.at:%Y-%m-%d %H:%M} {fit(event.type, 22)} {fit(how, 11)} {event.detail}")
        )
    return lines if known.events else [*lines, plain(f"  {say('keypage.no_records')}")]


SECTIONS: tuple[Section, ...] = (granted, ends, use, findings, declared, versions, proofs)
"""In the order they are read: what it may do and until when comes before how it is called."""


def _title(say: Words, name: str) -> Content:
    return plain(say(f"keypage.title_{name}"), "bold $primary")


def _held(say: Words, scope: Scope, held: Scope, maybe: Scope, origin: Origin) -> str:
    if scope in held:
        return facts.mark(say, origin) + _YES
    return "?" if scope in maybe else _NO
