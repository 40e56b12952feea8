"""Curves against SciPy's Hermite splines, and what makes one increasing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from easy_esmm.calibration.curve import Curve

BENT = Curve((-6.0, -2.0, 1.0), (-5.0, -2.5, 0.0), (0.5, 0.75, 1.5))


def test_a_line_is_intercept_and_slope() -> None:
    line = Curve((-2.0,), (-3.0,), (0.5,))
    np.testing.assert_array_equal(line([-80.0, -2.0, 0.0, 80.0]), [-42.0, -3.0, -2.0, 38.0])


def test_between_knots_it_is_the_cubic_hermite_and_beyond_them_straight() -> None:
    inside = np.linspace(-6.0, 1.0, 500)
    expected = CubicHermiteSpline(BENT.knots, BENT.values, BENT.slopes)(inside)
    np.testing.assert_allclose(BENT(inside), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(BENT([-80.0, 80.0]), [-5.0 - 74 * 0.5, 79 * 1.5], rtol=1e-13)


def test_the_shape_of_the_logits_stays() -> None:
    assert BENT(np.zeros([2, 3])).shape == (2, 3)
    assert BENT(0.5).shape == ()


def test_rows_keep_their_order() -> None:
    logit = np.sort(np.random.default_rng(1).uniform(-80, 80, 50_000))
    assert not BENT.problem()
    assert (np.diff(BENT(logit)) > 0).all()


def test_a_shift_adds_to_every_logit() -> None:
    logit = np.linspace(-9, 9, 50)
    np.testing.assert_allclose(BENT.shifted(0.25)(logit), BENT(logit) + 0.25, rtol=1e-14)


@pytest.mark.parametrize(
    ("curve", "is_identity"),
    [
        (Curve((0.0,), (0.0,), (1.0,)), True),
        (Curve((-1.0, 2.0), (-1.0, 2.0), (1.0, 1.0)), True),
        (Curve((0.0,), (1e-9,), (1.0,)), False),
        (Curve((0.0,), (0.0,), (1.001,)), False),
    ],
)
def test_the_identity_is_known(curve: Curve, is_identity: bool) -> None:
    assert curve.is_identity == is_identity


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (((0.0,), (0.0,), (0.0,)), "slopes must be above 0"),
        (((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)), "knots must ascend"),
        (((0.0, 1.0), (0.0, 1.0), (1.0, 3.1)), "must rise between its knots"),
        (((0.0, 1.0), (1.0, 0.0), (1.0, 1.0)), "must rise between its knots"),
        (((0.0, 1.0), (0.0,), (1.0, 1.0)), "lists of one length"),
        (((), (), ()), "at least 1"),
        (((0.0,), (float("inf"),), (1.0,)), "finite"),
    ],
)
def test_what_is_no_increasing_curve_says_why(parts: Any, problem: str) -> None:
    assert problem in Curve(*parts).problem()
