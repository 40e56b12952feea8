"""ClickSpace against float64 numpy, with gradients with respect to each logit."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import keras, v1
from easy_esmm.contract import Group, Labels
from easy_esmm.models.click_space import NOISE
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.tasks import build, family_labels, outputs_of

TOWERS = """
  ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [4] use_bn: false } }
  cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [3] use_bn: false } }
"""
SIZE = 400


def config(sampling: str = "", model: str = "") -> ModelConfig:
    text = f"""
      model_class: "ClickSpace"
      feature_groups {{ group_name: "all" }}
      click_space {{ {TOWERS} {sampling} }}
      {model}
    """
    return text_format.Merge(text, ModelConfig())


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def sigmoid(x: Any) -> Any:
    return np.exp(-softplus(-x))


def entropy(label: Any, logit: Any) -> Any:
    return label * softplus(-logit) + (1 - label) * softplus(logit)


@dataclasses.dataclass(frozen=True)
class Rows:
    """float64 [rows] each, exact in float32."""

    click: Any
    conversion: Any
    weight: Any
    a: Any
    b: Any
    noise: Any


def rows(seed: int, click_rate: float = 0.4, reach: float = 4.0) -> Rows:
    random = np.random.default_rng(seed)
    a, b = random.uniform(-reach, reach, [2, SIZE]).astype(np.float32).astype(np.float64)
    click = (random.random(SIZE) < click_rate).astype(np.float64)
    conversion = click * (random.random(SIZE) < 0.3)
    noise = random.random(SIZE).astype(np.float32).astype(np.float64)
    return Rows(click, conversion, random.choice([0.5, 1.0, 2.0], SIZE), a, b, noise)


def labels_of(r: Rows) -> Labels:
    return family_labels(r.click, r.conversion, r.weight, cvr_loss_weight=r.weight)


def losses_of(
    model_config: ModelConfig, r: Rows, is_training: bool
) -> Tuple[Dict[str, float], Any, Any, Dict[str, Any]]:
    """Loss by name, gradients of their sum by both logits, and the row means reported."""
    with tf.Graph().as_default(), v1.Session() as session:
        a, b = (tf.constant(x, tf.float32) for x in (r.a, r.b))
        noise = {NOISE: tf.constant(r.noise, tf.float32)} if is_training else {}
        model, labels = build(model_config), labels_of(r)
        outputs = outputs_of(model, {"ctr": a, "cvr": b}, **noise)
        terms = model.loss_terms(outputs, labels)
        total = tf.add_n([term.weight * term.value for term in terms])
        gradients = tf.gradients(total, [a, b])
        means = {
            name: tf.reduce_sum(mean.value * mean.weight) / tf.reduce_sum(mean.weight)
            for name, mean in model.row_means(outputs, labels).items()
        }
        values, slopes, reported = session.run(
            ({term.name: term.value for term in terms}, gradients, means)
        )
    return values, slopes[0], slopes[1], reported


def times_of(sampling: str, r: Rows, is_training: bool) -> Any:
    """How often each row is in the sample."""
    if not sampling:
        return r.click
    name, value = sampling.split(": ")
    if name == "positive_copies":
        return r.click * np.where(r.conversion > 0, float(value), 1.0)
    if name == "unclicked_rate":
        probability = np.where(r.click > 0, 1.0, float(value))
    else:
        probability = r.click * float(value) / np.maximum(sigmoid(r.a), float(value))
    return (r.noise < probability).astype(np.float64) if is_training else probability


SAMPLINGS = ["", "positive_copies: 5", "unclicked_rate: 0.25", "rejection_floor: 0.125"]


@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_the_cvr_loss_is_the_mean_entropy_over_the_sample(sampling: str, is_training: bool) -> None:
    r = rows(1)
    values, by_a, by_b, _ = losses_of(config(sampling), r, is_training)
    times = times_of(sampling, r, is_training)
    assert 0 < times.sum() < 5 * SIZE
    cvr = (times * r.weight * entropy(r.conversion, r.b)).sum() / times.sum()
    assert values["weighted_cross_entropy_loss_cvr"] == pytest.approx(cvr, rel=1e-5)
    ctr = entropy(r.click, r.a).mean()
    assert values["weighted_cross_entropy_loss_ctr"] == pytest.approx(ctr, rel=1e-5)
    # The CTR tower learns from the clicks alone: nothing from pCVR's loss, nothing from rejection.
    np.testing.assert_allclose(by_a, (sigmoid(r.a) - r.click) / SIZE, rtol=2e-5, atol=1e-9)
    expected = times * r.weight * (sigmoid(r.b) - r.conversion) / times.sum()
    np.testing.assert_allclose(by_b, expected, rtol=2e-5, atol=1e-9)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_batches_without_a_click_and_saturated_logits_are_finite(sampling: str) -> None:
    r = rows(2, click_rate=0.0, reach=80.0)
    values, by_a, by_b, _ = losses_of(config(sampling), r, True)
    if not sampling.startswith("unclicked"):
        assert values["weighted_cross_entropy_loss_cvr"] == 0
        np.testing.assert_array_equal(by_b, np.zeros(SIZE))
    clicked = rows(2, click_rate=1.0, reach=80.0)
    more = losses_of(config(sampling), clicked, True)
    assert np.isfinite([*values.values(), *more[0].values()]).all()
    assert np.isfinite([by_a, by_b, more[1], more[2]]).all()


def test_sum_reduction_is_batch_size_times_the_mean() -> None:
    r = rows(3)
    mean, *_ = losses_of(config(), r, True)
    total, *_ = losses_of(config(model="loss_reduction: SUM"), r, True)
    for name, value in mean.items():
        assert total[name] == pytest.approx(SIZE * value, rel=1e-5)


def test_task_weights_weigh_their_own_loss_only() -> None:
    r = rows(4)
    with tf.Graph().as_default():
        weighted = config("ctr_tower { weight: 0.5 } cvr_tower { weight: 3.0 }")
        model = build(weighted)
        a, b = (tf.constant(x, tf.float32) for x in (r.a, r.b))
        terms = model.loss_terms(outputs_of(model, {"ctr": a, "cvr": b}), labels_of(r))
    assert [term.weight for term in terms] == [0.5, 3.0]


def test_the_expected_share_of_kept_clicks_is_reported() -> None:
    r = rows(5)
    *_, reported = losses_of(config("rejection_floor: 0.125"), r, True)
    kept = times_of("rejection_floor: 0.125", r, False)
    expected = (kept * r.weight).sum() / (r.click * r.weight).sum()
    assert reported == {"rejection/kept_share": pytest.approx(expected, rel=1e-5)}
    assert losses_of(config("unclicked_rate: 0.25"), r, True)[-1] == {}


def draws(sampling: str, training: bool, seed: int, batches: int = 2) -> Any:
    """The noise of some batches, float32 [batches, rows]; None where there is none."""
    with tf.Graph().as_default(), v1.Session() as session:
        keras.utils.set_random_seed(seed)
        step = v1.train.get_or_create_global_step()
        groups = {"all": Group(tf.constant(np.ones([1000, 2]), tf.float32))}
        noise = build(config(sampling)).outputs(groups, training).auxiliary.get(NOISE)
        if noise is None:
            return None
        session.run(v1.global_variables_initializer())
        found = []
        for _ in range(batches):
            found.append(session.run(noise))
            session.run(step.assign_add(1))
        return np.stack(found)


@pytest.mark.parametrize("sampling", ["unclicked_rate: 0.25", "rejection_floor: 0.125"])
def test_rows_are_drawn_anew_in_each_batch_by_the_seed(sampling: str) -> None:
    first = draws(sampling, True, seed=7)
    np.testing.assert_array_equal(first, draws(sampling, True, seed=7))
    assert np.abs(first[0] - first[1]).mean() > 0.1
    assert np.abs(first - draws(sampling, True, seed=8)).mean() > 0.1
    # Of 2000 draws 500 +- 4 x 19 lie below a quarter.
    assert abs((first < 0.25).sum() - 500) < 4 * np.sqrt(2000 * 0.25 * 0.75)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_nothing_is_drawn_outside_training(sampling: str) -> None:
    assert draws(sampling, False, seed=7) is None


@pytest.mark.parametrize("sampling", SAMPLINGS[:2])
def test_nothing_is_drawn_where_nothing_is_left_to_chance(sampling: str) -> None:
    assert draws(sampling, True, seed=7) is None


def test_group_networks_lie_below_both_towers() -> None:
    grouped = config('groups { input: "all" dnn { hidden_units: [5] use_bn: false } }')
    with tf.Graph().as_default():
        build(grouped).outputs({"all": Group(tf.zeros([2, 3]))}, False)
        shapes = {v.op.name: v.shape.as_list() for v in v1.trainable_variables()}
    assert shapes["group_all/dense_0/kernel"] == [3, 5]
    assert shapes["ctr_tower/dnn/dense_0/kernel"] == [5, 4]
    assert shapes["cvr_tower/dnn/dense_0/kernel"] == [5, 3]
