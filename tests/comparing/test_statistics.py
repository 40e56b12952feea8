"""Means, spreads and paired differences, by hand."""

from __future__ import annotations

import math

import pytest

from easy_esmm.comparing.statistics import interval, paired_difference, spread, t_quantile


def test_spread_is_the_mean_and_the_deviation_with_n_minus_1() -> None:
    # mean of 1, 2, 6: 3; squares of the distances: 4 + 1 + 9 = 14; / 2 = 7
    found = spread([1.0, 2.0, 6.0])
    assert (found.count, found.mean) == (3, 3.0)
    assert found.deviation == pytest.approx(math.sqrt(7), abs=1e-15)


def test_one_value_has_no_spread_and_none_has_no_mean() -> None:
    assert spread([0.5]).mean == 0.5
    assert math.isnan(spread([0.5]).deviation)
    assert math.isnan(spread([]).mean)


def test_what_was_not_measured_is_left_out() -> None:
    assert spread([1.0, math.nan, 3.0]) == spread([1.0, 3.0])


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    # Student's t, two-sided 95 %: the table of any textbook
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423), (120, 1.9799)],
)
def test_quantiles_are_those_of_the_table(degrees: int, quantile: float) -> None:
    assert t_quantile(0.975, degrees) == pytest.approx(quantile, abs=5e-5)


def test_quantiles_of_one_and_two_degrees_have_closed_forms() -> None:
    # one degree: tan(pi (p - 1/2)); two: (2p - 1) / sqrt(2 p (1 - p))
    for p in (0.6, 0.9, 0.995):
        assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-8)
        assert t_quantile(p, 2) == pytest.approx((2 * p - 1) / math.sqrt(2 * p * (1 - p)), rel=1e-8)


def test_paired_difference_takes_only_seeds_that_both_have() -> None:
    values = {0: 0.70, 1: 0.72, 2: 0.77, 9: 0.99}
    reference = {0: 0.69, 1: 0.69, 2: 0.72, 5: 0.10}
    # differences .01, .03, .05: mean .03, deviation .02, error .02 / sqrt(3), t of 2 degrees 4.3027
    found = paired_difference(values, reference)
    half = 4.302653 * 0.02 / math.sqrt(3)
    assert found.count == 3
    assert found.mean == pytest.approx(0.03, abs=1e-12)
    assert found.standard_error == pytest.approx(0.02 / math.sqrt(3), abs=1e-12)
    assert found.low == pytest.approx(0.03 - half, abs=1e-7)
    assert found.high == pytest.approx(0.03 + half, abs=1e-7)
    assert found.half_width == pytest.approx(half, abs=1e-7)
    assert found.is_noise  # .03 +- .0497


def test_pairs_see_what_the_spread_over_seeds_hides() -> None:
    # the seeds differ by .1, the models by .010, .011, .012 in the same direction
    reference = {0: 0.6, 1: 0.7, 2: 0.8}
    values = {0: 0.610, 1: 0.711, 2: 0.812}
    found = paired_difference(values, reference)
    assert spread(list(values.values())).deviation > 0.1
    assert not found.is_noise
    assert found.low > 0.008


def test_an_interval_that_ends_at_0_is_noise_and_one_pair_says_nothing() -> None:
    assert interval([0.0, 0.0]).is_noise
    assert interval([0.3]).is_noise
    assert not interval([0.3]).is_known
    assert not interval([-0.3, -0.3001]).is_noise
