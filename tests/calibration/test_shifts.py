"""Shifts of a field's values: the limits of shrinkage, and what is planted is found."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import pytest

from easy_esmm.calibration.cells import Cells, cells_by_fold
from easy_esmm.calibration.probability import sigmoid
from easy_esmm.calibration.shifts import fit_shifts, shifts_at


def drawn(shift: Any, rows: Any, seed: int = 1) -> Tuple[Cells, Any, Any, Any]:
    """Cells, and logit, label and value of rows: so many of each value, which adds `shift`."""
    random = np.random.default_rng(seed)
    value = np.repeat(np.arange(len(shift)), rows)
    logit = random.normal(-2.0, 1.0, len(value))
    rate = sigmoid(logit + np.asarray(shift)[value])
    label = (random.random(len(value)) < rate).astype(np.float64)
    none = np.zeros(len(value), np.int64)
    cells = cells_by_fold(logit, label, np.ones(len(value)), value, none, 1)[0]
    return cells, logit, label, value


def own(logit: Any, label: Any) -> float:
    """The shift of the largest likelihood: predicted equals observed; by bisection."""
    low, high = -5.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        too_high = sigmoid(logit + middle).sum() > label.sum()
        low, high = (low, middle) if too_high else (middle, high)
    return low


def test_a_value_with_many_rows_has_its_own_rate() -> None:
    cells, logit, label, value = drawn([0.8, -0.5, 0.0], [100_000, 100_000, 100_000])
    found = fit_shifts(cells.logit, cells, 3)
    for number in range(3):
        is_value = value == number
        expected = own(logit[is_value], label[is_value])
        assert found.common + found.of_values[number] == pytest.approx(expected, abs=5e-4)


def test_a_value_without_rows_has_the_whole_and_one_with_few_is_near_it() -> None:
    random = np.random.default_rng(2)
    shift = np.append(random.normal(0, 0.3, 60), [0.9, 0.0])
    cells, logit, label, value = drawn(shift, [2_000] * 60 + [12, 0])
    found = fit_shifts(cells.logit, cells, len(shift))
    assert found.of_values[61] == 0
    alone = own(logit[value == 60], label[value == 60]) - found.common
    assert abs(found.of_values[60]) < 0.6 * abs(alone)


def test_the_deviation_of_the_values_is_found() -> None:
    shift = np.random.default_rng(4).normal(0.2, 0.4, 300)
    cells, *_ = drawn(shift, [3_000] * 300)
    found = fit_shifts(cells.logit, cells, 300)
    assert found.deviation == pytest.approx(0.4, rel=0.15)
    assert found.common == pytest.approx(0.2, abs=0.08)
    assert np.corrcoef(found.of_values, shift)[0, 1] > 0.95


def test_without_differences_between_values_nothing_is_shifted() -> None:
    cells, *_ = drawn(np.zeros(100), [500] * 100)
    found = fit_shifts(cells.logit, cells, 100)
    assert np.abs(found.of_values).max() < 0.05


def test_predicted_equals_observed_over_all_rows() -> None:
    shift = np.random.default_rng(5).normal(0, 0.7, 40)
    cells, logit, label, value = drawn(shift, np.arange(1, 41) * 50)
    found = fit_shifts(cells.logit, cells, 40)
    predicted = sigmoid(logit + found.common + found.of_values[value])
    assert predicted.sum() == pytest.approx(label.sum(), rel=1e-4)
    # The common intercept has no prior, so the shifts of the joint maximum add up to 0.
    assert found.of_values.sum() == pytest.approx(0, abs=1e-6)


def test_the_shrinkage_is_that_of_the_normal_prior() -> None:
    # At the maximum, each value's missing positives are its shift over the variance.
    cells, logit, label, value = drawn([0.5, -0.5], [400, 4_000])
    found = shifts_at(cells.logit, cells, 2, deviation=0.3)
    predicted = sigmoid(logit + found.common + found.of_values[value])
    gap = np.bincount(value, label - predicted)
    np.testing.assert_allclose(gap, found.of_values / 0.3**2, atol=0.02)
