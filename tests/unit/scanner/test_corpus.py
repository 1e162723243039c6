"""The labelled corpus is what it says, and the rules keep what they reach on it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.corpus
from keyguard.scanner.engine import Engine
from tests.corpus.corpus import Document, documents
from tests.corpus.measure import Result, measure
from tests.corpus.values import VENUES


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    return documents()


@pytest.fixture(scope="module")
def result(corpus: list[Document]) -> Result:
    return measure(Engine(), corpus)


def test_equal_seeds_make_equal_bytes(corpus: list[Document]) -> None:
    assert documents() == corpus
    assert documents(1) != corpus


def test_it_is_large_and_varied_enough(corpus: list[Document]) -> None:
    secrets = [label for document in corpus for label in document.labels if label.secret]
    assert len({label.value for label in secrets}) >= 300
    assert sum(len(document.lookalikes) for document in corpus) >= 300
    assert len({document.form for document in corpus if document.labels}) >= 25
    assert {label.owner for label in secrets if label.venue} == {venue.id for venue in VENUES}


def test_every_label_stands_in_its_document(corpus: list[Document]) -> None:
    for document in corpus:
        text = document.data.decode()
        for label in document.labels:
            encoded = document.form == "k8s"
            pieces = label.value.split("\n")
            assert encoded or all(piece in text for piece in pieces), document.path


def test_its_sources_are_no_leak() -> None:
    engine = Engine()
    for path in Path(tests.corpus.__file__).parent.glob("*.py"):
        assert engine.scan(path.read_bytes(), path.name) == ()


def test_what_is_no_secret_stays_unreported(result: Result) -> None:
    assert result.precision >= 0.97
    assert result.lookalike_share <= 0.01


def test_general_kinds_are_found(result: Result) -> None:
    """Kubernetes' base64 aside, which decoding finds, not these rules."""
    missed = [label.owner for document, label in result.missed if not label.venue and document.form != "k8s"]
    assert missed == []
