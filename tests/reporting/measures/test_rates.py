"""Groups of rows, and their rates."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.reporting.measures.grouping import equal_count
from easy_esmm.reporting.measures.intervals import wilson
from easy_esmm.reporting.measures.rates import bins, rates, reliability
from tests.reporting.measures.making import task


def test_groups_are_equally_large_by_ascending_key() -> None:
    groups = equal_count(np.array([5.0, 1.0, 4.0, 2.0, 3.0, 0.0]), 3)
    assert [sorted(group.tolist()) for group in groups] == [[1, 5], [3, 4], [0, 2]]


def test_rows_of_one_key_are_never_torn_apart() -> None:
    key = np.array([0, 1, 1, 1, 1, 2])
    groups = equal_count(key, 3)
    # Both inner ends fall among the ones, and are moved before them.
    assert [key[group].tolist() for group in groups] == [[0], [1, 1, 1, 1, 2]]
    assert [group.tolist() for group in equal_count(np.ones(9), 4)] == [list(range(9))]
    assert equal_count(np.zeros(0), 5) == []


def test_rates_are_weighted_means_and_intervals_know_the_effective_rows() -> None:
    rows = task([0.1, 0.3, 0.5, 0.7], [0, 1, 0, 1], [1, 3, 1, 1])
    found = rates(rows, [np.array([0, 1]), np.array([2, 3])])
    assert found.predicted.tolist() == pytest.approx([(0.1 + 3 * 0.3) / 4, 0.6])
    assert found.observed.tolist() == pytest.approx([0.75, 0.5])
    assert (found.rows.tolist(), found.events.tolist()) == ([2, 2], [1, 1])
    # (1 + 3)^2 / (1 + 9) effective rows in the first group
    low, high = wilson(np.array([0.75, 0.5]), np.array([1.6, 2]))
    assert found.low.tolist() == pytest.approx(low.tolist())
    assert found.high.tolist() == pytest.approx(high.tolist())


def test_calibrated_predictions_miss_their_intervals_about_one_time_in_twenty() -> None:
    random = np.random.default_rng(4)
    predicted = random.beta(1, 9, 40_000)
    found = reliability(task(predicted, random.random(40_000) < predicted))
    assert len(found.rows) == 20
    assert np.ptp(found.rows) <= 1
    missed = (found.predicted < found.low) | (found.predicted > found.high)
    assert missed.sum() <= 3


def test_few_events_make_few_groups() -> None:
    assert [bins(events) for events in (0, 100, 260, 10_000)] == [5, 5, 13, 20]
