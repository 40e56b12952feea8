"""ESMM against the paper's equations in float64 numpy."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import Group
from easy_esmm.losses import entire_space
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.tasks import build, family_labels, outputs_of

TOWERS = """
  ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [4] use_bn: false } }
  cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [3] use_bn: false } }
"""


def config(esmm: str = "", model: str = "") -> ModelConfig:
    text = f"""
      model_class: "ESMM"
      feature_groups {{ group_name: "user" }}
      feature_groups {{ group_name: "item" }}
      esmm {{ {TOWERS} {esmm} }}
      {model}
    """
    return text_format.Merge(text, ModelConfig())


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(-softplus(-x))


def entropy(label: np.ndarray, logit: np.ndarray) -> np.ndarray:
    return label * softplus(-logit) + (1 - label) * softplus(logit)


def product_entropy(label: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """-log(p r) for a positive; -log(1 - p r) for a negative, as log of what is left of 1."""
    log_product = -softplus(-a) - softplus(-b)
    log_rest = np.logaddexp(np.logaddexp(-a, -b), -a - b) + log_product
    return -label * log_product - (1 - label) * log_rest


def product_gradient(label: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """d/da: positive -(1 - p); negative p r (1 - p) / (1 - p r)."""
    p, r = sigmoid(a), sigmoid(b)
    rest = np.exp(np.logaddexp(np.logaddexp(-a, -b), -a - b)) * p * r
    return np.where(label > 0, -sigmoid(-a), p * r * sigmoid(-a) / rest)


def terms_and_gradients(
    model_config: ModelConfig, a: np.ndarray, b: np.ndarray, observed: Dict[str, np.ndarray]
) -> Tuple[Dict[str, float], float, List[np.ndarray]]:
    """Values by name, weighted total, and the total's gradients with respect to both logits."""
    with tf.Graph().as_default(), v1.Session() as session:
        ctr_logit, cvr_logit = tf.constant(a, tf.float32), tf.constant(b, tf.float32)
        model = build(model_config)
        outputs = outputs_of(model, {"ctr": ctr_logit, "cvr": cvr_logit})
        terms = model.loss_terms(outputs, family_labels(**observed))
        total = tf.add_n([t.weight * t.value for t in terms])
        values, loss, gradients = session.run(
            [{t.name: t.value for t in terms}, total, tf.gradients(total, [ctr_logit, cvr_logit])]
        )
    return values, float(loss), gradients


def observed_rows(
    click: np.ndarray, conversion: np.ndarray, **weights: np.ndarray
) -> Dict[str, np.ndarray]:
    ones = np.ones_like(click)
    rows = {
        "click": click,
        "conversion": conversion,
        "ctr_loss_weight": weights.get("ctr", ones),
        "cvr_loss_weight": weights.get("cvr", ones),
    }
    return {name: value.astype(np.float32) for name, value in rows.items()}


def rows(seed: int, size: int, scale: float) -> Tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    a, b = random.uniform(-scale, scale, [2, size]).astype(np.float32)
    click = (random.random(size) < 0.5).astype(np.float64)
    conversion = click * (random.random(size) < 0.5)
    return a, b, click, conversion


@pytest.mark.parametrize("scale", [1.0, 15.0, 80.0])
def test_loss_is_mean_click_entropy_plus_mean_product_entropy(scale: float) -> None:
    a, b, click, conversion = rows(1, 500, scale)
    values, loss, gradients = terms_and_gradients(config(), a, b, observed_rows(click, conversion))
    a, b = a.astype(np.float64), b.astype(np.float64)
    ctr, ctcvr = entropy(click, a).mean(), product_entropy(conversion, a, b).mean()
    assert values["weighted_cross_entropy_loss_ctr"] == pytest.approx(ctr, rel=2e-6)
    assert values["weighted_cross_entropy_loss_cvr"] == pytest.approx(ctcvr, rel=2e-6)
    assert loss == pytest.approx(ctr + ctcvr, rel=2e-6)
    expected_a = (sigmoid(a) - click + product_gradient(conversion, a, b)) / len(a)
    expected_b = product_gradient(conversion, b, a) / len(a)
    # The click and the product part of the first may cancel: measured against their sizes.
    size = (np.abs(sigmoid(a) - click) + np.abs(product_gradient(conversion, a, b))) / len(a)
    np.testing.assert_allclose(gradients[0], expected_a, rtol=0, atol=2e-5 * size.max())
    np.testing.assert_allclose(gradients[1], expected_b, rtol=2e-5, atol=1e-38)


