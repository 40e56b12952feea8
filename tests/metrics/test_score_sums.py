"""Sums of weights by score, kept exactly and then in cells."""

from __future__ import annotations

from typing import Any, List

import numpy as np
import pytest

from easy_esmm.metrics import score_sums
from easy_esmm.rank_statistics import auc_from_sums, sums_by_score


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_sums, "EXACT_ROWS", 100)
    monkeypatch.setattr(score_sums, "_FOLDED_ROWS", 250)


def batches(count: int) -> List[Any]:
    random = np.random.default_rng(1)
    score = random.normal(-4, 2, [count, 60]).astype(np.float32)
    is_positive = random.random([count, 60]) < 1 / (1 + np.exp(-score))
    weight = random.choice([0.5, 1.0, 3.0], [count, 60]).astype(np.float32)
    return list(zip(score, is_positive, weight))


@pytest.mark.parametrize("count", [1, 2, 7, 8, 30])  # kept, counted once, with and without a rest
def test_rows_that_are_counted_in_several_blocks_are_all_there(count: int) -> None:
    sums = score_sums._Sums(4096)
    for batch in batches(count):
        sums.add(batch)
    score, is_positive, weight = map(np.concatenate, zip(*batches(count)))
    weight = weight.astype(np.float64)
    expected = sums_by_score(score, weight * is_positive, weight * ~is_positive)
    assert len(sums.result()) == (4096 if 60 * count > 100 else len(expected))
    for _ in range(2):  # reading changes nothing
        np.testing.assert_array_equal(sums.result().sum(axis=0), expected.sum(axis=0))
    assert auc_from_sums(sums.result())[0] == pytest.approx(auc_from_sums(expected)[0], abs=2e-3)
    sums.clear()
    assert sums.result().tolist() == [[0, 0, 0, 0]]


def test_a_score_that_is_nan_is_told_in_any_block() -> None:
    sums = score_sums._Sums(4096)
    parts = batches(12)
    parts[3][0][5] = np.nan
    for batch in parts:
        sums.add(batch)
    assert np.isnan(auc_from_sums(sums.result())[0])
