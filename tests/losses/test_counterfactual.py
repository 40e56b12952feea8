"""Counterfactual risks against float64 numpy: values, and gradients by each of the four logits.

What a risk holds constant is taken of the batch before the logits are moved, so that a missing or
a superfluous `stop_gradient` shows as a wrong slope.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Callable, Dict, NamedTuple, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.losses import (
    Reduction,
    counterfactual,
    doubly_robust,
    propensity,
)
from easy_esmm.losses.pointwise import cross_entropy
from easy_esmm.losses.propensity import Clip

CLIP = Clip(0.03, 0.9)


class Batch(NamedTuple):
    click: Any
    conversion: Any
    weight: Any
    logits: Any
    """[4, rows]: of the CTR, CVR, imputation and counterfactual towers."""


CTR, CVR, IMPUTATION, COUNTERFACTUAL = range(4)


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def sigmoid(x: Any) -> Any:
    return np.exp(-softplus(-x))


def entropy(label: Any, logit: Any) -> Any:
    return label * softplus(-logit) + (1 - label) * softplus(logit)


def of_rows(mask: Any, probability: Any, normalized: bool) -> Any:
    inside = mask / np.clip(probability, CLIP.floor, CLIP.cap)
    if not normalized:
        return inside / max(1, len(mask))
    return inside / inside.sum() if mask.any() else 0 * inside


def clicked_rows(b: Batch, normalized: bool) -> Any:
    return b.weight * of_rows(b.click, sigmoid(b.logits[CTR]), normalized)


def ips(b: Batch, start: Batch, normalized: bool = False) -> Any:
    """Sum over clicked rows of l(z, r) / P, over the rows or over the sum of 1 / P."""
    return (clicked_rows(start, normalized) * entropy(b.conversion, b.logits[CVR])).sum()


def dr(b: Batch, start: Batch, normalized: bool = False) -> Any:
    """Mean of e, and the sum over clicked rows of (l(z, r) - e) / P: e is a constant."""
    e = softplus(start.logits[IMPUTATION])
    missed = entropy(b.conversion, b.logits[CVR]) - e
    rows = max(1, len(e))
    return (b.weight * e).sum() / rows + (clicked_rows(start, normalized) * missed).sum()


def imputation(b: Batch, start: Batch, normalized: bool = False) -> Any:
    """Sum over clicked rows of (l(z, r) - e)^2 / P: l is a constant."""
    missed = entropy(b.conversion, start.logits[CVR]) - softplus(b.logits[IMPUTATION])
    return (clicked_rows(start, normalized) * missed**2).sum()


def unclicked(b: Batch, start: Batch) -> Any:
    """Sum over unclicked rows of v l(1 - z, r*), v the self-normalised 1 / Q."""
    v = of_rows(1 - start.click, sigmoid(-start.logits[CTR]), normalized=True)
    return (b.weight * v * entropy(1 - b.conversion, b.logits[COUNTERFACTUAL])).sum()


def disagreement(b: Batch, _: Batch) -> Any:
    """Mean of |r - (1 - r*)|, from the smaller sides where both are near 1."""
    x, y = b.logits[CVR], -b.logits[COUNTERFACTUAL]
    difference = np.where(x + y > 0, sigmoid(-y) - sigmoid(-x), sigmoid(x) - sigmoid(y))
    return (b.weight * np.abs(difference)).sum() / max(1, len(x))


RISKS: Dict[str, Callable[[Batch, Batch], Any]] = {
    "ips": ips,
    "ips, normalized": lambda b, start: ips(b, start, True),
    "dr": dr,
    "dr, normalized": lambda b, start: dr(b, start, True),
    "imputation": imputation,
    "imputation, normalized": lambda b, start: imputation(b, start, True),
    "unclicked": unclicked,
    "disagreement": disagreement,
}
TRAINED = {
    "ips": {CVR},
    "ips, normalized": {CVR},
    "dr": {CVR},
    "dr, normalized": {CVR},
    "imputation": {IMPUTATION},
    "imputation, normalized": {IMPUTATION},
    "unclicked": {COUNTERFACTUAL},
    "disagreement": {CVR, COUNTERFACTUAL},
}
"""The only logits with a gradient: never the CTR's, though all but the last read it."""


