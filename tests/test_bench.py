"""The benchmarks run rarely; that they still fit the code shows here, without a measurement."""

from importlib import import_module
from pathlib import Path

import pytest


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "bench").glob("*.py")), ids=lambda p: p.stem)
def test_each_benchmark_can_be_loaded(path):
    import_module(f"tests.bench.{path.stem}")
