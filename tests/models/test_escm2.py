"""ESCM2 against the paper's objective in float64 numpy."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Group
from easy_esmm.models.escm2 import IMPUTATION_LOGIT, WARM_UP_FACTOR
from tests.models.counterfactual import (
    Rows,
    built,
    config,
    entropy,
    labels_of,
    losses_of,
    plain,
    rows,
    sigmoid,
    softplus,
)
from tests.tasks import build, outputs_of

PRODUCT, CLICK = "weighted_cross_entropy_loss_cvr", "weighted_cross_entropy_loss_ctr"
IPS, DR, IMPUTATION = (
    f"{name}_loss_cvr" for name in ("inverse_propensity", "doubly_robust", "imputation")
)


def ips(_: Any) -> Dict[str, Any]:
    return {WARM_UP_FACTOR: 1.0}


def dr(imputation_logit: Any) -> Dict[str, Any]:
    return {WARM_UP_FACTOR: 1.0, IMPUTATION_LOGIT: imputation_logit}


def weights_of(r: Rows, floor: float = 0.03, cap: float = 1.0) -> Any:
    """y / P over the number of rows."""
    return r.click / np.clip(sigmoid(r.a), floor, cap) / len(r.click)


def test_the_objective_is_esmms_and_the_inverse_propensity_risk() -> None:
    r = rows()
    esmm = losses_of(config("ESMM"), r, plain)
    result = losses_of(config("ESCM2"), r, ips)
    assert list(result.values) == [CLICK, PRODUCT, IPS]
    assert result.values[CLICK] == esmm.values[CLICK]
    assert result.values[PRODUCT] == esmm.values[PRODUCT]
    u = r.weight * weights_of(r)
    risk = (u * entropy(r.conversion, r.b)).sum()
    assert result.values[IPS] == pytest.approx(risk, rel=1e-5)
    assert result.weights[IPS] == pytest.approx(0.1)
    assert result.total == pytest.approx(esmm.total + 0.1 * risk, rel=1e-5)
    # The click tower learns what ESMM's does, and nothing from the weights that it gives.
    np.testing.assert_array_equal(result.gradients[0], esmm.gradients[0])
    pull = esmm.gradients[1] + 0.1 * u * (sigmoid(r.b) - r.conversion)
    np.testing.assert_allclose(result.gradients[1], pull, rtol=1e-5, atol=1e-8)


def test_the_doubly_robust_objective_has_the_risk_and_the_imputations_loss() -> None:
    r = rows(2)
    weighted = "estimator: DR counterfactual_weight: 0.2 imputation_weight: 0.5"
    esmm = losses_of(config("ESMM"), r, plain)
    result = losses_of(config("ESCM2", weighted), r, dr)
    assert list(result.values) == [CLICK, PRODUCT, DR, IMPUTATION]
    u, e = r.weight * weights_of(r), softplus(r.other)
    missed = entropy(r.conversion, r.b) - e
    risk = (r.weight * e).mean() + (u * missed).sum()
    error = (u * missed**2).sum()
    assert result.values[DR] == pytest.approx(risk, rel=1e-5)
    assert result.values[IMPUTATION] == pytest.approx(error, rel=1e-5)
    assert result.weights[DR] == pytest.approx(0.2)
    assert result.weights[IMPUTATION] == pytest.approx(0.2 * 0.5)
    assert result.total == pytest.approx(esmm.total + 0.2 * risk + 0.1 * error, rel=1e-5)
    by_ctr, by_cvr, by_imputation = result.gradients
    np.testing.assert_array_equal(by_ctr, esmm.gradients[0])
    pull = esmm.gradients[1] + 0.2 * u * (sigmoid(r.b) - r.conversion)
    np.testing.assert_allclose(by_cvr, pull, rtol=1e-5, atol=1e-8)
    expected = 0.1 * -2 * u * missed * sigmoid(r.other)
    np.testing.assert_allclose(by_imputation, expected, rtol=1e-5, atol=1e-8)


def test_floor_and_cap_clip_the_propensity() -> None:
    r = rows(3, reach=6.0)
    clipped = config("ESCM2", "propensity { floor: 0.2 cap: 0.5 }")
    expected = (r.weight * weights_of(r, 0.2, 0.5) * entropy(r.conversion, r.b)).sum()
    assert losses_of(clipped, r, ips).values[IPS] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("estimator", ["IPS", "DR"])
def test_self_normalised_weights_divide_by_their_sum(estimator: str) -> None:
    r = rows(4)
    normalized = f"estimator: {estimator} propensity {{ self_normalized: true }}"
    result = losses_of(config("ESCM2", normalized), r, dr if estimator == "DR" else ips)
    u = r.weight * weights_of(r) / weights_of(r).sum()
    loss, e = entropy(r.conversion, r.b), softplus(r.other)
    if estimator == "IPS":
        assert result.values[IPS] == pytest.approx((u * loss).sum(), rel=1e-5)
    else:
        risk = (r.weight * e).mean() + (u * (loss - e)).sum()
        assert result.values[DR] == pytest.approx(risk, rel=1e-5)
        assert result.values[IMPUTATION] == pytest.approx((u * (loss - e) ** 2).sum(), rel=1e-5)


@pytest.mark.parametrize(("estimator", "auxiliary"), [("IPS", ips), ("DR", dr)])
def test_sum_reduction_is_batch_size_times_the_mean(estimator: str, auxiliary: Any) -> None:
    r, text = rows(5, size=33), f"estimator: {estimator}"
    mean = losses_of(config("ESCM2", text), r, auxiliary)
    total = losses_of(config("ESCM2", text, "loss_reduction: SUM"), r, auxiliary)
    for name, value in mean.values.items():
        assert total.values[name] == pytest.approx(33 * value, rel=1e-5)
    np.testing.assert_allclose(total.gradients, 33 * np.array(mean.gradients), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("clicked", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_batches_of_one_kind_and_saturated_propensities_are_finite(
    clicked: float, logit: float
) -> None:
    size = 6
    full = np.full(size, logit)
    r = Rows(np.full(size, clicked), 0 * full, 1 + 0 * full, full, -full, full)
    for text in ("", "propensity { self_normalized: true }", "propensity { floor: 1e-30 }"):
        result = losses_of(config("ESCM2", f"estimator: DR {text}"), r, dr)
        assert np.isfinite(list(result.values.values())).all()
        assert np.isfinite(result.gradients).all()


def test_a_weight_of_zero_is_esmm() -> None:
    r = rows(6)
    esmm = losses_of(config("ESMM"), r, plain)
    without = losses_of(config("ESCM2", "counterfactual_weight: 0"), r, ips)
    assert without.total == esmm.total
    np.testing.assert_array_equal(without.gradients, esmm.gradients)


@pytest.mark.parametrize(
    ("training", "step", "share"),
    [(True, 0, 0.0), (True, 50, 0.25), (True, 200, 1.0), (True, 9000, 1.0), (False, 50, 1.0)],
)
def test_the_counterfactual_weight_rises_with_the_steps_of_training(
    training: bool, step: int, share: float
) -> None:
    rising = config("ESCM2", "estimator: DR counterfactual_weight: 0.4 warm_up_steps: 200")
    r = rows(7)
    with tf.Graph().as_default(), v1.Session() as session:
        global_step = v1.train.create_global_step()
        model = build(rising)
        groups = {name: Group(tf.zeros([len(r.click), 2])) for name in ("user", "item")}
        terms = model.loss_terms(model.outputs(groups, training), labels_of(r))
        session.run(v1.global_variables_initializer())
        session.run(v1.assign(global_step, step))
        weights = session.run({t.name: tf.constant(1.0) * t.weight for t in terms})
    assert weights[DR] == pytest.approx(0.4 * share)
    assert weights[IMPUTATION] == pytest.approx(0.4 * share)
    assert weights[CLICK] == weights[PRODUCT] == 1.0


def test_clipped_share_and_mean_weight_are_those_of_clicked_rows() -> None:
    # pCTR .5, .01, .01 and .2; the third is not clicked.
    probability, click = np.array([0.5, 0.01, 0.01, 0.2]), np.array([1.0, 1, 0, 1])
    logit = tf.constant(np.log(probability / (1 - probability)), tf.float32)
    r = rows(8, size=4)._replace(click=click)
    model = build(config("ESCM2", "propensity { floor: 0.04 }"))
    means = model.row_means(outputs_of(model, {"ctr": logit, "cvr": logit}), labels_of(r))
    clipped, weight = means["propensity/clipped_share"], means["propensity/mean_weight"]
    np.testing.assert_array_equal(clipped.value, [0, 1, 1, 0])
    np.testing.assert_array_equal(clipped.weight, click)
    np.testing.assert_allclose(weight.value, [2, 25, 25, 5], rtol=1e-5)
    np.testing.assert_array_equal(weight.weight, click)


FEATURES = {
    "user": np.random.default_rng(9).normal(size=[12, 4]),
    "item": np.random.default_rng(10).normal(size=[12, 2]),
}
OWN = 'ctr_tower { input: "user" } cvr_tower { input: "item" } estimator: DR'


def test_the_imputation_tower_has_the_cvr_towers_layers_unless_it_names_its_own() -> None:
    # The CVR tower reads the two columns of "item", and so does the imputation.
    shapes = {
        "imputation_tower/dnn/dense_0/kernel": (2, 3),
        "imputation_tower/output/kernel": (3, 1),
    }
    own = {"imputation_tower/dnn/dense_0/kernel": (2, 5), "imputation_tower/output/kernel": (5, 1)}
    layers = "imputation_tower { dnn { hidden_units: [5] use_bn: false } }"
    for text, expected in ((OWN, shapes), (f"{OWN} {layers}", own)):
        result = built(config("ESCM2", f"{text} l2_regularization: 0.5"), rows(11, 12), FEATURES)
        kernels = {name: v for name, v in result.variables.items() if name.endswith("kernel")}
        assert {n: v.shape for n, v in kernels.items() if "imputation" in n} == expected
        penalty = (
            0.5 * sum((kernel.astype(np.float64) ** 2).sum() for kernel in kernels.values()) / 2
        )
        assert result.regularization == pytest.approx(penalty, rel=1e-5)


def test_inverse_propensities_need_no_imputation_tower() -> None:
    result = built(config("ESCM2", OWN.replace("DR", "IPS")), rows(12, 12), FEATURES)
    assert not [name for name in result.variables if "imputation" in name]


def test_served_names_are_esmms() -> None:
    served = built(config("ESCM2", OWN), rows(13, 12), FEATURES).served
    names = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]
    assert sorted(served) == names
    np.testing.assert_allclose(
        served["probs_ctcvr"], served["probs_ctr"] * served["probs_cvr"], rtol=1e-5
    )


def test_each_loss_reaches_the_layers_that_it_should_and_no_other() -> None:
    shared = """groups { input: "user" dnn { hidden_units: [3] use_bn: false } }
      groups { input: "item" dnn { hidden_units: [0] } } estimator: DR"""
    moved = built(config("ESCM2", shared), rows(14, 12), FEATURES).moved
    reached = {
        term: {name.split("/")[0] for name, slope in slopes.items() if slope.any()}
        for term, slopes in moved.items()
    }
    assert reached == {
        CLICK: {"group_user", "ctr_tower"},
        PRODUCT: {"group_user", "ctr_tower", "cvr_tower"},
        DR: {"group_user", "cvr_tower"},
        IMPUTATION: {"group_user", "imputation_tower"},
    }