def batch(seed: int, size: int, reach: float) -> Batch:
    random = np.random.default_rng(seed)
    click = (random.random(size) < 0.5).astype(np.float64)
    return Batch(
        click,
        click * (random.random(size) < 0.4),
        random.choice([0.0, 0.5, 1.0, 2.0], size),
        random.uniform(-reach, reach, [4, size]).astype(np.float32).astype(np.float64),
    )


def with_logit(b: Batch, tower: int, value: Any) -> Batch:
    logits = b.logits.copy()
    logits[tower] = value
    return b._replace(logits=logits)


ORDINARY = batch(1, 16, 4.0)
ONES, ZEROS = np.ones(16), np.zeros(16)
BATCHES: Dict[str, Batch] = {
    "ordinary": ORDINARY,
    "equal weights": ORDINARY._replace(weight=ONES),
    "extreme": batch(2, 16, 80.0),
    "corners": ORDINARY._replace(logits=np.sign(ORDINARY.logits) * 80.0),
    "no click": ORDINARY._replace(click=ZEROS, conversion=ZEROS),
    "all clicked": ORDINARY._replace(click=ONES),
    "all converted": ORDINARY._replace(click=ONES, conversion=ONES),
    "tiny propensities": with_logit(ORDINARY, CTR, -80.0),
    "saturated propensities": with_logit(ORDINARY, CTR, 80.0),
    "nobody counts": ORDINARY._replace(weight=ZEROS),
    "one clicked row": batch(3, 1, 4.0)._replace(click=np.ones(1), weight=np.ones(1)),
    "one unclicked row": batch(4, 1, 80.0)._replace(
        click=np.zeros(1), conversion=np.zeros(1), weight=np.ones(1)
    ),
    "no row": batch(5, 0, 1.0),
}


def tensors(b: Batch, logits: Any, reduction: Reduction) -> Dict[str, Any]:
    """Every risk, as a model composes them."""
    click, conversion, weight = (tf.constant(x, tf.float32) for x in b[:3])
    inside = propensity.inverse(logits[CTR], CLIP)
    outside = propensity.inverse(-logits[CTR], CLIP)
    loss = cross_entropy(conversion, logits[CVR])
    guess = doubly_robust.imputed_loss(logits[IMPUTATION])
    risks = {}
    for suffix, weights in (
        ("", propensity.mean_weights),
        (", normalized", propensity.self_normalized),
    ):
        u = weights(click, inside)
        risks[f"ips{suffix}"] = propensity.weighted_risk(loss, u, weight, reduction)
        risks[f"dr{suffix}"] = doubly_robust.risk(loss, guess, u, weight, reduction)
        risks[f"imputation{suffix}"] = doubly_robust.imputation_loss(
            loss, guess, u, weight, reduction
        )
    v = propensity.self_normalized(1.0 - click, outside)
    inverted = cross_entropy(1.0 - conversion, logits[COUNTERFACTUAL])
    risks["unclicked"] = propensity.weighted_risk(inverted, v, weight, reduction)
    risks["disagreement"] = counterfactual.disagreement(
        logits[CVR], logits[COUNTERFACTUAL], weight, reduction
    )
    return risks


@cache
def computed(kind: str, reduction: Reduction) -> Dict[str, Tuple[float, Any]]:
    """Risk -> (value, gradient [4, rows]), in graph mode, as training does it."""
    b = BATCHES[kind]
    with tf.Graph().as_default(), v1.Session() as session:
        logits = [tf.constant(x, tf.float32) for x in b.logits]
        none = tf.UnconnectedGradients.ZERO
        risks = tensors(b, logits, reduction)
        return {
            name: (float(value), np.array(gradient))
            for name, (value, gradient) in session.run(
                {
                    name: (risk, tf.gradients(risk, logits, unconnected_gradients=none))
                    for name, risk in risks.items()
                }
            ).items()
        }


