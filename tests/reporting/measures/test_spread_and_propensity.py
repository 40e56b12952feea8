"""Distributions on a logarithmic scale, and inverse propensities."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.reporting.measures.propensity import propensity
from easy_esmm.reporting.measures.spread import edges, spread
from tests.reporting.measures.making import rows


def test_shares_are_counted_between_the_ends_and_outliers_in_the_outer_cells() -> None:
    found = spread(
        np.array([0.001, 0.02, 0.03, 0.9]), np.array([1, 1, 2, 4.0]), np.array([0.01, 0.1, 1])
    )
    assert found.shares.tolist() == pytest.approx([4 / 8, 4 / 8])
    assert found.mean == pytest.approx((0.001 + 0.02 + 0.06 + 3.6) / 8)
    assert found.middles.tolist() == pytest.approx([np.sqrt(0.001), np.sqrt(0.1)])
    nothing = spread(np.zeros(0), None, np.array([0.01, 0.1, 1]))
    assert np.isnan(nothing.shares).all()


def test_ends_are_even_on_the_log_scale_and_apart_for_equal_values() -> None:
    ends = edges(np.array([1e-3, 1e-2, 1e-1]), 4)
    assert np.ptp(np.diff(np.log(ends))) == pytest.approx(0, abs=1e-9)
    assert (np.diff(edges(np.full(5, 0.3), 4)) > 0).all()
    assert (np.diff(edges(np.zeros(5), 4)) > 0).all()


def test_weights_are_one_over_pctr_of_clicked_rows() -> None:
    data = rows(
        5,
        click=[1, 1, 0, 1, 1],
        pctr=[0.5, 0.02, 0.001, 0.005, 0.25],
        weight=[1, 1, 1, 1, 0],
    )
    found = propensity(data.click, data.pctr, data.weight)
    assert found is not None
    weights = np.array([2, 50, 200])
    assert found.weights.tolist() == pytest.approx(weights.tolist(), rel=1e-6)
    assert found.below == pytest.approx({0.03: 2 / 3, 0.01: 1 / 3})
    assert found.effective[0.0] == pytest.approx(252**2 / (weights**2).sum(), rel=1e-6)
    floored = np.array([2, 1 / 0.03, 1 / 0.03])
    assert found.effective[0.03] == pytest.approx(floored.sum() ** 2 / (floored**2).sum())
    assert found.balance == pytest.approx(252 / 4, rel=1e-6)
    assert found.largest == pytest.approx(200, rel=1e-6)


def test_a_calibrated_pctr_gives_each_impression_back() -> None:
    data = rows(40_000)
    found = propensity(data.click, data.pctr, data.weight)
    assert found is not None
    assert found.balance == pytest.approx(1, abs=0.03)


def test_without_a_click_there_are_no_weights() -> None:
    data = rows(5)
    assert propensity(np.zeros(5), data.pctr, data.weight) is None
