"""Readers of what comes from outside raise nothing but what a user may be shown."""

from __future__ import annotations

import pytest

from tests.fuzz.run import fault_of, fuzz, seeds_of
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_of_the_corpus_are_read_or_refused_in_words(name: str) -> None:
    for data in seeds_of(name):
        assert fault_of(name, data) is None


# Not of Parquet: pyarrow 21 aborts the process at some damaged footers, which no test survives.
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TARGETS if name != "parquet"])
def test_inputs_that_are_changed_at_random_are_read_or_refused_in_words(name: str) -> None:
    result = fuzz(name, seconds=120 / len(TARGETS), seed=1)
    assert result["cases"] > 0
    assert result["found"] == {}
