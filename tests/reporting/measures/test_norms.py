"""Lengths of vectors by how often their ids occur."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.reporting.measures import norms
from easy_esmm.reporting.measures.norms import group_name, levels, norms_by_frequency


def test_groups_begin_at_powers_of_four() -> None:
    assert levels(np.array([0, 1, 3, 4, 15, 16, 63, 64])).tolist() == [0, 1, 1, 2, 2, 3, 3, 4]


def test_means_and_deviations_are_those_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(norms, "PIECE", 7)  # many pieces, the last one short
    random = np.random.default_rng(1)
    table = random.normal(size=(50, 3)).astype(np.float32)
    occurrences = random.choice([0, 1, 2, 9, 300], 50)
    found = norms_by_frequency(table, occurrences)
    assert [group_name(one) for one in found] == ["0", "1-3", "4-15", "256-1,023"]
    for one in found:
        inside = (occurrences >= one.first) & (occurrences <= one.last)
        lengths = np.sqrt((table[inside] ** 2).sum(axis=1))
        assert one.rows == inside.sum()
        assert one.mean == pytest.approx(lengths.mean())
        assert one.deviation == pytest.approx(lengths.std(), rel=1e-4)