def differences(risk: Callable[[Batch, Batch], Any], b: Batch, step: float = 1e-4) -> Any:
    """The gradient in float64 by central differences, constants held at `b`."""
    slope = np.zeros_like(b.logits)
    for index in np.ndindex(*b.logits.shape):
        moved = np.zeros_like(b.logits)
        moved[index] = step
        above, below = (b._replace(logits=b.logits + d) for d in (moved, -moved))
        slope[index] = (risk(above, b) - risk(below, b)) / (2 * step)
    return slope


@pytest.mark.parametrize("kind", BATCHES)
@pytest.mark.parametrize("name", RISKS)
def test_value_and_gradients_are_those_of_the_formula(name: str, kind: str) -> None:
    b = BATCHES[kind]
    value, gradient = computed(kind, Reduction.MEAN)[name]
    assert value == pytest.approx(RISKS[name](b, b), rel=1e-5, abs=1e-6)
    assert np.isfinite(gradient).all()
    slope = differences(RISKS[name], b)
    largest = np.abs(slope).max(initial=0)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-5 * largest + 1e-9)


@pytest.mark.parametrize("name", RISKS)
def test_a_risk_trains_its_own_towers_only(name: str) -> None:
    _, gradient = computed("ordinary", Reduction.MEAN)[name]
    assert {tower for tower in range(4) if gradient[tower].any()} == TRAINED[name]


@pytest.mark.parametrize("kind", BATCHES)
@pytest.mark.parametrize("suffix", ["", ", normalized"])
def test_the_doubly_robust_risk_pulls_the_cvr_logit_just_as_ips(kind: str, suffix: str) -> None:
    results = computed(kind, Reduction.MEAN)
    np.testing.assert_array_equal(results[f"dr{suffix}"][1], results[f"ips{suffix}"][1])


def test_gradients_by_the_formulas_of_the_papers() -> None:
    b, (a, cvr, o, d) = ORDINARY, ORDINARY.logits
    p, r, r_star = sigmoid(a), sigmoid(cvr), sigmoid(d)
    results = computed("ordinary", Reduction.MEAN)
    u = b.weight * b.click / np.clip(p, 0.03, 0.9) / 16
    missed = softplus(o) - entropy(b.conversion, cvr)
    v = (1 - b.click) / np.clip(1 - p, 0.03, 0.9)
    expected = {
        ("ips", CVR): u * (r - b.conversion),
        ("imputation", IMPUTATION): 2 * u * missed * sigmoid(o),
        ("unclicked", COUNTERFACTUAL): b.weight * v / v.sum() * (r_star - (1 - b.conversion)),
        ("disagreement", CVR): b.weight * np.sign(r + r_star - 1) * r * (1 - r) / 16,
    }
    for (name, tower), gradient in expected.items():
        np.testing.assert_allclose(results[name][1][tower], gradient, rtol=2e-5, atol=1e-9)


