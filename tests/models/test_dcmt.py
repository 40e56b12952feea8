"""DCMT against the paper's objective in float64 numpy."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest

from easy_esmm.models.dcmt import COUNTERFACTUAL_LOGIT
from tests.models.counterfactual import (
    Rows,
    built,
    config,
    entropy,
    losses_of,
    plain,
    rows,
    sigmoid,
)

PRODUCT, CLICK = "weighted_cross_entropy_loss_cvr", "weighted_cross_entropy_loss_ctr"
FACTUAL, OTHER, AGREEMENT = (
    f"{name}_loss_cvr" for name in ("factual", "counterfactual", "agreement")
)


def heads(counterfactual_logit: Any) -> Dict[str, Any]:
    return {COUNTERFACTUAL_LOGIT: counterfactual_logit}


def normalized(mask: Any, probability: Any, floor: float = 0.03) -> Any:
    weight = mask / np.maximum(probability, floor)
    return weight / weight.sum()


def test_the_objective_is_esmms_and_both_heads_risks_and_their_disagreement() -> None:
    r = rows(1, reach=5.0)
    weighted = "factual_weight: 0.7 counterfactual_weight: 0.3 agreement_weight: 0.2"
    esmm = losses_of(config("ESMM"), r, plain)
    result = losses_of(config("DCMT", weighted), r, heads)
    assert list(result.values) == [CLICK, PRODUCT, FACTUAL, OTHER, AGREEMENT]
    p, q = sigmoid(r.a), sigmoid(-r.a)
    u = r.weight * normalized(r.click, p)
    v = r.weight * normalized(1 - r.click, q)
    gap = sigmoid(r.b) + sigmoid(r.other) - 1
    expected = {
        CLICK: esmm.values[CLICK],
        PRODUCT: esmm.values[PRODUCT],
        FACTUAL: (u * entropy(r.conversion, r.b)).sum(),
        OTHER: (v * entropy(1 - r.conversion, r.other)).sum(),
        AGREEMENT: (r.weight * np.abs(gap)).mean(),
    }
    assert result.values == pytest.approx(expected, rel=1e-5)
    factors = {CLICK: 1, PRODUCT: 1, FACTUAL: 0.7, OTHER: 0.3, AGREEMENT: 0.2}
    assert result.weights == pytest.approx(factors)
    assert result.total == pytest.approx(sum(factors[n] * expected[n] for n in factors), rel=1e-5)
    by_ctr, by_cvr, by_other = result.gradients
    np.testing.assert_array_equal(by_ctr, esmm.gradients[0])
    pull = 0.2 * r.weight * np.sign(gap) / len(gap)
    of_cvr = 0.7 * u * (sigmoid(r.b) - r.conversion) + pull * sigmoid(r.b) * sigmoid(-r.b)
    np.testing.assert_allclose(by_cvr, esmm.gradients[1] + of_cvr, rtol=2e-5, atol=1e-8)
    of_other = 0.3 * v * (sigmoid(r.other) - (1 - r.conversion))
    of_other += pull * sigmoid(r.other) * sigmoid(-r.other)
    np.testing.assert_allclose(by_other, of_other, rtol=2e-5, atol=1e-8)


def test_the_papers_weights_are_the_default() -> None:
    weights = losses_of(config("DCMT"), rows(2), heads).weights
    papers = {CLICK: 1, PRODUCT: 1, FACTUAL: 1, OTHER: 1, AGREEMENT: 1e-3}
    assert weights == pytest.approx(papers)


def test_the_floor_clips_both_propensities() -> None:
    r = rows(3, reach=6.0)
    result = losses_of(config("DCMT", "propensity { floor: 0.2 }"), r, heads)
    u = r.weight * normalized(r.click, sigmoid(r.a), 0.2)
    v = r.weight * normalized(1 - r.click, sigmoid(-r.a), 0.2)
    assert result.values[FACTUAL] == pytest.approx((u * entropy(r.conversion, r.b)).sum(), rel=1e-5)
    of_other = (v * entropy(1 - r.conversion, r.other)).sum()
    assert result.values[OTHER] == pytest.approx(of_other, rel=1e-5)


def test_an_unclicked_row_teaches_the_counterfactual_head_no_conversion() -> None:
    r = Rows(*(np.array([x]) for x in (0.0, 0.0, 1.0, -1.0, 0.5, 0.5)))
    result = losses_of(config("DCMT"), r, heads)
    assert result.values[FACTUAL] == 0
    # Label 1, weight 1 as the only unclicked row: -log sigmoid(.5).
    assert result.values[OTHER] == pytest.approx(np.log1p(np.exp(-0.5)), rel=1e-6)


def test_sum_reduction_is_batch_size_times_the_mean() -> None:
    r = rows(4, size=33)
    mean = losses_of(config("DCMT"), r, heads)
    total = losses_of(config("DCMT", "", "loss_reduction: SUM"), r, heads)
    for name, value in mean.values.items():
        assert total.values[name] == pytest.approx(33 * value, rel=1e-5)


@pytest.mark.parametrize("clicked", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_batches_of_one_kind_and_saturated_propensities_are_finite(
    clicked: float, logit: float
) -> None:
    full = np.full(6, logit)
    r = Rows(np.full(6, clicked), 0 * full, 1 + 0 * full, full, -full, full)
    for text in ("", "propensity { floor: 1e-30 }"):
        result = losses_of(config("DCMT", text), r, heads)
        assert np.isfinite(list(result.values.values())).all()
        assert np.isfinite(result.gradients).all()
        assert result.values[OTHER if clicked else FACTUAL] == 0


FEATURES = {
    "user": np.random.default_rng(5).normal(size=[12, 4]),
    "item": np.random.default_rng(6).normal(size=[12, 2]),
}
OWN = 'ctr_tower { input: "user" } cvr_tower { input: "item" label_prior: 0.02 }'


def test_the_counterfactual_head_has_the_cvr_towers_layers_unless_it_names_its_own() -> None:
    layers = "counterfactual_tower { dnn { hidden_units: [5] use_bn: false } }"
    for text, units in ((OWN, 3), (f"{OWN} {layers}", 5)):
        result = built(config("DCMT", f"{text} l2_regularization: 0.5"), rows(7, 12), FEATURES)
        kernels = {name: v for name, v in result.variables.items() if name.endswith("kernel")}
        assert {n: v.shape for n, v in kernels.items() if "counterfactual" in n} == {
            "counterfactual_tower/dnn/dense_0/kernel": (2, units),
            "counterfactual_tower/output/kernel": (units, 1),
        }
        penalty = (
            0.5 * sum((kernel.astype(np.float64) ** 2).sum() for kernel in kernels.values()) / 2
        )
        assert result.regularization == pytest.approx(penalty, rel=1e-5)


def test_the_heads_agree_at_first_where_the_cvr_tower_has_a_prior() -> None:
    zeros = {name: 0 * value for name, value in FEATURES.items()}
    for text, bias in ((OWN, np.log(0.98 / 0.02)), (OWN.replace("label_prior: 0.02", ""), 0.0)):
        result = built(config("DCMT", text), rows(8, 12), zeros)
        assert result.variables["counterfactual_tower/output/bias"] == pytest.approx(
            [bias], rel=1e-5
        )


def test_each_loss_reaches_the_layers_that_it_should_and_no_other() -> None:
    shared = """groups { input: "user" dnn { hidden_units: [3] use_bn: false } }
      groups { input: "item" dnn { hidden_units: [0] } }"""
    result = built(config("DCMT", shared), rows(9, 12), FEATURES)
    reached = {
        term: {name.split("/")[0] for name, slope in slopes.items() if slope.any()}
        for term, slopes in result.moved.items()
    }
    assert reached == {
        CLICK: {"group_user", "ctr_tower"},
        PRODUCT: {"group_user", "ctr_tower", "cvr_tower"},
        FACTUAL: {"group_user", "cvr_tower"},
        OTHER: {"group_user", "counterfactual_tower"},
        AGREEMENT: {"group_user", "cvr_tower", "counterfactual_tower"},
    }
    names = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]
    assert sorted(result.served) == names
