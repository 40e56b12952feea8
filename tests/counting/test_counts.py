"""Counting texts, in memory and beyond it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from easy_esmm.counting.counts import Counts
from easy_esmm.counting.vocabulary import UNKNOWN, choose
from easy_esmm.errors import UserError


def counted(folder: Path, texts: List[bytes], in_memory: int = 1000) -> Counts:
    counts = Counts(str(folder), in_memory)
    for start in range(0, len(texts), 100):
        counts.add(np.array(texts[start : start + 100], object))
    return counts


def test_counts_are_exact_whether_or_not_they_fit_the_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    texts = [b"id %d" % number for number in random.zipf(1.3, 5000) % 2000]
    for in_memory in (50, 100_000):
        folder = tmp_path / str(in_memory)
        folder.mkdir()
        counts = counted(folder, texts, in_memory)
        found = [row for part in counts.parts() for row in part.to_pylist()]
        assert len(found) == len({row["text"] for row in found})
        assert {row["text"]: row["count"] for row in found} == Counter(texts)
        assert bool(list(folder.iterdir())) == (in_memory == 50)


def test_the_most_frequent_come_first_and_equal_ones_by_their_bytes(tmp_path: Path) -> None:
    texts = [b"b", b"a", b"c", b"c", b"\xff", b"Z"]
    chosen = choose(counted(tmp_path, texts), 1, 0, [])
    assert chosen.entries == [UNKNOWN, b"c", b"Z", b"a", b"b", b"\xff"]
    assert (chosen.distinct, chosen.kept, chosen.total, chosen.covered) == (5, 5, 6, 6)


@pytest.mark.parametrize("in_memory", [2, 1000])
def test_rare_ids_and_those_beyond_the_top_are_dropped_and_counted(
    tmp_path: Path, in_memory: int
) -> None:
    texts = [b"a"] * 5 + [b"b"] * 4 + [b"c"] * 3 + [b"d"]
    rare = choose(counted(tmp_path, texts * 20, in_memory), 50, 0, [])
    assert rare.entries == [UNKNOWN, b"a", b"b", b"c"]
    assert (rare.distinct, rare.kept, rare.total, rare.covered) == (4, 3, 260, 240)
    top = choose(counted(tmp_path, texts, 1000), 1, 2, [])
    assert top.entries == [UNKNOWN, b"a", b"b"]


def test_lines_of_the_vocabulary_before_stay_though_their_ids_are_gone(tmp_path: Path) -> None:
    texts = [b"new"] * 3 + [b"old"] * 2 + [b"rare"]
    chosen = choose(counted(tmp_path, texts), 2, 0, [b"first", b"gone", b"old"])
    assert chosen.entries == [b"first", b"gone", b"old", b"new"]
    assert (chosen.base, chosen.kept, chosen.covered) == (3, 2, 5)
    full = choose(counted(tmp_path, texts), 1, 2, [b"first", b"gone", b"old"])
    assert full.entries == [b"first", b"gone", b"old"]


def test_an_id_that_is_empty_or_has_a_line_break_has_no_line_and_is_told(tmp_path: Path) -> None:
    chosen = choose(counted(tmp_path, [b"a\nb", b"a\rb", b"a b", b"", b"\x00"]), 1, 0, [])
    assert chosen.entries == [UNKNOWN, b"\x00", b"a b"]
    assert chosen.unwritable == 3


def test_an_id_that_is_the_word_for_unknown_ones_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the rows hold the id <unknown>"):
        choose(counted(tmp_path, [UNKNOWN, b"a"]), 1, 0, [])


def test_no_id_at_all_gives_the_first_line_alone(tmp_path: Path) -> None:
    chosen: Any = choose(counted(tmp_path, []), 1, 0, [])
    assert (chosen.entries, chosen.total, chosen.distinct) == ([UNKNOWN], 0, 0)
