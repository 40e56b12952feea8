"""DDPO against its objective, and its transfers between towers, in float64 numpy."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Group
from easy_esmm.models.ddpo import CONVERSION_PROPENSITY_LOGIT
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
from tests.tasks import build

CLICK, PRODUCT = "weighted_cross_entropy_loss_ctr", "weighted_cross_entropy_loss_cvr"
PROPENSITY, CLICKED, PSEUDO = (
    f"{name}_loss_cvr" for name in ("conversion_propensity", "inverse_propensity", "pseudo_label")
)
FEATURES = {
    "user": np.random.default_rng(5).normal(size=[12, 4]),
    "item": np.random.default_rng(6).normal(size=[12, 2]),
}
SHARED = """groups { input: "user" dnn { hidden_units: [3] use_bn: false } }
  groups { input: "item" dnn { hidden_units: [0] } }"""


def pseudo_labels(logit: Any) -> Dict[str, Any]:
    return {CONVERSION_PROPENSITY_LOGIT: logit}


def test_the_objective_is_esmms_and_three_losses_of_clicked_and_unclicked_rows() -> None:
    r = rows(1, reach=5.0)
    text = "conversion_propensity_weight: 0.7 inverse_propensity_weight: 0.3 "
    text += "pseudo_label_weight: 0.2"
    esmm = losses_of(config("ESMM"), r, plain)
    result = losses_of(config("DDPO", text), r, pseudo_labels)
    size = len(r.click)
    p, v = sigmoid(r.a), sigmoid(r.other)
    clicked = r.weight * r.click / np.maximum(p, 0.03) / size
    unclicked = r.weight * (1 - r.click) / np.maximum(1 - p, 0.03) / size
    expected = {
        CLICK: esmm.values[CLICK],
        PRODUCT: esmm.values[PRODUCT],
        PROPENSITY: (r.weight * r.click * entropy(r.conversion, r.other)).sum() / size,
        CLICKED: (clicked * entropy(r.conversion, r.b)).sum(),
        PSEUDO: (unclicked * entropy(v, r.b)).sum(),
    }
    assert list(result.values) == list(expected)
    assert result.values == pytest.approx(expected, rel=1e-5)
    factors = {CLICK: 1, PRODUCT: 1, PROPENSITY: 0.7, CLICKED: 0.3, PSEUDO: 0.2}
    assert result.weights == pytest.approx(factors)
    by_ctr, by_cvr, by_other = result.gradients
    np.testing.assert_array_equal(by_ctr, esmm.gradients[0])
    of_cvr = 0.3 * clicked * slope(r.conversion, r.b) + 0.2 * unclicked * (sigmoid(r.b) - v)
    np.testing.assert_allclose(by_cvr, esmm.gradients[1] + of_cvr, rtol=2e-5, atol=1e-7)
    # Soft labels are constants: unclicked rows teach v nothing.
    of_other = 0.7 * r.weight * r.click * slope(r.conversion, r.other) / size
    np.testing.assert_allclose(by_other, of_other, rtol=2e-5, atol=1e-8)


def test_all_weights_are_1_by_default() -> None:
    weights = losses_of(config("DDPO"), rows(2), pseudo_labels).weights
    assert set(weights.values()) == {1.0}


def test_weights_can_be_divided_by_their_sum_and_have_a_floor() -> None:
    r = rows(3, reach=6.0)
    text = "propensity { floor: 0.2 self_normalized: true }"
    result = losses_of(config("DDPO", text), r, pseudo_labels)
    clicked = r.click / np.maximum(sigmoid(r.a), 0.2)
    unclicked = (1 - r.click) / np.maximum(sigmoid(-r.a), 0.2)
    expected = r.weight * clicked / clicked.sum() * entropy(r.conversion, r.b)
    assert result.values[CLICKED] == pytest.approx(expected.sum(), rel=1e-5)
    expected = r.weight * unclicked / unclicked.sum() * entropy(sigmoid(r.other), r.b)
    assert result.values[PSEUDO] == pytest.approx(expected.sum(), rel=1e-5)


@pytest.mark.parametrize("clicked", [0.0, 1.0])
@pytest.mark.parametrize("logit", [-80.0, 80.0])
def test_batches_of_one_kind_and_saturated_propensities_are_finite(
    clicked: float, logit: float
) -> None:
    full = np.full(6, logit)
    r = Rows(np.full(6, clicked), 0 * full, 1 + 0 * full, full, -full, full)
    for text in ("", "propensity { floor: 1e-30 }"):
        result = losses_of(config("DDPO", text), r, pseudo_labels)
        assert np.isfinite(list(result.values.values())).all()
        assert np.isfinite(result.gradients).all()
        assert result.values[PSEUDO if clicked else CLICKED] == 0


@pytest.mark.parametrize("transfers", [True, False])
def test_each_loss_reaches_the_layers_that_it_should_and_no_other(transfers: bool) -> None:
    text = f"{SHARED} causal_transfer: {str(transfers).lower()}"
    result = built(config("DDPO", text), rows(9, 12), FEATURES)
    reached = {
        term: {name.split("/")[0] for name, moved in slopes.items() if moved.any()}
        for term, slopes in result.moved.items()
    }
    # The CVR tower reads the hidden layers of the other two, and so teaches these.
    read = {"ctr_tower", "conversion_propensity_tower"} if transfers else set()
    assert reached == {
        CLICK: {"group_user", "ctr_tower"},
        PRODUCT: {"group_user", "ctr_tower", "cvr_tower"} | read,
        PROPENSITY: {"group_user", "conversion_propensity_tower"},
        CLICKED: {"group_user", "cvr_tower"} | read,
        PSEUDO: {"group_user", "cvr_tower"} | read,
    }


def relu(x: Any) -> Any:
    return np.maximum(x, 0)


def test_the_cvr_tower_attends_to_both_other_towers() -> None:
    priors = "ctr_tower { label_prior: 0.1 } cvr_tower { label_prior: 0.02 }"
    model_config = config("DDPO", f"{SHARED} {priors}")
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(model_config)
        groups = {name: Group(tf.constant(x, tf.float32)) for name, x in FEATURES.items()}
        outputs = model.outputs(groups, training=False)
        variables = v1.trainable_variables()
        random = np.random.default_rng(3)
        values = {v.op.name: random.normal(size=v.shape.as_list()) for v in variables}
        for variable in variables:
            variable.load(values[variable.op.name].astype(np.float32), session)
        heads = {name: head.logit for name, head in outputs.heads.items()}
        found, pseudo = session.run((heads, outputs.auxiliary[CONVERSION_PROPENSITY_LOGIT]))
    values = {name: value.astype(np.float32).astype(np.float64) for name, value in values.items()}

    def dense(name: str, x: Any) -> Any:
        product = x @ values[f"{name}/kernel"]
        return product + values[f"{name}/bias"] if f"{name}/bias" in values else product

    user = relu(dense("group_user/dense_0", FEATURES["user"]))
    x = np.concatenate([user, FEATURES["item"]], axis=1)
    hidden = {
        name: relu(dense(f"{name}/dnn/dense_0", x))
        for name in ("ctr_tower", "cvr_tower", "conversion_propensity_tower")
    }

    def attention(name: str, own: Any, other: Any) -> Any:
        scope = f"cvr_tower/transfers/{name}"
        both = [relu(dense(f"{scope}/hand_over", other)), own]
        scores = [
            (dense(f"{scope}/query", u) * dense(f"{scope}/key", u)).sum(1) / np.sqrt(own.shape[1])
            for u in both
        ]
        weights = np.exp(scores - np.max(scores, axis=0))
        weights /= weights.sum(axis=0)
        return sum(w[:, None] * dense(f"{scope}/value", u) for w, u in zip(weights, both))

    own = hidden["cvr_tower"]
    met = [
        attention("ctr", own, hidden["ctr_tower"]),
        attention("conversion_propensity", own, hidden["conversion_propensity_tower"]),
    ]
    joined = relu(dense("cvr_tower/transfers/join", np.concatenate(met, axis=1)))
    expected = dense("cvr_tower/output", joined)[:, 0]
    np.testing.assert_allclose(found["cvr"], expected, rtol=2e-4, atol=2e-4)
    of_propensity = dense(
        "conversion_propensity_tower/output", hidden["conversion_propensity_tower"]
    )
    np.testing.assert_allclose(pseudo, of_propensity[:, 0], rtol=2e-4, atol=2e-4)
    of_clicks = dense("ctr_tower/output", hidden["ctr_tower"])[:, 0]
    np.testing.assert_allclose(found["ctr"], of_clicks, rtol=2e-4, atol=2e-4)


def test_the_conversion_propensity_tower_starts_at_the_prior_of_conversions() -> None:
    own = 'ctr_tower { input: "user" } cvr_tower { input: "item" label_prior: 0.02 }'
    layers = "conversion_propensity_tower { dnn { hidden_units: [5] use_bn: false } }"
    for text, units in ((own, 3), (f"{own} {layers}", 5)):
        result = built(config("DDPO", text), rows(8, 12), FEATURES)
        name = "conversion_propensity_tower"
        assert result.variables[f"{name}/output/bias"] == pytest.approx(
            [np.log(0.02 / 0.98)], rel=1e-5
        )
        assert result.variables[f"{name}/dnn/dense_0/kernel"].shape == (2, units)
