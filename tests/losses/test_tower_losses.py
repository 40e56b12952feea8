"""Each loss of a tower, value and gradient, against float64 numpy that knows nothing of tensors."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Tuple

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import losses
from easy_esmm.compat import v1
from easy_esmm.config.tower_losses import KINDS
from easy_esmm.losses import LossInput, Reduction
from easy_esmm.protos.loss_pb2 import JRC_LOSS, Loss


class Batch(NamedTuple):
    label: Any
    logits: Any
    """[rows, 2]: of label 0 and 1; a loss of one logit reads the second."""
    weight: Any
    session: Any


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def entropy(label: Any, logit: Any) -> Any:
    return label * softplus(-logit) + (1 - label) * softplus(logit)


def smoothed(label: Any, share: float) -> Any:
    return label * (1 - share) + share / 2


def classification(b: Batch) -> float:
    return (b.weight * entropy(b.label, b.logits[:, 1])).sum() / len(b.label)


def regression(b: Batch) -> float:
    return (b.weight * (b.logits[:, 1] - b.label) ** 2).sum() / len(b.label)


def focal(b: Batch) -> float:
    """Gamma 1.5, alpha .7, smoothing .1: error^gamma x class weight x cross entropy."""
    x = b.logits[:, 1]
    error = np.exp(-softplus(np.where(b.label > 0, x, -x)))  # 1 - p of the label
    of_class = np.where(b.label > 0, 0.7, 0.3)
    return (b.weight * of_class * error**1.5 * entropy(smoothed(b.label, 0.1), x)).mean()


def hardest_focal(b: Batch) -> float:
    """Gamma 2 over the hardest 40 %, at least one."""
    x = b.logits[:, 1]
    error = np.exp(-softplus(np.where(b.label > 0, x, -x)))
    rows = np.sort(b.weight * error**2 * entropy(b.label, x))[::-1]
    return rows[: max(1, int(np.float32(0.4) * len(rows)))].mean()


def over_pairs(
    b: Batch,
    inside_sessions: bool,
    temperature: float,
    loss: Callable[[float], float],
    share: float = 1.0,
) -> float:
    found, score = [], b.logits[:, 1]
    for i in np.flatnonzero((b.label > 0) & (b.weight > 0)):
        for j in np.flatnonzero((b.label <= 0) & (b.weight > 0)):
            if not inside_sessions or b.session[i] == b.session[j]:
                d = (score[i] - score[j]) / temperature
                found.append(b.weight[i] * b.weight[j] * loss(d))
    hardest = sorted(found, reverse=True)[: max(1, int(share * len(found)))]
    return sum(hardest) / max(1, len(hardest))


def pairs(b: Batch, inside_sessions: bool, margin: float, temperature: float) -> float:
    return over_pairs(b, inside_sessions, temperature, lambda d: softplus(margin - d))


def focal_pair(gamma: float) -> Callable[[float], float]:
    return lambda d: np.exp(-gamma * softplus(d)) * softplus(-d)


def listwise(b: Batch, inside_sessions: bool, temperature: float) -> float:
    score = b.logits[:, 1] / temperature
    session = b.session if inside_sessions else np.zeros(len(score))
    found = []
    for name in np.unique(session):
        inside = (session == name) & (b.weight > 0)
        w = b.weight * b.label * inside
        if w.sum() > 0:
            row_loss = np.logaddexp.reduce(score[inside]) - score
            found.append((w * row_loss).sum() / w.sum())
    return sum(found) / max(1, len(found))


def negative_weight(b: Batch, beta_square: float) -> float:
    p = np.exp(-softplus(-b.logits[:, 1]))
    positive, negative = b.weight * b.label, b.weight * (1 - b.label)
    divisor = beta_square * positive.sum() + negative.sum() - (negative * (1 - p)).sum()
    return (positive * p).sum() / divisor if positive.sum() else 0.0


def f1(b: Batch, scale: float) -> float:
    of_class = np.where(b.label > 0, 1.0, scale)
    row_loss = entropy(smoothed(b.label, 0.2), b.logits[:, 1])
    return (b.weight * of_class * row_loss).mean()


def earlier(size: int) -> Any:
    """Probabilities of a task before, some below and some above."""
    return np.linspace(0.05, 0.95, size).astype(np.float32).astype(np.float64)


def order(b: Batch) -> float:
    p = np.exp(-softplus(-b.logits[:, 1]))
    return (b.weight * np.maximum(0, p - earlier(len(p)))).sum() / len(p)


def jrc(b: Batch, alpha: float, is_rival: Callable[[Batch, int, int], bool]) -> float:
    total = 0.0
    for i in np.flatnonzero(b.weight > 0):
        own = b.logits[:, int(b.label[i] > 0)]
        same = (b.session == b.session[i]) & (b.weight > 0)
        pool = [own[j] for j in np.flatnonzero(same) if j == i or is_rival(b, i, j)]
        ranking = np.logaddexp.reduce(pool) - own[i]
        calibration = entropy(b.label[i], b.logits[i, 1] - b.logits[i, 0])
        total += b.weight[i] * (alpha * calibration + (1 - alpha) * ranking)
    return total / len(b.label)


def all_rivals(b: Batch, i: int, j: int) -> bool:
    return True


def other_label(b: Batch, i: int, j: int) -> bool:
    return bool(b.label[i] != b.label[j])


# Config -> the loss under MEAN, from the batch and from the batch that constants are taken of.
LOSSES: Dict[str, Callable[[Batch, Batch], float]] = {
    "loss_type: CLASSIFICATION": lambda b, _: classification(b),
    "loss_type: L2_LOSS": lambda b, _: regression(b),
    "loss_type: BINARY_FOCAL_LOSS"
    " binary_focal_loss { gamma: 1.5 alpha: 0.7 label_smoothing: 0.1 }": lambda b, _: focal(b),
    "loss_type: BINARY_FOCAL_LOSS binary_focal_loss { ohem_ratio: 0.4 }": (
        lambda b, _: hardest_focal(b)
    ),
    "loss_type: PAIR_WISE_LOSS": lambda b, _: pairs(b, False, 0.0, 1.0),
    "loss_type: PAIR_WISE_LOSS pairwise_loss { margin: 0.5 temperature: 2 session_name: 's' }": (
        lambda b, _: pairs(b, True, 0.5, 2.0)
    ),
    "loss_type: F1_REWEIGHTED_LOSS f1_reweighted_loss { f1_beta_square: 3 label_smoothing: 0.2 }": (
        lambda b, start: f1(b, negative_weight(start, 3.0))
    ),
    "loss_type: CROSS_ENTROPY_LOSS": lambda b, _: classification(b),
    "loss_type: BINARY_CROSS_ENTROPY_LOSS": lambda b, _: classification(b),
    "loss_type: SIGMOID_L2_LOSS": lambda b, _: regression(b),  # of a given value
    "loss_type: PAIRWISE_LOGISTIC_LOSS": lambda b, _: pairs(b, False, 0.0, 1.0),
    "loss_type: PAIRWISE_LOGISTIC_LOSS"
    " pairwise_logistic_loss { session_name: 's' temperature: 2 }": (
        lambda b, _: pairs(b, True, 0.0, 2.0)
    ),
    "loss_type: PAIRWISE_FOCAL_LOSS": lambda b, _: over_pairs(b, False, 1.0, focal_pair(2.0)),
    "loss_type: PAIRWISE_FOCAL_LOSS"
    " pairwise_focal_loss { session_name: 's' temperature: 2 gamma: 0.5 }": (
        lambda b, _: over_pairs(b, True, 2.0, focal_pair(0.5))
    ),
    "loss_type: PAIRWISE_HINGE_LOSS": (
        lambda b, _: over_pairs(b, False, 1.0, lambda d: max(0.0, 1.0 - d))
    ),
    "loss_type: PAIRWISE_HINGE_LOSS"
    " pairwise_hinge_loss { session_name: 's' temperature: 2 margin: 0.5 }": (
        lambda b, _: over_pairs(b, True, 2.0, lambda d: max(0.0, 0.5 - d))
    ),
    "loss_type: LISTWISE_RANK_LOSS": lambda b, _: listwise(b, False, 1.0),
    "loss_type: LISTWISE_RANK_LOSS listwise_rank_loss { session_name: 's' temperature: 2 }": (
        lambda b, _: listwise(b, True, 2.0)
    ),
    "loss_type: ORDER_CALIBRATE_LOSS": lambda b, _: order(b),
    "loss_type: JRC_LOSS jrc_loss { session_name: 's' alpha: 0.3 }": (
        lambda b, _: jrc(b, 0.3, all_rivals)
    ),
    "loss_type: JRC_LOSS jrc_loss { session_name: 's' alpha: 0.6 same_label_loss: false }": (
        lambda b, _: jrc(b, 0.6, other_label)
    ),
}


def batch(seed: int, size: int, reach: float) -> Batch:
    random = np.random.default_rng(seed)
    return Batch(
        (random.random(size) < 0.4).astype(np.float64),
        random.uniform(-reach, reach, [size, 2]).astype(np.float32).astype(np.float64),
        random.choice([0.0, 0.5, 1.0, 2.0], size),
        random.choice([7, 8, 9, -1, -2], size),
    )


ORDINARY = batch(1, 14, 3.0)
ONES, ZEROS = np.ones(14), np.zeros(14)
BATCHES: Dict[str, Batch] = {
    "ordinary": ORDINARY,
    "equal weights": ORDINARY._replace(weight=ONES),
    "extreme": batch(2, 14, 80.0),
    "corners": ORDINARY._replace(logits=np.sign(ORDINARY.logits) * 80.0),
    "no positive": ORDINARY._replace(label=ZEROS),
    "only positives": ORDINARY._replace(label=ONES),
    "nobody counts": ORDINARY._replace(weight=ZEROS),
    "each row a session": ORDINARY._replace(session=np.arange(14)),
    "one positive": batch(3, 1, 3.0)._replace(label=np.ones(1), weight=np.ones(1)),
    "one negative": batch(4, 1, 80.0)._replace(label=np.zeros(1), weight=np.ones(1)),
}


def value_and_gradient(text: str, b: Batch, reduction: Reduction) -> Tuple[float, Any]:
    """In graph mode, as training does it; the gradient is [rows, 2]."""
    config = text_format.Parse(text, Loss())
    with tf.Graph().as_default(), v1.Session() as session:
        logits = tf.constant(b.logits, tf.float32)
        is_pair = config.loss_type == JRC_LOSS
        rows = LossInput(
            label=tf.constant(b.label, tf.float32),
            output=logits[:, 1] - logits[:, 0] if is_pair else logits[:, 1],
            weight=tf.constant(b.weight, tf.float32),
            reduction=reduction,
            sessions={"s": tf.constant(b.session, tf.int64)},
            class_logits=logits if is_pair else None,
            earlier=(tf.constant(earlier(len(b.label)), tf.float32),),
        )
        loss = losses.build(config, rows)
        (gradient,) = tf.gradients(loss, [logits])
        value, by_logits = session.run([loss, gradient])
    return float(value), by_logits


def differences(loss: Callable[[Batch], float], b: Batch, step: float = 1e-4) -> Any:
    """The gradient in float64 by central differences."""
    slope = np.zeros_like(b.logits)
    for index in np.ndindex(*b.logits.shape):
        moved = np.zeros_like(b.logits)
        moved[index] = step
        above, below = (b._replace(logits=b.logits + d) for d in (moved, -moved))
        slope[index] = (loss(above) - loss(below)) / (2 * step)
    return slope


@pytest.mark.parametrize("kind", BATCHES)
@pytest.mark.parametrize("text", LOSSES)
def test_value_and_gradient_are_those_of_the_formula(text: str, kind: str) -> None:
    b = BATCHES[kind]
    expected = LOSSES[text](b, b)
    value, gradient = value_and_gradient(text, b, Reduction.MEAN)
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert value >= 0
    slope = differences(lambda moved: LOSSES[text](moved, b), b)
    # 3e-8: what is left of two equal terms of .07, in float32, where a row is alone in its session.
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-5 * np.abs(slope).max() + 3e-8)


@pytest.mark.parametrize("text", LOSSES)
def test_sum_is_the_mean_times_the_rows_of_the_batch(text: str) -> None:
    mean, by_mean = value_and_gradient(text, ORDINARY, Reduction.MEAN)
    total, by_total = value_and_gradient(text, ORDINARY, Reduction.SUM)
    assert total == pytest.approx(14 * mean, rel=1e-5)
    np.testing.assert_allclose(by_total, 14 * by_mean, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reduction", Reduction)
@pytest.mark.parametrize("text", LOSSES)
def test_an_empty_batch_costs_nothing(text: str, reduction: Reduction) -> None:
    none = Batch(np.zeros(0), np.zeros([0, 2]), np.zeros(0), np.zeros(0))
    value, gradient = value_and_gradient(text, none, reduction)
    assert value == 0.0
    assert gradient.shape == (0, 2)


# Ties of the hardest pairs have no gradient: on ordinary rows only.
HARDEST: Dict[str, Callable[[Batch], float]] = {
    "loss_type: PAIRWISE_LOGISTIC_LOSS pairwise_logistic_loss { ohem_ratio: 0.4 }": (
        lambda b: over_pairs(b, False, 1.0, lambda d: softplus(-d), 0.4)
    ),
    "loss_type: PAIRWISE_FOCAL_LOSS pairwise_focal_loss { session_name: 's' ohem_ratio: 0.6 }": (
        lambda b: over_pairs(b, True, 1.0, focal_pair(2.0), 0.6)
    ),
    "loss_type: PAIRWISE_HINGE_LOSS pairwise_hinge_loss { ohem_ratio: 0.3 }": (
        lambda b: over_pairs(b, False, 1.0, lambda d: max(0.0, 1.0 - d), 0.3)
    ),
}


@pytest.mark.parametrize("text", HARDEST)
def test_of_the_pairs_the_hardest_count(text: str) -> None:
    value, gradient = value_and_gradient(text, ORDINARY, Reduction.MEAN)
    assert value == pytest.approx(HARDEST[text](ORDINARY), rel=1e-5)
    slope = differences(HARDEST[text], ORDINARY)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-5 * np.abs(slope).max())
    for none in (ORDINARY._replace(label=ZEROS), ORDINARY._replace(weight=ZEROS)):
        value, gradient = value_and_gradient(text, none, Reduction.SUM)
        assert value == 0
        assert not gradient.any()


OF_SEVERAL_ROWS = [t for t in LOSSES if any(kind in t for kind in ("JRC", "PAIR", "LISTWISE"))]


@pytest.mark.parametrize("text", OF_SEVERAL_ROWS)
def test_rows_of_weight_zero_are_as_if_they_were_not_there(text: str) -> None:
    moved = np.where(ORDINARY.weight[:, None] > 0, ORDINARY.logits, 77.0)
    value, gradient = value_and_gradient(text, ORDINARY, Reduction.MEAN)
    other, _ = value_and_gradient(text, ORDINARY._replace(logits=moved), Reduction.MEAN)
    assert value == other
    assert not gradient[ORDINARY.weight == 0].any()


def test_a_pairs_loss_ignores_a_constant_added_to_all_logits() -> None:
    raised = ORDINARY._replace(logits=ORDINARY.logits + 5)
    value, gradient = value_and_gradient("loss_type: PAIR_WISE_LOSS", ORDINARY, Reduction.MEAN)
    other, _ = value_and_gradient("loss_type: PAIR_WISE_LOSS", raised, Reduction.MEAN)
    assert value == pytest.approx(other, rel=1e-5)
    assert gradient.sum() == pytest.approx(0, abs=1e-6)


def test_every_supported_type_is_registered_and_tested_here() -> None:
    tested = {text_format.Parse(text, Loss()).loss_type for text in LOSSES}
    assert set(losses.registered()) == set(KINDS) == tested
