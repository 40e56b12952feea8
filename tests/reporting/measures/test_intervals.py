"""Intervals of rates."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.reporting.measures.intervals import Z95, effective, wilson


def test_wilson_holds_the_rates_whose_score_test_does_not_refuse_the_observed_one() -> None:
    low, high = wilson(np.array(0.2), np.array(50))
    for end in (low, high):
        # At either end the observed rate is z standard errors of that very end away.
        assert abs(0.2 - end) == pytest.approx(Z95 * np.sqrt(end * (1 - end) / 50))


def test_nothing_observed_leaves_an_upper_end_and_no_row_leaves_everything_open() -> None:
    low, high = wilson(np.array([0.0, 1.0, 0.5]), np.array([10.0, 10.0, 0.0]))
    # z^2 / (n + z^2) = 3.8415 / 13.8415
    assert high[0] == pytest.approx(0.277533, abs=1e-6)
    assert (low[0], high[1]) == (0, 1)
    assert low[1] == pytest.approx(1 - 0.277533, abs=1e-6)
    assert (low[2], high[2]) == (0, 1)


def test_effective_rows_are_the_rows_where_weights_are_equal_and_fewer_where_they_are_not() -> None:
    assert effective(np.full(7, 3.0)) == pytest.approx(7)
    assert effective(np.array([3.0, 1.0])) == pytest.approx(16 / 10)
    assert effective(np.zeros(0)) == 0
