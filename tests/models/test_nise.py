"""NISE against its objective in float64 numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.models.counterfactual import (
    Rows,
    built,
    config,
    entropy,
    losses_of,
    plain,
    rows,
    sigmoid,
    slope,
)

CLICK, CLICKED, ENTROPY = (
    "weighted_cross_entropy_loss_ctr",
    "clicked_loss_cvr",
    "entropy_loss_cvr",
)
FEATURES = {
    "user": np.random.default_rng(5).normal(size=[12, 4]),
    "item": np.random.default_rng(6).normal(size=[12, 2]),
}


def own_entropy(logit: Any) -> Any:
    return entropy(sigmoid(logit), logit)


def test_the_objective_is_the_click_loss_and_two_balanced_losses_of_pcvr() -> None:
    r = rows(1, reach=5.0)
    result = losses_of(config("NISE", "entropy_weight: 0.7"), r, plain)
    size = len(r.click)
    expected = {
        CLICK: (r.weight * entropy(r.click, r.a)).sum() / size,
        CLICKED: (r.weight * r.click * entropy(r.conversion, r.b)).sum() / size,
        ENTROPY: (r.weight * (1 - r.click) * own_entropy(r.b)).sum() / size,
    }
    assert list(result.values) == [CLICK, CLICKED, ENTROPY]
    assert result.values == pytest.approx(expected, rel=1e-5)
    balance = expected[CLICK] / (expected[CLICKED] + 0.7 * expected[ENTROPY])
    assert balance < 50
    assert result.weights == pytest.approx({CLICK: 1, CLICKED: balance, ENTROPY: 0.7 * balance})
    by_ctr, by_cvr, _ = result.gradients
    # The balance is a constant, so pCTR learns from clicks alone.
    np.testing.assert_allclose(by_ctr, r.weight * slope(r.click, r.a) / size, rtol=2e-5, atol=1e-8)
    of_clicked = r.click * slope(r.conversion, r.b)
    of_unclicked = (1 - r.click) * -r.b * sigmoid(r.b) * sigmoid(-r.b)
    expected_slope = balance * r.weight * (of_clicked + 0.7 * of_unclicked) / size
    np.testing.assert_allclose(by_cvr, expected_slope, rtol=2e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("text", "balance"), [("largest_balance: 0.1", 0.1), ("largest_balance: 0", 1)]
)
def test_the_balance_has_a_limit_and_can_be_off(text: str, balance: float) -> None:
    result = losses_of(config("NISE", text), rows(2), plain)
    assert result.weights == pytest.approx({CLICK: 1, CLICKED: balance, ENTROPY: balance})


def test_a_batch_whose_pcvr_is_certain_has_the_largest_balance() -> None:
    zero, certain = np.zeros(4), np.full(4, -200.0)
    r = Rows(zero, zero, 1 + zero, zero, certain, zero)
    result = losses_of(config("NISE"), r, plain)
    assert result.values[ENTROPY] == 0
    assert result.weights[CLICKED] == 50
    assert np.isfinite(result.gradients).all()


def test_the_product_and_the_click_tower_are_not_taught_by_conversions() -> None:
    shared = """groups { input: "user" dnn { hidden_units: [3] use_bn: false } }
      groups { input: "item" dnn { hidden_units: [0] } }"""
    result = built(config("NISE", shared), rows(9, 12), FEATURES)
    reached = {
        term: {name.split("/")[0] for name, moved in slopes.items() if moved.any()}
        for term, slopes in result.moved.items()
    }
    assert reached == {
        CLICK: {"group_user", "ctr_tower"},
        CLICKED: {"group_user", "cvr_tower"},
        ENTROPY: {"group_user", "cvr_tower"},
    }
    names = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]
    assert sorted(result.served) == names


@pytest.mark.parametrize("clicked", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_batches_of_one_kind_and_saturated_predictions_are_finite(
    clicked: float, logit: float
) -> None:
    full = np.full(6, logit)
    r = Rows(np.full(6, clicked), 0 * full, 1 + 0 * full, full, -full, full)
    result = losses_of(config("NISE"), r, plain)
    assert np.isfinite(list(result.values.values())).all()
    assert np.isfinite(list(result.weights.values())).all()
    assert np.isfinite(result.gradients).all()
    assert result.values[ENTROPY if clicked else CLICKED] == 0


def test_sum_reduction_is_batch_size_times_the_mean() -> None:
    r = rows(4, size=33)
    mean = losses_of(config("NISE"), r, plain)
    total = losses_of(config("NISE", "", "loss_reduction: SUM"), r, plain)
    assert total.weights == pytest.approx(mean.weights, rel=1e-5)
    for name, value in mean.values.items():
        assert total.values[name] == pytest.approx(33 * value, rel=1e-5)
