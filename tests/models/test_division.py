"""Division against float64 numpy, with gradients with respect to each logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.tasks import build, family_labels, outputs_of

SIZE = 200
DNN = "hidden_units: [4] use_bn: false"


def config(parameters: str = "") -> ModelConfig:
    text = f"""
      model_class: "Division"
      feature_groups {{ group_name: "all" }}
      division {{
        ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ {DNN} }} }}
        cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ {DNN} }} }}
        {parameters}
      }}
    """
    return text_format.Merge(text, ModelConfig())


def sigmoid(x: Any) -> Any:
    return np.exp(-np.logaddexp(0.0, -x))


def entropy(label: Any, logit: Any) -> Any:
    return label * np.logaddexp(0.0, -logit) + (1 - label) * np.logaddexp(0.0, logit)


def test_each_tower_learns_its_own_rate_over_all_impressions() -> None:
    random = np.random.default_rng(1)
    a, c = random.uniform(-5, 2, [2, SIZE]).astype(np.float32).astype(np.float64)
    click = (random.random(SIZE) < 0.5).astype(np.float64)
    conversion = click * (random.random(SIZE) < 0.3)
    weight = random.choice([0.5, 1.0, 2.0], SIZE)
    with tf.Graph().as_default(), v1.Session() as session:
        logits = [tf.constant(x, tf.float32) for x in (a, c)]
        labels = family_labels(click, conversion, weight, cvr_loss_weight=weight)
        model = build(config())
        outputs = outputs_of(model, dict(zip(("ctr", "cvr"), logits)))
        terms = model.loss_terms(outputs, labels)
        slopes = tf.gradients(tf.add_n([t.weight * t.value for t in terms]), logits)
        capped = model.row_means(outputs, labels)["division/capped_share"]
        result = session.run(
            (
                {t.name: t.value for t in terms},
                slopes,
                outputs.served,
                (capped.value, capped.weight),
            )
        )
    values, (by_a, by_c), scores, (is_capped, capped_weight) = result
    assert values["weighted_cross_entropy_loss_ctr"] == pytest.approx(
        entropy(click, a).mean(), rel=1e-5
    )
    assert values["weighted_cross_entropy_loss_cvr"] == pytest.approx(
        (weight * entropy(conversion, c)).mean(), rel=1e-5
    )
    # No gradient through the quotient: each logit learns from its own label.
    np.testing.assert_allclose(by_a, (sigmoid(a) - click) / SIZE, rtol=2e-5, atol=1e-9)
    np.testing.assert_allclose(by_c, weight * (sigmoid(c) - conversion) / SIZE, rtol=2e-5)
    np.testing.assert_allclose(scores["probs_ctcvr"], sigmoid(c), rtol=1e-5)
    quotient = np.minimum(sigmoid(c) / sigmoid(a), 1 - 1e-6)
    np.testing.assert_allclose(scores["probs_cvr"], quotient, rtol=2e-5)
    assert 0 < (c >= a).sum() < SIZE
    np.testing.assert_array_equal(is_capped, c >= a)
    np.testing.assert_array_equal(capped_weight, weight)


@pytest.mark.parametrize(
    ("priors", "pctr", "pcvr"),
    [
        ("ctr_tower { label_prior: 0.04 } cvr_tower { label_prior: 0.05 }", 0.04, 0.05),
        ("cvr_tower { label_prior: 0.05 }", 0.5, 0.05),
        ("", 0.5, 0.5),
    ],
)
def test_a_blank_model_starts_at_the_priors_as_esmm_does(
    priors: str, pctr: float, pcvr: float
) -> None:
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = build(config(priors)).outputs({"all": Group(tf.zeros([2, 3]))}, False)
        session.run(v1.global_variables_initializer())
        served = session.run(outputs.served)
    np.testing.assert_allclose(served["probs_ctr"], [pctr] * 2, rtol=1e-5)
    np.testing.assert_allclose(served["probs_cvr"], [pcvr] * 2, rtol=1e-5)
    np.testing.assert_allclose(served["probs_ctcvr"], [pctr * pcvr] * 2, rtol=1e-5)


def test_group_networks_lie_below_both_towers() -> None:
    grouped = config('groups { input: "all" dnn { hidden_units: [5] use_bn: false } }')
    with tf.Graph().as_default():
        build(grouped).outputs({"all": Group(tf.zeros([2, 3]))}, False)
        shapes = {v.op.name: v.shape.as_list() for v in v1.trainable_variables()}
    assert shapes["group_all/dense_0/kernel"] == [3, 5]
    assert shapes["ctr_tower/dnn/dense_0/kernel"] == [5, 4]
    assert shapes["cvr_tower/dnn/dense_0/kernel"] == [5, 4]
