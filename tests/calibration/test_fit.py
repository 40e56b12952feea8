"""Curves that are fitted: what is planted is found, order is kept, the rate is met."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from easy_esmm.calibration import fit
from easy_esmm.calibration.cells import Cells, cells_by_fold
from easy_esmm.calibration.probability import sigmoid
from easy_esmm.errors import UserError
from easy_esmm.rank_statistics import auc_with_error

ROWS = 60_000


def drawn(truth: Any, seed: int = 1, rows: int = ROWS) -> Tuple[Any, Any]:
    """Logits around -2 and labels of the rate sigmoid(truth(logit))."""
    random = np.random.default_rng(seed)
    logit = random.normal(-2.0, 1.5, rows)
    return logit, (random.random(rows) < sigmoid(truth(logit))).astype(np.float64)


def cells(logit: Any, label: Any, weight: Any = None) -> Cells:
    none = np.zeros(len(logit), np.int64)
    weight = np.ones(len(logit)) if weight is None else weight
    return cells_by_fold(logit, label, weight, none, none, 1)[0]


def bent(logit: Any) -> Any:
    return np.where(logit < -2, 0.6 * logit - 1.0, 1.4 * logit + 0.6)


def test_platt_is_the_logistic_regression_on_the_logit() -> None:
    logit, label = drawn(lambda x: 0.8 * x - 0.7)
    curve = fit.platt(cells(logit, label))
    regression = LogisticRegression(C=1e9, tol=1e-9).fit(logit[:, np.newaxis], label)
    assert curve.slopes[0] == pytest.approx(regression.coef_[0, 0], rel=1e-4)
    assert curve(0.0) == pytest.approx(regression.intercept_[0], rel=1e-4)
    assert curve.slopes[0] == pytest.approx(0.8, abs=0.03)


def test_the_spline_finds_a_bend_that_a_line_cannot() -> None:
    logit, label = drawn(bent)
    x = np.linspace(-4.0, 1.0, 50)
    by_spline, by_line = (method(cells(logit, label))(x) for method in (fit.spline, fit.platt))
    assert np.abs(by_spline - bent(x)).mean() < 0.1 < np.abs(by_line - bent(x)).mean()


@pytest.mark.parametrize("method", fit.METHODS.values())
@pytest.mark.parametrize("truth", [bent, lambda x: 0.5 * x, lambda x: x - 5.0])
def test_as_many_positives_are_predicted_as_observed(method: Any, truth: Any) -> None:
    logit, label = drawn(truth)
    curve = method(cells(logit, label))
    assert not curve.problem()
    assert sigmoid(curve(logit)).sum() == pytest.approx(label.sum(), rel=1e-4)


@pytest.mark.parametrize("method", fit.METHODS.values())
def test_the_auc_stays_also_where_the_labels_fall_with_the_logit(method: Any) -> None:
    # Between -3 and -1 the rate falls: isotonic regression has one long step there.
    logit, label = drawn(lambda x: np.where(np.abs(x + 2) < 1, -x - 5.0, x - 1.0))
    curve = method(cells(logit, label))
    before = auc_with_error(logit.astype(np.float32), label)[0]
    after = auc_with_error(curve(logit.astype(np.float32)).astype(np.float32), label)[0]
    assert after == pytest.approx(before, abs=1e-6)
    assert (np.diff(curve(np.linspace(-80, 80, 20_000))) > 0).all()


def test_isotonic_is_near_the_steps_of_the_isotonic_regression() -> None:
    logit, label = drawn(bent)
    steps = IsotonicRegression().fit(logit, label)
    x = np.linspace(-4.0, 0.0, 40)
    ours = sigmoid(fit.isotonic(cells(logit, label))(x))
    np.testing.assert_allclose(ours, steps.predict(x), rtol=0.35)
    assert np.abs(ours / steps.predict(x) - 1).mean() < 0.08


def test_a_block_of_few_positives_is_part_of_the_one_before() -> None:
    weight, positive = np.array([1000.0, 100.0, 10.0]), np.array([100.0, 50.0, 6.0])
    blocks = Cells(np.array([-2.0, 0.0, 1.0]), weight, positive, np.zeros(3, np.int64))
    assert fit.isotonic(blocks).knots == pytest.approx([-2.0, 10.0 / 110.0])


def test_half_of_the_knots_mass_is_that_of_the_positives() -> None:
    # Of rows around -6 with a rate of about e^logit the positives are around -5.
    random = np.random.default_rng(5)
    logit = random.normal(-6.0, 1.0, 400_000)
    label = (random.random(len(logit)) < sigmoid(logit)).astype(np.float64)
    knots = fit.spline(cells(logit, label)).knots
    assert len(knots) == fit.KNOTS
    assert knots[fit.KNOTS // 2] == pytest.approx(-5.5, abs=0.1)


@pytest.mark.parametrize("method", fit.METHODS.values())
def test_a_weight_of_two_is_the_row_twice(method: Any) -> None:
    logit, label = drawn(bent, rows=5_000)
    weight = 1.0 + (np.arange(len(logit)) % 2)
    twice = np.repeat(np.arange(len(logit)), weight.astype(int))
    x = np.linspace(-5, 2, 30)
    by_weight = method(cells(logit, label, weight))(x)
    np.testing.assert_allclose(by_weight, method(cells(logit[twice], label[twice]))(x), atol=1e-6)


@pytest.mark.parametrize("method", [fit.platt, fit.isotonic])
def test_logits_that_rank_backwards_are_refused(method: Any) -> None:
    logit, label = drawn(lambda x: -x - 5.0)
    with pytest.raises(UserError, match="rank the labels no better than chance"):
        method(cells(logit, label))


def test_logits_far_out_are_fitted_too() -> None:
    random = np.random.default_rng(3)
    logit = np.append(random.normal(-13.8, 1.0, 400_000), [-80.0, 80.0])
    label = (random.random(len(logit)) < sigmoid(logit + 3.0)).astype(np.float64)
    for method in fit.METHODS.values():
        curve = method(cells(logit, label))
        assert np.isfinite(curve([-80.0, 80.0])).all()
        assert sigmoid(curve(logit)).sum() == pytest.approx(label.sum(), rel=1e-3)


def test_held_out_rows_are_in_no_sum_of_their_fold() -> None:
    logit, label = drawn(bent, rows=1_000)
    fold = np.arange(1_000) % 4
    none = np.zeros(1_000, np.int64)
    every, *others = cells_by_fold(logit, label, np.ones(1_000), none, fold, 4)
    assert every.weight.sum() == 1_000
    assert every.positive.sum() == label.sum()
    for number, held_out in enumerate(others):
        assert held_out.weight.sum() == 750
        assert held_out.positive.sum() == label[fold != number].sum()
    assert every.weight @ every.logit == pytest.approx(logit.sum(), rel=1e-12)


def test_the_slope_of_the_spline_changes_as_its_prior_says() -> None:
    """At the largest posterior, the likelihood's gradient is that of the prior, N(0, .5^2)."""
    logit = np.linspace(-3, 3, 400)
    rate = sigmoid(0.2 * logit**2 + logit - 1)
    given = Cells(logit, np.full(400, 5.0), 5.0 * rate, np.zeros(400, np.int64))
    curve = fit.spline(given)
    knots, slopes = np.array(curve.knots), np.array(curve.slopes)
    assert (slopes > 2 * fit.SMALLEST_SLOPE).all()
    error = given.weight * sigmoid(curve(logit)) - given.positive
    assert error.sum() == pytest.approx(0, abs=1e-6)  # the intercept has no prior
    # What a slope adds to the logit: the integral of its hat function from the first knot on.
    grid = np.linspace(-3, 3, 60_001)
    for number in range(len(knots)):
        hat = np.interp(grid, knots, np.eye(len(knots))[number])
        risen = np.cumsum(hat) * (grid[1] - grid[0])
        risen -= np.interp(knots[0], grid, risen)
        of_likelihood = (error * np.interp(logit, grid, risen)).sum()
        steps = np.diff(slopes, prepend=slopes[0], append=slopes[-1])
        of_prior = (steps[number] - steps[number + 1]) / 0.5**2
        assert of_likelihood + of_prior == pytest.approx(0, abs=0.02), number
