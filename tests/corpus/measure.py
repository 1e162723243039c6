"""`make corpus`: what of the labelled corpus the rules find, and what they find that is none.

A value counts as found when a part of a finding holds it (line breaks, escapes and armour aside). Access
key ids are neither asked for nor counted as wrong. Precision counts findings: right is one whose most
telling part is a labelled value.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field

from keyguard.scanner.engine import Engine
from keyguard.scanner.findings import Finding
from keyguard.scanner.placeholder import armoured
from tests.corpus.corpus import Document, Label, documents


@dataclass
class Result:
    """Counts per owner (`named`: found as this venue's), and the labels and findings that went wrong."""

    wanted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    venues: set[str] = field(default_factory=set)
    findings: int = 0
    right: int = 0
    lookalikes: int = 0
    lookalikes_found: int = 0
    missed: list[tuple[Document, Label]] = field(default_factory=list)
    wrong: list[tuple[Document, str, str]] = field(default_factory=list)

    def recall(self, owners: set[str]) -> float:
        wanted = sum(self.wanted[owner] for owner in owners)
        return sum(self.found[owner] for owner in owners) / wanted if wanted else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.findings if self.findings else 1.0

    @property
    def lookalike_share(self) -> float:
        return self.lookalikes_found / self.lookalikes


def measure(engine: Engine, corpus: list[Document]) -> Result:
    result = Result()
    for document in corpus:
        findings = engine.scan(document.data, document.path)
        values = [[_plain(p.value.reveal()) for p in finding.parts] for finding in findings]
        every = {value for parts in values for value in parts}
        _score_labels(result, document, every)
        _score_names(result, document, findings)
        labelled = {_plain(label.value) for label in document.labels}
        result.findings += len(findings)
        for finding, parts in zip(findings, values, strict=True):
            if any(_same(parts[0], value) for value in labelled):
                result.right += 1
            else:
                result.wrong.append((document, finding.rule, finding.parts[0].value.reveal()))
        result.lookalikes += len(document.lookalikes)
        for look in document.lookalikes:
            result.lookalikes_found += any(_same(value, _plain(look)) for value in every)
    return result


def _score_labels(result: Result, document: Document, every: set[str]) -> None:
    for label in document.labels:
        if not label.secret:
            continue
        result.wanted[label.owner] += 1
        if label.venue:
            result.venues.add(label.owner)
        if any(_same(value, _plain(label.value)) for value in every):
            result.found[label.owner] += 1
        else:
            result.missed.append((document, label))


def _score_names(result: Result, document: Document, findings: tuple[Finding, ...]) -> None:
    for label in document.labels:
        own = [f for f in findings if f.venue == label.owner]
        held = {_plain(p.value.reveal()) for finding in own for p in finding.parts}
        result.named[label.owner] += label.secret and any(_same(v, _plain(label.value)) for v in held)


def _plain(value: str) -> str:
    return armoured(value) if "-----" in value else value


def _same(found: str, value: str) -> bool:
    """A finding may hold a little more than the value (a URL around a token), not less."""
    return bool(value) and value in found


def _table(result: Result) -> list[str]:
    owners = set(result.wanted)
    venues = result.venues
    general = owners - venues
    lines = [
        f"values found            {result.recall(owners):7.1%}  of {sum(result.wanted.values())}",
        f"exchange values found   {result.recall(venues):7.1%}  of {sum(result.wanted[v] for v in venues)}",
        f"general values found    {result.recall(general):7.1%}  of {sum(result.wanted[o] for o in general)}",
        f"precision               {result.precision:7.1%}  of {result.findings} findings",
        f"look-alikes found       {result.lookalike_share:7.1%}  of {result.lookalikes}",
        "",
    ]
    for owner in (*sorted(venues), *sorted(owners - venues)):
        named = f"  as its own {result.named[owner]:3}" if owner in venues else ""
        lines.append(f"{owner:24}{result.found[owner]:4} of {result.wanted[owner]:3}{named}")
    return lines


def main(arguments: list[str]) -> int:
    result = measure(Engine(), documents())
    lines = _table(result)
    if "-v" in arguments:
        lines += ["", "missed:"]
        lines += [
            f"  {label.owner} in {document.form} ({document.path})" for document, label in result.missed
        ]
        lines += ["", "wrong:"]
        lines += [f"  {rule} in {doc.form} ({doc.path}): {value[:60]!r}" for doc, rule, value in result.wrong]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