@pytest.mark.parametrize("name", RISKS)
def test_sum_is_the_mean_times_the_rows_of_the_batch(name: str) -> None:
    mean, total = (computed("ordinary", r)[name] for r in (Reduction.MEAN, Reduction.SUM))
    assert total[0] == pytest.approx(16 * mean[0], rel=1e-5)
    np.testing.assert_allclose(total[1], 16 * mean[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["ips", "ips, normalized", "imputation", "imputation, normalized"])
@pytest.mark.parametrize("kind", ["no click", "nobody counts"])
def test_a_batch_without_clicks_teaches_the_clicked_risks_nothing(name: str, kind: str) -> None:
    value, gradient = computed(kind, Reduction.MEAN)[name]
    assert value == 0
    assert not gradient.any()


def test_a_batch_of_clicks_only_teaches_the_unclicked_risk_nothing() -> None:
    value, gradient = computed("all clicked", Reduction.MEAN)["unclicked"]
    assert value == 0
    assert not gradient.any()


def test_the_risk_with_true_propensities_is_the_loss_over_all_impressions() -> None:
    # Expectation over clicks of y l / p is l, row by row: 3 rows, all 8 patterns of clicks.
    p, loss = np.array([0.1, 0.4, 0.9]), np.array([5.0, 2.0, 1.0])
    total = 0.0
    for pattern in np.ndindex(2, 2, 2):
        click = np.array(pattern, np.float64)
        chance = np.prod(np.where(click > 0, p, 1 - p))
        logit = tf.constant(np.log(p / (1 - p)), tf.float32)
        weight = propensity.inverse(logit, Clip(0.01))
        u = propensity.mean_weights(tf.constant(click, tf.float32), weight)
        row_loss = tf.constant(loss, tf.float32)
        total += chance * float(propensity.weighted_risk(row_loss, u, tf.ones(3)))
    assert total == pytest.approx(loss.mean(), rel=1e-5)


def test_the_weighted_risk_is_least_at_the_rate_of_all_impressions_not_of_the_clicked() -> None:
    # Two kinds of impressions, half each: clicked at .1 and .5, converting then at .02 and .2.
    p, cvr = np.array([0.1, 0.5]), np.array([0.02, 0.2])
    mass = np.stack([1 - p, p * (1 - cvr), p * cvr], axis=1).ravel() / 2  # of rows (y, z)
    click, conversion = np.tile([0.0, 1, 1], 2), np.tile([0.0, 0, 1], 2)
    logit = np.repeat(np.log(p / (1 - p)), 3)
    everywhere, clicked = cvr.mean(), (p * cvr).sum() / p.sum()  # .11 and .17

    def slope(rate: float, weigh: Callable[..., Any]) -> float:
        common = tf.constant(np.log(rate / (1 - rate)), tf.float32)  # one logit for all rows
        inside = propensity.inverse(tf.constant(logit, tf.float32), CLIP)
        with tf.GradientTape() as tape:
            tape.watch(common)
            row_loss = cross_entropy(tf.constant(conversion, tf.float32), common)
            u = weigh(tf.constant(click, tf.float32), inside)
            risk = propensity.weighted_risk(row_loss, u, tf.constant(mass, tf.float32))
        return float(tape.gradient(risk, common))

    def unweighted(mask: Any, _: Any) -> Any:
        return mask

    for weigh in (propensity.mean_weights, propensity.self_normalized):
        assert slope(everywhere, weigh) == pytest.approx(0, abs=1e-7)
        assert slope(clicked, weigh) > 1e-3
    assert slope(clicked, unweighted) == pytest.approx(0, abs=1e-7)
    assert slope(everywhere, unweighted) < -1e-3


def test_a_right_imputation_makes_the_risk_right_whatever_the_propensities() -> None:
    click, loss, wrong = np.array([1.0, 0, 1]), np.array([5.0, 2.0, 1.0]), np.array([9.0, 3, 7])
    value = doubly_robust.risk(
        *(tf.constant(x, tf.float32) for x in (loss, loss, click * wrong, np.ones(3)))
    )
    assert float(value) == pytest.approx(8 / 3)


@pytest.mark.parametrize(("x", "y"), [(-20.0, 22.0), (25.0, -30.0), (-80.0, 70.0), (30.0, 30.0)])
def test_heads_that_nearly_agree_at_the_ends_keep_their_pull(x: float, y: float) -> None:
    # r = 2e-9 and r* = 1 - 3e-10: the sum of float32 sigmoids has lost both.
    factual, other = tf.constant([x]), tf.constant([y])
    with tf.GradientTape() as tape:
        tape.watch([factual, other])
        value = counterfactual.disagreement(factual, other, tf.ones(1))
    by_factual, by_other = (float(g[0]) for g in tape.gradient(value, [factual, other]))
    sign = np.sign(x + y)  # of r + r* - 1 = (1 - e^-(x + y)) sigmoid(x) sigmoid(y)
    gap = sign * -np.expm1(-(x + y)) * sigmoid(x) * sigmoid(y)
    assert float(value) == pytest.approx(gap, rel=1e-5)
    assert by_factual == pytest.approx(sign * sigmoid(x) * sigmoid(-x), rel=1e-5)
    assert by_other == pytest.approx(sign * sigmoid(y) * sigmoid(-y), rel=1e-5)