def test_a_conversion_at_logit_minus_15_still_pulls_both_towers() -> None:
    # p r is 9e-14: clipped at 1e-7, as Keras does, its gradient would be exactly 0.
    a = b = np.array([-15.0])
    one = np.array([1.0])
    _, loss, (ctr_gradient, cvr_gradient) = terms_and_gradients(
        config(), a, b, observed_rows(one, one)
    )
    assert loss == pytest.approx(15 + 30, rel=1e-6)  # -log p = 15, -log(p r) = 30, to 3e-7
    assert ctr_gradient[0] == pytest.approx(-2.0, rel=1e-6)  # -(1 - p) from each loss
    assert cvr_gradient[0] == pytest.approx(-1.0, rel=1e-6)


@pytest.mark.parametrize("clicked", [0.0, 1.0])
@pytest.mark.parametrize("size", [1, 7])
def test_batches_without_clicks_or_with_only_clicks_are_finite(clicked: float, size: int) -> None:
    click = np.full([size], clicked)
    zeros = np.zeros([size])
    _, loss, gradients = terms_and_gradients(
        config("click_masked_cvr_weight: 0.5"), zeros, zeros, observed_rows(click, zeros)
    )
    # l(y, 1/2) = ln 2; l(0, 1/4) = -ln(3/4); the masked term is ln 2 where anything is clicked.
    expected = np.log(2) - np.log(0.75) + 0.5 * clicked * np.log(2)
    assert loss == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(gradients).all()


def test_task_weights_and_row_weights_weigh_their_own_loss_only() -> None:
    a, b, click, conversion = rows(2, 50, 3.0)
    random = np.random.default_rng(3)
    ctr_weight, cvr_weight = random.uniform(0, 2, [2, 50])
    weighted = config("ctr_tower { weight: 0.5 } cvr_tower { weight: 3.0 }")
    values, loss, _ = terms_and_gradients(
        weighted, a, b, observed_rows(click, conversion, ctr=ctr_weight, cvr=cvr_weight)
    )
    ctr = (ctr_weight * entropy(click, a.astype(np.float64))).sum() / 50
    ctcvr = (cvr_weight * product_entropy(conversion, a.astype(np.float64), b)).sum() / 50
    assert values["weighted_cross_entropy_loss_ctr"] == pytest.approx(ctr, rel=1e-5)
    assert values["weighted_cross_entropy_loss_cvr"] == pytest.approx(ctcvr, rel=1e-5)
    assert loss == pytest.approx(0.5 * ctr + 3.0 * ctcvr, rel=1e-5)


@pytest.mark.parametrize("esmm", ["", "click_masked_cvr_weight: 0.5"])
def test_sum_reduction_is_batch_size_times_the_mean(esmm: str) -> None:
    a, b, click, conversion = rows(4, 33, 3.0)
    observed = observed_rows(click, conversion)
    _, mean, _ = terms_and_gradients(config(esmm), a, b, observed)
    _, total, _ = terms_and_gradients(config(esmm, "loss_reduction: SUM"), a, b, observed)
    assert total == pytest.approx(33 * mean, rel=1e-5)


def test_click_masked_term_is_the_mean_over_clicked_rows() -> None:
    a, b, click, conversion = rows(5, 60, 3.0)
    values, loss, _ = terms_and_gradients(
        config("click_masked_cvr_weight: 0.1"), a, b, observed_rows(click, conversion)
    )
    clicked = click > 0
    masked = entropy(conversion[clicked], b[clicked].astype(np.float64)).mean()
    name = "click_masked_cross_entropy_loss_cvr"
    assert values[name] == pytest.approx(masked, rel=1e-5)
    others = sum(value for key, value in values.items() if key != name)
    assert loss == pytest.approx(others + 0.1 * masked, rel=1e-5)


def test_click_masked_term_weighs_its_rows() -> None:
    a, b, click, conversion = rows(5, 60, 3.0)
    weight = np.random.default_rng(6).uniform(0, 2, 60)
    values, _, _ = terms_and_gradients(
        config("click_masked_cvr_weight: 0.1"),
        a,
        b,
        observed_rows(click, conversion, cvr=weight),
    )
    expected = (click * weight * entropy(conversion, b.astype(np.float64))).sum() / click.sum()
    assert values["click_masked_cross_entropy_loss_cvr"] == pytest.approx(expected, rel=1e-5)


def build_and_predict(model_config: ModelConfig, groups: Dict[str, np.ndarray]) -> Dict[str, Any]:
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(model_config)
        tensors = {name: Group(tf.constant(value, tf.float32)) for name, value in groups.items()}
        outputs = model.outputs(tensors, training=False)
        session.run(v1.global_variables_initializer())
        variables = {v.name: v for v in v1.trainable_variables()}
        return {
            "served": session.run(outputs.served),
            "variables": session.run(variables),
            "regularization": session.run(model.regularization()),
        }


