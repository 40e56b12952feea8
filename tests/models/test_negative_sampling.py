"""Losses on a share of the negatives, against float64 numpy and against the losses on all rows."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, NamedTuple, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.contract import ConversionTimes, Labels, TaskLabels
from easy_esmm.losses.negative_sampling import sampling_of
from easy_esmm.models.chorus_cvr import UNCONVERTED_LOGIT
from easy_esmm.models.click_space import NOISE
from easy_esmm.models.dcmt import COUNTERFACTUAL_LOGIT
from easy_esmm.models.ddpo import CONVERSION_PROPENSITY_LOGIT
from easy_esmm.models.escm2 import IMPUTATION_LOGIT, WARM_UP_FACTOR
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.models.counterfactual import config, entropy, sigmoid, softplus
from tests.tasks import build, family_labels, outputs_of

SHARE = 0.25
CLICK, PRODUCT = "weighted_cross_entropy_loss_ctr", "weighted_cross_entropy_loss_cvr"
UNCONVERTED = "unconverted_loss_cvr"


class Rows(NamedTuple):
    click: Any
    conversion: Any
    a: Any
    b: Any
    other: Any
    weight: Any


def sampled(seed: int = 1, size: int = 60, reach: float = 4.0) -> Rows:
    """Rows of which every unclicked one stands for four: all that is left of them."""
    random = np.random.default_rng(seed)
    click = (random.random(size) < 0.4).astype(np.float64)
    logits = random.uniform(-reach, reach, [3, size]).astype(np.float32).astype(np.float64)
    conversion = click * (random.random(size) < 0.4)
    return Rows(click, conversion, *logits, random.choice([0.5, 1.0, 2.0], size))


def all_of(rows: Rows) -> Rows:
    """The rows before: each unclicked one four times."""
    times = np.where(rows.click > 0, 1, round(1 / SHARE))
    return Rows(*(np.repeat(values, times) for values in rows))


def values_of(
    model_config: ModelConfig, rows: Rows, share: float, **noise: Any
) -> Tuple[Dict[str, float], Dict[str, Any]]:
    """By loss its value, and its gradients by the three logits."""
    zero = tf.UnconnectedGradients.ZERO
    with tf.Graph().as_default(), v1.Session() as session:
        a, b, other = (tf.constant(x, tf.float32) for x in (rows.a, rows.b, rows.other))
        model = build(model_config)
        own = {WARM_UP_FACTOR: 1.0, IMPUTATION_LOGIT: other, COUNTERFACTUAL_LOGIT: other}
        own.update({UNCONVERTED_LOGIT: other, CONVERSION_PROPENSITY_LOGIT: other})
        if "estimator: DR" not in str(model_config):
            own.pop(IMPUTATION_LOGIT)
        outputs = outputs_of(model, {"ctr": a, "cvr": b}, **own, **noise)
        weights = {"ctr_loss_weight": rows.weight, "cvr_loss_weight": rows.weight}
        labels = family_labels(rows.click, rows.conversion, **weights, share=share)
        terms = model.loss_terms(outputs, labels)
        gradients = {
            t.name: tf.gradients(t.value, [a, b, other], unconnected_gradients=zero) for t in terms
        }
        found: Any = session.run(({t.name: t.value for t in terms}, gradients))
        return found


@pytest.mark.parametrize(("share", "reach"), [(0.25, 4.0), (1e-4, 80.0)])
def test_clicks_and_conversions_are_compared_with_their_probabilities_in_the_sample(
    share: float, reach: float
) -> None:
    rows = sampled(reach=reach)
    values, gradients = values_of(config("ESMM"), rows, share)
    # p' = p / (p + w (1 - p)), and p' r: from the logs of odds, so that nothing underflows.
    shifted = rows.a - np.log(share)
    odds = -np.logaddexp(np.logaddexp(-shifted, -rows.b), -shifted - rows.b)
    if reach == 4.0:
        p = sigmoid(rows.a)
        of_sample = p / (p + share * (1 - p))
        np.testing.assert_allclose(sigmoid(shifted), of_sample, rtol=1e-12)
        np.testing.assert_allclose(sigmoid(odds), of_sample * sigmoid(rows.b), rtol=1e-12)
    size = len(rows.click)
    click = (rows.weight * entropy(rows.click, shifted)).sum() / size
    product = (rows.weight * entropy(rows.conversion, odds)).sum() / size
    assert values[CLICK] == pytest.approx(click, rel=1e-5)
    assert values[PRODUCT] == pytest.approx(product, rel=1e-5)
    pull = rows.weight * (sigmoid(shifted) - rows.click) / size
    np.testing.assert_allclose(gradients[CLICK][0], pull, rtol=2e-5, atol=1e-12)
    slope = rows.weight * (sigmoid(odds) - rows.conversion) / size
    by_ctr = slope * sigmoid(softplus(rows.b) - shifted)
    by_cvr = slope * sigmoid(softplus(shifted) - rows.b)
    if reach == 80.0:  # of a conversion sigmoid(c) - 1 is a difference of ones
        is_sure = (rows.conversion > 0) & (odds > 30)
        exact = -rows.weight / size * sigmoid(-rows.b)
        by_cvr = np.where(is_sure, exact, by_cvr)
        by_ctr = np.where(is_sure, -rows.weight / size * sigmoid(-shifted), by_ctr)
    np.testing.assert_allclose(gradients[PRODUCT][0], by_ctr, rtol=2e-5, atol=1e-9)
    np.testing.assert_allclose(gradients[PRODUCT][1], by_cvr, rtol=2e-5, atol=1e-9)


@pytest.mark.parametrize(("model", "share"), [("ESMM", 1e-3), ("ChorusCVR", 0.3)])
def test_the_gradient_in_expectation_over_the_sample_is_zero_at_the_truth(
    model: str, share: float
) -> None:
    """The three outcomes of an impression, each as a row that weighs what it has in the sample."""
    rng = np.random.default_rng(5)
    a, b = rng.uniform(-5, 3, [2, 30]).astype(np.float32).astype(np.float64)
    p, r = sigmoid(a), sigmoid(b)
    weights = np.concatenate([share * (1 - p), p * (1 - r), p * r])
    click, conversion = np.repeat([0.0, 1.0, 1.0], 30), np.repeat([0.0, 0.0, 1.0], 30)
    a, b = np.tile(a, 3), np.tile(b, 3)
    rows = Rows(click, conversion, a, b, -b, weights)
    made = with_name(model, "chorus_cvr", "") if model == "ChorusCVR" else config(model)
    _, gradients = values_of(made, rows, share)
    assert (UNCONVERTED in gradients) == (model == "ChorusCVR")
    for name in {CLICK, PRODUCT, UNCONVERTED}.intersection(gradients):
        for slope in gradients[name]:
            sums = slope.reshape(3, 30).sum(0)
            assert np.abs(sums).max() < 1e-5 * max(np.abs(slope).max(), 1e-6)
    # Without the correction they are not: this would be seen.
    _, wrong = values_of(made, rows, 1.0)
    assert np.abs(wrong[CLICK][0].reshape(3, 30).sum(0)).max() > 1e-4


def with_name(name: str, member: str, parameters: str) -> ModelConfig:
    text = str(config("ESMM")).replace('"ESMM"', f'"{name}"')
    text = text.replace("esmm {", f"{member} {{ {parameters}")
    return text_format.Parse(text, ModelConfig())


def click_space(sampling: str) -> ModelConfig:
    return with_name("ClickSpace", "click_space", sampling)


WEIGHTED = {
    "click-masked": config("ESMM", "click_masked_cvr_weight: 0.1"),
    "IPS": config("ESCM2"),
    "self-normalised IPS": config("ESCM2", "propensity { self_normalized: true }"),
    "DR": config("ESCM2", "estimator: DR"),
    "self-normalised DR": config("ESCM2", "estimator: DR propensity { self_normalized: true }"),
    "DCMT": config("DCMT"),
    "NISE": with_name("NISE", "nise", "largest_balance: 0"),
    "ChorusCVR": with_name("ChorusCVR", "chorus_cvr", "propensity { self_normalized: false }"),
    "self-normalised ChorusCVR": with_name(
        "ChorusCVR", "chorus_cvr", "propensity { self_normalized: true }"
    ),
    "DDPO": with_name("DDPO", "ddpo", "propensity { self_normalized: false }"),
    "self-normalised DDPO": with_name("DDPO", "ddpo", "propensity { self_normalized: true }"),
    "quotient": config("Division"),
    "sum": config("DCMT", model="loss_reduction: SUM"),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_other_losses_are_in_sum_what_they_are_on_all_rows(name: str) -> None:
    rows = sampled(3)
    whole = all_of(rows)
    found, slopes = values_of(WEIGHTED[name], rows, SHARE)
    expected, whole_slopes = values_of(WEIGHTED[name], whole, 1.0)
    scale = 1.0 if name == "sum" else len(whole.click) / len(rows.click)
    offset = {CLICK} if name == "quotient" else {CLICK, PRODUCT, UNCONVERTED}
    assert set(expected) - offset
    starts = np.flatnonzero(np.diff(whole.a, prepend=np.inf) != 0)
    for term in set(expected) - offset:
        assert found[term] == pytest.approx(scale * expected[term], rel=1e-5)
        for slope, of_whole in zip(slopes[term], whole_slopes[term]):
            summed = np.add.reduceat(of_whole, starts)
            np.testing.assert_allclose(slope, scale * summed, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize(
    "way", ["waiting_window", "fake_negative_weighted", "delay_model", "elapsed_time_sampling"]
)
def test_late_conversions_are_those_of_the_clicks_in_the_sample(way: str) -> None:
    rows = sampled(8)
    size = len(rows.click)
    random = np.random.default_rng(2)
    delay = rows.conversion * random.uniform(0.1, 9, size)
    times = [rows.conversion, delay, delay + random.uniform(0.1, 9, size), np.full(size, np.inf)]
    losses = []
    for logit, share in ((rows.a, SHARE), (rows.a - np.log(SHARE), 1.0)):
        with tf.Graph().as_default(), v1.Session() as session:
            made = build(config("ESMM", model=f"delayed_feedback {{ {way} {{ }} }}"))
            towers = {"ctr": tf.constant(logit, tf.float32), "cvr": tf.constant(rows.b, tf.float32)}
            other = tf.constant(rows.other, tf.float32)
            outputs = outputs_of(made, towers, **dict.fromkeys(made.late_towers, other))
            labels = family_labels(rows.click, rows.conversion, share=share)
            of_rows = ConversionTimes(*(tf.constant(values, tf.float32) for values in times))
            terms = made.loss_terms(outputs, dataclasses.replace(labels, times=of_rows))
            losses.append(session.run({term.name: term.value for term in terms}))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert len(losses[0]) == (4 if way == "elapsed_time_sampling" else 2)


@pytest.mark.parametrize(
    "sampling", ["", "positive_copies: 5", "unclicked_rate: 0.2", "rejection_floor: 0.1"]
)
def test_the_samples_of_the_baselines_are_drawn_from_all_rows(sampling: str) -> None:
    rows = sampled(4)
    whole = all_of(rows)
    found, _ = values_of(click_space(sampling), rows, SHARE)
    expected, _ = values_of(click_space(sampling), whole, 1.0)
    (name,) = set(found) - {CLICK}
    scale = len(whole.click) / len(rows.click)
    assert found[name] == pytest.approx(scale * expected[name], rel=1e-5)


def test_aman_draws_unclicked_rows_at_its_rate_of_all() -> None:
    rows = Rows(*(np.repeat(values, 400) for values in sampled(6)))
    noise = tf.constant(np.random.default_rng(1).random(len(rows.click)), tf.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        model = build(click_space("unclicked_rate: 0.2"))
        logits = {"ctr": tf.constant(rows.a, tf.float32), "cvr": tf.constant(rows.b, tf.float32)}
        drawn = tf.constant(noise.numpy())
        outputs = outputs_of(model, logits, **{NOISE: drawn})
        labels = family_labels(rows.click, rows.conversion, share=SHARE)
        times = session.run(model._times(outputs, labels))
    assert (times[rows.click > 0] == 1).all()
    # One of four is there: .8 of them are a fifth of all.
    assert times[rows.click == 0].mean() == pytest.approx(0.8, abs=0.02)


TASKS = [("click", "CLASSIFICATION"), ("buy", "CLASSIFICATION"), ("price", "L2_LOSS")]


def test_of_independent_tasks_the_first_is_corrected_and_the_others_are_weighted() -> None:
    rows = sampled(7)
    labels = {}
    sampling = sampling_of(tf.constant(rows.click, tf.float32), SHARE)
    for name, value in (("click", rows.click), ("buy", rows.conversion), ("price", rows.other)):
        value = tf.constant(value, tf.float32)
        weight = tf.constant(rows.weight, tf.float32)
        nothing = tf.zeros_like(value)
        labels[name] = TaskLabels(value, weight, weight, nothing > 0, nothing)
    towers = "".join(
        f'task_towers {{ tower_name: "{name}" label_name: "{name}" loss_type: {kind} }}'
        for name, kind in TASKS
    )
    text = f'model_class: "SimpleMultiTask" simple_multi_task {{ {towers} }}'
    groups = 'feature_groups { group_name: "all" }'
    model = build(text_format.Parse(f"{text} {groups}", ModelConfig()))
    logits = {"click": rows.a, "buy": rows.b, "price": rows.a}
    found = {name: tf.constant(value, tf.float32) for name, value in logits.items()}
    outputs = outputs_of(model, found)
    terms = model.loss_terms(outputs, Labels(labels, labels["click"].weight, sampling=sampling))
    values = {term.name: float(term.value) for term in terms}
    importance = np.where(rows.click > 0, 1.0, 4.0) * rows.weight
    expected = {
        "cross_entropy_loss_click": (rows.weight * entropy(rows.click, rows.a + np.log(4))).mean(),
        "cross_entropy_loss_buy": (importance * entropy(rows.conversion, rows.b)).mean(),
        "l2_loss_price": (importance * (rows.other - rows.a) ** 2).mean(),
    }
    assert values == pytest.approx(expected, rel=1e-5)
