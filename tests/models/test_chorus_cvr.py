"""ChorusCVR against the paper's objective in float64 numpy."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest

from easy_esmm.models.chorus_cvr import UNCONVERTED_LOGIT
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

CLICK, PRODUCT = "weighted_cross_entropy_loss_ctr", "weighted_cross_entropy_loss_cvr"
UNCONVERTED, CLICKED, UNCONVERTED_CLICKED, ALIGNMENT = (
    f"{name}_loss_cvr"
    for name in (
        "unconverted",
        "inverse_propensity",
        "unconverted_inverse_propensity",
        "alignment",
    )
)
FEATURES = {
    "user": np.random.default_rng(5).normal(size=[12, 4]),
    "item": np.random.default_rng(6).normal(size=[12, 2]),
}


def complement(logit: Any) -> Dict[str, Any]:
    return {UNCONVERTED_LOGIT: logit}


def test_the_objective_is_esmms_and_four_losses_of_the_two_towers() -> None:
    r = rows(1, reach=5.0)
    text = "unconverted_weight: 0.7 inverse_propensity_weight: 0.3 alignment_weight: 0.2"
    esmm = losses_of(config("ESMM"), r, plain)
    result = losses_of(config("ChorusCVR", text), r, complement)
    size = len(r.click)
    p, u = sigmoid(r.a), sigmoid(r.other)
    clicked = r.click / np.maximum(p, 0.03) / size
    unclicked = (1 - r.click) / np.maximum(1 - p, 0.03) / size
    lost = r.click * (1 - r.conversion)
    joint = p * u
    agreement = entropy(1 - u, r.b) + entropy(sigmoid(-r.b), r.other)
    expected = {
        CLICK: esmm.values[CLICK],
        PRODUCT: esmm.values[PRODUCT],
        UNCONVERTED: (r.weight * -np.log(np.where(lost > 0, joint, 1 - joint))).sum() / size,
        CLICKED: (r.weight * clicked * entropy(r.conversion, r.b)).sum(),
        UNCONVERTED_CLICKED: (r.weight * clicked * entropy(1 - r.conversion, r.other)).sum(),
        ALIGNMENT: (r.weight * (clicked + unclicked) * agreement).sum(),
    }
    assert list(result.values) == list(expected)
    assert result.values == pytest.approx(expected, rel=1e-5)
    factors = {CLICK: 1, PRODUCT: 1, UNCONVERTED: 0.7, ALIGNMENT: 0.2}
    factors.update({CLICKED: 0.3, UNCONVERTED_CLICKED: 0.3})
    assert result.weights == pytest.approx(factors)
    by_ctr, by_cvr, by_other = result.gradients
    # d/da -log(p u) = -(1 - p), and d/da -log(1 - p u) = p u (1 - p) / (1 - p u).
    of_product = np.where(lost > 0, -1.0, joint / (1 - joint)) * r.weight / size
    np.testing.assert_allclose(
        by_ctr, esmm.gradients[0] + 0.7 * of_product * (1 - p), rtol=2e-5, atol=1e-8
    )
    weights = r.weight * (clicked + unclicked)
    of_cvr = 0.3 * r.weight * clicked * slope(r.conversion, r.b)
    of_cvr += 0.2 * weights * (sigmoid(r.b) - (1 - u))
    np.testing.assert_allclose(by_cvr, esmm.gradients[1] + of_cvr, rtol=2e-5, atol=1e-7)
    of_other = 0.7 * of_product * (1 - u)
    of_other += 0.3 * r.weight * clicked * slope(1 - r.conversion, r.other)
    of_other += 0.2 * weights * (u - sigmoid(-r.b))
    np.testing.assert_allclose(by_other, of_other, rtol=2e-5, atol=1e-7)


def test_all_weights_are_1_by_default() -> None:
    weights = losses_of(config("ChorusCVR"), rows(2), complement).weights
    assert set(weights.values()) == {1.0}


def test_weights_can_be_divided_by_their_sum_and_have_a_floor() -> None:
    r = rows(3, reach=6.0)
    text = "propensity { floor: 0.2 self_normalized: true }"
    result = losses_of(config("ChorusCVR", text), r, complement)
    clicked = r.click / np.maximum(sigmoid(r.a), 0.2)
    clicked /= clicked.sum()
    expected = (r.weight * clicked * entropy(r.conversion, r.b)).sum()
    assert result.values[CLICKED] == pytest.approx(expected, rel=1e-5)
    unclicked = (1 - r.click) / np.maximum(sigmoid(-r.a), 0.2)
    unclicked /= unclicked.sum()
    u = sigmoid(r.other)
    agreement = entropy(1 - u, r.b) + entropy(sigmoid(-r.b), r.other)
    expected = (r.weight * (clicked + unclicked) * agreement).sum()
    assert result.values[ALIGNMENT] == pytest.approx(expected, rel=1e-5)


def test_towers_that_agree_at_any_logit_are_not_pulled_by_the_alignment() -> None:
    logits = np.array([-80.0, -15.0, 0.0, 15.0, 80.0])
    zero = np.zeros(5)
    r = Rows(zero, zero, 1 + zero, zero, logits, -logits)
    text = "alignment_weight: 1 unconverted_weight: 0 inverse_propensity_weight: 0"
    alignment = losses_of(config("ChorusCVR", text), r, complement)
    esmm = losses_of(config("ESMM"), r, plain)
    np.testing.assert_allclose(alignment.gradients[1], esmm.gradients[1], atol=1e-8)
    np.testing.assert_array_equal(alignment.gradients[2], 0)


@pytest.mark.parametrize("clicked", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_batches_of_one_kind_and_saturated_propensities_are_finite(
    clicked: float, logit: float
) -> None:
    full = np.full(6, logit)
    r = Rows(np.full(6, clicked), 0 * full, 1 + 0 * full, full, -full, full)
    for text in ("", "propensity { floor: 1e-30 }"):
        result = losses_of(config("ChorusCVR", text), r, complement)
        assert np.isfinite(list(result.values.values())).all()
        assert np.isfinite(result.gradients).all()


def test_the_complement_starts_at_one_less_the_prior_and_has_the_cvr_towers_layers() -> None:
    own = 'ctr_tower { input: "user" } cvr_tower { input: "item" label_prior: 0.02 }'
    zeros = {name: 0 * value for name, value in FEATURES.items()}
    for text, units in (
        (own, 3),
        (f"{own} unconverted_tower {{ dnn {{ hidden_units: [5] use_bn: false }} }}", 5),
    ):
        result = built(config("ChorusCVR", text), rows(8, 12), zeros)
        assert result.variables["unconverted_tower/output/bias"] == pytest.approx(
            [np.log(0.98 / 0.02)], rel=1e-5
        )
        assert result.variables["unconverted_tower/dnn/dense_0/kernel"].shape == (2, units)


def test_each_loss_reaches_the_layers_that_it_should_and_no_other() -> None:
    shared = """groups { input: "user" dnn { hidden_units: [3] use_bn: false } }
      groups { input: "item" dnn { hidden_units: [0] } }"""
    result = built(config("ChorusCVR", shared), rows(9, 12), FEATURES)
    reached = {
        term: {name.split("/")[0] for name, moved in slopes.items() if moved.any()}
        for term, slopes in result.moved.items()
    }
    assert reached == {
        CLICK: {"group_user", "ctr_tower"},
        PRODUCT: {"group_user", "ctr_tower", "cvr_tower"},
        UNCONVERTED: {"group_user", "ctr_tower", "unconverted_tower"},
        CLICKED: {"group_user", "cvr_tower"},
        UNCONVERTED_CLICKED: {"group_user", "unconverted_tower"},
        ALIGNMENT: {"group_user", "cvr_tower", "unconverted_tower"},
    }
    names = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]
    assert sorted(result.served) == names


def test_sum_reduction_is_batch_size_times_the_mean() -> None:
    r = rows(4, size=33)
    mean = losses_of(config("ChorusCVR"), r, complement)
    total = losses_of(config("ChorusCVR", "", "loss_reduction: SUM"), r, complement)
    for name, value in mean.values.items():
        assert total.values[name] == pytest.approx(33 * value, rel=1e-5)
