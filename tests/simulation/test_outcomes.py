"""True rates against integration and simulation by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.simulation.effects import Logits
from easy_esmm.simulation.outcomes import draw_truth, integrated
from easy_esmm.simulation.settings import Settings


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _truth(rows=200_000, seed=1, **knobs):
    random = np.random.default_rng(seed)
    ctr = 1.2 * random.normal(size=rows)
    cvr = 0.5 * ctr + random.normal(size=rows)
    return draw_truth(Settings(rows=rows, **knobs), Logits(ctr, cvr, {}, {}), random)


@pytest.mark.parametrize(("kappa", "tolerance"), [(0.5, 1e-10), (1.0, 1e-10), (3.0, 5e-5)])
def test_quadrature_agrees_with_a_fine_sum_over_the_cause(kappa, tolerance):
    a, b = np.linspace(-9, 4, 60), np.linspace(3, -8, 60)
    u = np.linspace(-12, 12, 20_001)
    density = np.exp(-u * u / 2) / np.sqrt(2 * np.pi) * (u[1] - u[0])
    click = _sigmoid(a[:, None] + kappa * u)
    both = click * _sigmoid(b[:, None] + kappa * u)
    np.testing.assert_allclose(integrated(a, kappa), click @ density, rtol=tolerance)
    np.testing.assert_allclose(integrated(a, kappa, b), both @ density, rtol=tolerance)


def test_quadrature_agrees_with_drawn_causes():
    u = np.random.default_rng(2).normal(size=400_000)
    a, b = -2.0, -1.0
    both = _sigmoid(a + u) * _sigmoid(b + u)
    expected, error = both.mean(), both.std() / np.sqrt(len(u))
    assert abs(integrated(np.array([a]), 1.0, np.array([b]))[0] - expected) < 4 * error


def test_without_a_cause_the_rates_are_plain_products():
    a, b = np.array([-1.0, 2.0]), np.array([0.5, -3.0])
    np.testing.assert_array_equal(integrated(a, 0.0, b), _sigmoid(a) * _sigmoid(b))


@pytest.mark.parametrize("kappa", [0.0, 1.0])
@pytest.mark.parametrize(("click_rate", "conv_rate"), [(0.04, 0.05), (0.3, 0.01), (0.9, 0.6)])
def test_mean_rates_are_exactly_those_asked_for(kappa, click_rate, conv_rate):
    truth = _truth(20_000, kappa=kappa, click_rate=click_rate, conv_rate=conv_rate)
    assert truth.pctr.mean() == pytest.approx(click_rate, rel=1e-9)
    assert truth.pctcvr.mean() / truth.pctr.mean() == pytest.approx(conv_rate, rel=1e-9)


def test_probabilities_hang_together():
    truth = _truth(20_000, kappa=1.0)
    np.testing.assert_allclose(truth.pctr * truth.pcvr_click, truth.pctcvr, rtol=1e-12)
    # a common cause that made the click likely makes the conversion likely too
    assert (truth.pcvr_click > truth.pcvr_do).all()
    alone = _truth(20_000, kappa=0.0)
    np.testing.assert_allclose(alone.pcvr_click, alone.pcvr_do, rtol=1e-12)


def test_a_conversion_needs_a_click_and_is_the_counterfactual_where_there_is_one():
    truth = _truth(kappa=1.0)
    assert (truth.conversion <= truth.click).all()
    clicked = truth.click == 1
    np.testing.assert_array_equal(
        truth.conversion[clicked], truth.counterfactual_conversion[clicked]
    )
    assert truth.counterfactual_conversion[~clicked].sum() > 1000


@pytest.mark.parametrize("kappa", [0.0, 1.0])
def test_drawn_labels_follow_the_true_rates_in_every_part_of_the_space(kappa):
    truth = _truth(kappa=kappa, click_rate=0.2, conv_rate=0.3)
    clicked = truth.click == 1
    for label, rate in (
        (truth.click, truth.pctr),
        (truth.conversion, truth.pctcvr),
        (truth.counterfactual_conversion, truth.pcvr_do),
        (truth.conversion[clicked], truth.pcvr_click[clicked]),
    ):
        for high in (rate > np.median(rate), rate <= np.median(rate)):
            error = np.sqrt((rate[high] * (1 - rate[high])).sum())
            assert abs(label[high].sum() - rate[high].sum()) < 4 * error


def test_with_a_common_cause_clicked_rows_convert_more_than_do_click_says():
    truth = _truth(kappa=1.0, click_rate=0.2, conv_rate=0.3)
    clicked = truth.click == 1
    observed, error = truth.conversion[clicked].mean(), np.sqrt(0.3 * 0.7 / clicked.sum())
    assert observed > truth.pcvr_do[clicked].mean() + 10 * error
    # and rows that were not clicked would convert less
    unclicked, error = truth.counterfactual_conversion[~clicked].mean(), 0.4 / 160_000**0.5
    assert unclicked < truth.pcvr_do[~clicked].mean() - 10 * error