def tower_logit(variables: Dict[str, np.ndarray], name: str, x: np.ndarray) -> np.ndarray:
    """The logit of a tower of one hidden layer, from its variables."""
    kernel, bias = (variables[f"{name}/dnn/dense_0/{part}:0"] for part in ("kernel", "bias"))
    hidden = np.maximum(0, x @ kernel + bias)
    return (hidden @ variables[f"{name}/output/kernel:0"] + variables[f"{name}/output/bias:0"])[
        :, 0
    ]


def test_towers_read_the_groups_that_they_name() -> None:
    random = np.random.default_rng(16)
    user, item = random.normal(size=[5, 4]), random.normal(size=[5, 2])
    separate = config()
    separate.esmm.ctr_tower.input, separate.esmm.cvr_tower.input = "item", "user"
    result = build_and_predict(separate, {"user": user, "item": item})
    ctr = tower_logit(result["variables"], "ctr_tower", item)
    cvr = tower_logit(result["variables"], "cvr_tower", user)
    np.testing.assert_allclose(result["served"]["logits_ctr"], ctr, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result["served"]["logits_cvr"], cvr, rtol=1e-5, atol=1e-6)


def test_link_adds_a_multiple_of_the_ctr_logit_to_the_cvr_logit() -> None:
    x = np.random.default_rng(17).normal(size=[5, 4])
    linked = config("ctr_logit_link: true")
    linked.esmm.ctr_tower.label_prior = 0.2
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(linked)
        groups = {"user": Group(tf.constant(x, tf.float32)), "item": Group(tf.zeros([5, 2]))}
        cvr_logit = model.outputs(groups, training=False).heads["cvr"].logit
        variables = {v.name: v for v in v1.trainable_variables()}
        multiple = variables["ctr_logit_link/multiple:0"]
        of_ctr_tower = [v for name, v in variables.items() if name.startswith("ctr_tower")]
        gradients = tf.gradients(cvr_logit, [multiple, *of_ctr_tower])
        session.run(v1.global_variables_initializer())
        values = session.run(variables)
        plain = session.run(cvr_logit)
        session.run(multiple.assign(0.02))
        shifted, slope = session.run([cvr_logit, gradients[0]])
    ctr = tower_logit(values, "ctr_tower", x)
    off_centre = ctr - np.log(0.2 / 0.8)
    np.testing.assert_allclose(plain, tower_logit(values, "cvr_tower", x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(shifted, plain + 0.6 * off_centre, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope, 30 * off_centre.sum(), rtol=1e-5)
    assert gradients[1:] == [None] * len(of_ctr_tower)


def test_towers_read_the_only_group_when_there_are_no_group_networks() -> None:
    x = np.random.default_rng(6).normal(size=[5, 4])
    result = build_and_predict(config(), {"user": x, "item": np.zeros([5, 2])})
    ctr = tower_logit(result["variables"], "ctr_tower", x)
    cvr = tower_logit(result["variables"], "cvr_tower", x)
    served = result["served"]
    np.testing.assert_allclose(served["logits_ctr"], ctr, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(served["logits_cvr"], cvr, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(served["probs_ctr"], sigmoid(ctr), rtol=1e-5)
    np.testing.assert_allclose(served["probs_cvr"], sigmoid(cvr), rtol=1e-5)
    np.testing.assert_allclose(served["probs_ctcvr"], sigmoid(ctr) * sigmoid(cvr), rtol=1e-5)


def test_group_networks_are_shared_by_both_towers_and_regularized_once() -> None:
    groups = """
      groups { input: "item" dnn { hidden_units: [2] use_bn: false } }
      groups { input: "user" dnn { hidden_units: [0] } }
      l2_regularization: 0.5
    """
    random = np.random.default_rng(7)
    x = {"user": random.normal(size=[5, 4]), "item": random.normal(size=[5, 3])}
    result = build_and_predict(config(groups), x)
    w = result["variables"]
    item = np.maximum(
        0, x["item"] @ w["group_item/dense_0/kernel:0"] + w["group_item/dense_0/bias:0"]
    )
    shared = np.concatenate([item, x["user"]], axis=1)  # in the order of `groups`
    hidden = np.maximum(
        0, shared @ w["ctr_tower/dnn/dense_0/kernel:0"] + w["ctr_tower/dnn/dense_0/bias:0"]
    )
    logit = hidden @ w["ctr_tower/output/kernel:0"] + w["ctr_tower/output/bias:0"]
    np.testing.assert_allclose(result["served"]["logits_ctr"], logit[:, 0], rtol=1e-5, atol=1e-6)
    kernels = [value for name, value in w.items() if "kernel" in name]
    assert len(kernels) == 5  # item network, two hidden layers, two outputs
    expected = 0.5 * sum((k.astype(np.float64) ** 2).sum() for k in kernels) / 2
    assert result["regularization"] == pytest.approx(expected, rel=1e-5)


def test_label_prior_is_the_first_prediction_of_a_blank_tower() -> None:
    prior = config("ctr_tower { label_prior: 0.04 } cvr_tower { label_prior: 0.005 }")
    zeros = {"user": np.zeros([3, 4]), "item": np.zeros([3, 2])}
    served = build_and_predict(prior, zeros)["served"]
    np.testing.assert_allclose(served["probs_ctr"], [0.04] * 3, rtol=1e-5)
    np.testing.assert_allclose(served["probs_cvr"], [0.005] * 3, rtol=1e-5)


def test_a_regression_tower_predicts_the_value_and_its_expectation() -> None:
    regression = config("cvr_tower { loss_type: L2_LOSS weight: 2.0 }")
    random = np.random.default_rng(8)
    x = {"user": random.normal(size=[6, 4]), "item": np.zeros([6, 1])}
    served = build_and_predict(regression, x)["served"]
    assert sorted(served) == ["logits_ctr", "probs_ctr", "y_ctcvr", "y_cvr"]
    np.testing.assert_allclose(served["y_ctcvr"], served["probs_ctr"] * served["y_cvr"], rtol=1e-6)
    a, value = random.normal(size=[2, 6])
    click = np.array([0, 1, 1, 0, 1, 0.0])
    price = click * random.uniform(0, 9, 6)
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(regression)
        towers = {"ctr": tf.constant(a, tf.float32), "cvr": tf.constant(value, tf.float32)}
        labels = family_labels(**observed_rows(click, price))
        terms = model.loss_terms(outputs_of(model, towers), labels)
        result = {t.name: (t.weight, session.run(t.value)) for t in terms}
    weight, loss = result["weighted_l2_loss_cvr"]
    assert weight == 2.0
    assert sorted(result) == ["weighted_cross_entropy_loss_ctr", "weighted_l2_loss_cvr"]
    assert loss == pytest.approx(((sigmoid(a) * value - price) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize(("reduction", "factor"), [("MEAN", 1), ("SUM", 3)])
def test_a_regression_tower_has_its_click_masked_term_too(reduction: str, factor: int) -> None:
    regression = config(
        "cvr_tower { loss_type: L2_LOSS } click_masked_cvr_weight: 0.3",
        f"loss_reduction: {reduction}",
    )
    value, price, click = np.array([2.0, 5, 7]), np.array([1.0, 0, 9]), np.array([1.0, 0, 1])
    with tf.Graph().as_default(), v1.Session() as session:
        model, y = build(regression), tf.constant(value, tf.float32)
        labels = family_labels(**observed_rows(click, price))
        terms = model.loss_terms(outputs_of(model, {"ctr": 0 * y, "cvr": y}), labels)
        result = {t.name: (t.weight, session.run(t.value)) for t in terms}
    weight, loss = result["click_masked_l2_loss_cvr"]
    assert weight == pytest.approx(0.3)
    assert loss == pytest.approx(factor * (1 + 4) / 2)  # (2 - 1)^2 and (7 - 9)^2 over two clicks


@pytest.mark.parametrize("scale", [1.0, 80.0])
def test_losses_of_the_cvr_tower_are_taken_on_the_product_over_all_impressions(
    scale: float,
) -> None:
    listed = """cvr_tower { weight: 2.0
      losses { loss_type: PAIR_WISE_LOSS weight: 0.5 }
      losses { loss_type: BINARY_FOCAL_LOSS loss_name: "focal" binary_focal_loss { gamma: 0 } }
    }"""
    a, b, click, conversion = rows(9, 40, scale)
    values, loss, _ = terms_and_gradients(config(listed), a, b, observed_rows(click, conversion))
    assert sorted(values) == ["focal", "pair_wise_loss_cvr", "weighted_cross_entropy_loss_ctr"]
    a, b = a.astype(np.float64), b.astype(np.float64)
    c = -np.logaddexp(np.logaddexp(-a, -b), -a - b)
    bought = conversion > 0
    pairs = softplus(-(c[bought][:, None] - c[~bought])).mean()
    focal = product_entropy(conversion, a, b).mean()  # gamma 0 is the cross entropy
    assert values["pair_wise_loss_cvr"] == pytest.approx(pairs, rel=1e-5)
    assert values["focal"] == pytest.approx(focal, rel=1e-5)
    ctr = entropy(click, a).mean()
    assert loss == pytest.approx(ctr + 2.0 * (0.5 * pairs + focal), rel=1e-5)


@pytest.mark.parametrize("scale", [2.0, 80.0])
def test_the_products_two_logits_are_the_sums_over_its_four_cases(scale: float) -> None:
    random = np.random.default_rng(10)
    a, b = random.uniform(-scale, scale, [2, 50, 2]).astype(np.float32)
    product = entire_space.product_class_logits(tf.constant(a), tf.constant(b)).numpy()
    a, b = a.astype(np.float64), b.astype(np.float64)
    not_bought = np.logaddexp.reduce([a[:, y] + b[:, z] for y, z in ((0, 0), (0, 1), (1, 0))])
    np.testing.assert_allclose(product[:, 0], not_bought, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(product[:, 1], a[:, 1] + b[:, 1], rtol=1e-6)
    log_odds = -np.logaddexp(
        np.logaddexp(-(a[:, 1] - a[:, 0]), -(b[:, 1] - b[:, 0])),
        -(a[:, 1] - a[:, 0]) - (b[:, 1] - b[:, 0]),
    )
    np.testing.assert_allclose(
        product[:, 1] - product[:, 0], log_odds, rtol=1e-5, atol=2e-5 * scale
    )


@pytest.mark.parametrize("ctr_classes", [1, 2])
def test_joint_ranking_of_conversions_ranks_the_products_logits(ctr_classes: int) -> None:
    listed = """cvr_tower { num_class: 2
      losses { loss_type: JRC_LOSS jrc_loss { session_name: "s" alpha: 0.25 } } }"""
    random = np.random.default_rng(11)
    a, b = random.uniform(-2, 2, [2, 12, 2])
    if ctr_classes == 1:
        a[:, 0] = 0.0
    session = random.integers(0, 3, 12)
    _, _, click, conversion = rows(12, 12, 1.0)
    with tf.Graph().as_default(), v1.Session() as tensors:
        labels = family_labels(**observed_rows(click, conversion), s=tf.constant(session))
        ctr, cvr = tf.constant(a, tf.float32), tf.constant(b, tf.float32)
        model = build(config(listed))
        outputs = outputs_of(model, {"ctr": ctr[:, 1] if ctr_classes == 1 else ctr, "cvr": cvr})
        terms = model.loss_terms(outputs, labels)
        values = {t.name: tensors.run(t.value) for t in terms}
    f = np.stack(
        [
            np.logaddexp.reduce([a[:, y] + b[:, z] for y, z in ((0, 0), (0, 1), (1, 0))]),
            a[:, 1] + b[:, 1],
        ]
    )
    own = f[conversion.astype(int)]  # [row, row']: the logit of row's label in row'
    ranking = [np.logaddexp.reduce(own[i][session == session[i]]) - own[i, i] for i in range(12)]
    calibration = entropy(conversion, f[1] - f[0])
    expected = np.mean(0.25 * calibration + 0.75 * np.array(ranking))
    assert values["jrc_loss_cvr"] == pytest.approx(expected, rel=1e-5)


def test_a_tower_of_two_classes_serves_the_positive_logit_and_starts_at_its_prior() -> None:
    two = config("""ctr_tower { num_class: 2 label_prior: 0.04 losses {
      loss_type: JRC_LOSS jrc_loss { session_name: "s" } } }""")
    x = {"user": np.random.default_rng(13).normal(size=[5, 4]), "item": np.zeros([5, 2])}
    result = build_and_predict(two, x)
    served, w = result["served"], result["variables"]
    assert sorted(served) == [
        "logits_cvr",
        "pos_logits_ctr",
        "probs_ctcvr",
        "probs_ctr",
        "probs_cvr",
    ]
    hidden = np.maximum(0, x["user"] @ w["ctr_tower/dnn/dense_0/kernel:0"])
    classes = hidden @ w["ctr_tower/output/kernel:0"] + [0.0, np.log(0.04 / 0.96)]
    np.testing.assert_allclose(served["pos_logits_ctr"], classes[:, 1], rtol=1e-5, atol=1e-6)
    ctr = sigmoid(classes[:, 1] - classes[:, 0])
    np.testing.assert_allclose(served["probs_ctr"], ctr, rtol=1e-5)
    np.testing.assert_allclose(served["probs_ctcvr"], ctr * served["probs_cvr"], rtol=1e-5)
