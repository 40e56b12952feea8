"""Choosing by cross-validation, judging out of fold, and how much evidence it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import numpy as np
import pytest

from easy_esmm.calibration.fitted import fit, joint
from easy_esmm.calibration.holdout import (
    FEWEST,
    Family,
    Holdout,
    Observations,
    require_evidence,
    require_labels,
)
from easy_esmm.calibration.probability import product_logit, sigmoid
from easy_esmm.errors import UserError

ROWS = 60_000


def holdout(
    seed: int = 1, *, bend: float = 0.0, values: int = 0, cluster: Optional[Any] = None
) -> Holdout:
    """A model with too high a pCVR: the true logits are a - .2 and c - .5 - bend x |c + 3|."""
    random = np.random.default_rng(seed)
    a, b = random.normal([-1.0, -1.0], 1.0, [ROWS, 2]).T
    value = random.integers(0, max(values, 1), ROWS)
    of_value = np.linspace(-0.8, 0.8, values)[value] if values else 0.0
    c = product_logit(a, b)
    true_c = np.minimum(c - 0.5 - bend * np.abs(c + 3) + of_value, a - 0.21)
    pctr = sigmoid(a - 0.2)
    click = (random.random(ROWS) < pctr).astype(float)
    conversion = click * (random.random(ROWS) < sigmoid(true_c) / pctr)
    ones = np.ones(ROWS)
    return Holdout(
        [
            Observations("ctr", "CTR, all impressions", a, click, ones),
            Observations("ctcvr", "CTCVR, all impressions", c, conversion, ones),
        ],
        value,
        [str(number) for number in range(values)],
        cluster,
        Family("ctr", "ctcvr", Observations("cvr", "CVR, clicked rows", b, conversion, click)),
    )


def test_rates_hold_on_rows_held_out_also_the_quotient() -> None:
    found = fit(holdout())
    assert [judged.rows.name for judged in found.judged] == ["ctr", "cvr", "ctcvr"]
    for judged in found.judged:
        assert judged.before.ratio.value > 1 + 5 * judged.before.ratio.error
        assert judged.after.ratio.value == pytest.approx(1, abs=3 * judged.after.ratio.error)
        assert judged.after.calibration_error.value < judged.before.calibration_error.value / 3
        assert judged.gain.value > 3 * judged.gain.error


def test_a_line_is_chosen_where_the_truth_is_one_and_not_where_it_bends() -> None:
    assert fit(holdout()).tasks["ctr"].method == "platt"
    assert fit(holdout(bend=0.5)).tasks["ctcvr"].method in ("spline", "isotonic")


def test_a_line_is_chosen_though_a_curve_is_better_by_less_than_a_standard_error() -> None:
    random = np.random.default_rng(2)
    logit = random.normal(-1.0, 1.0, 1_500)
    label = (random.random(1_500) < sigmoid(logit - 0.4)).astype(float)
    task = Observations("ctr", "CTR", logit, label, np.ones(1_500))
    found = fit(Holdout([task], np.zeros(1_500, np.int64)))
    excess = found.log_losses["ctr"]["spline"]
    assert -excess.error < excess.value < 0
    assert found.tasks["ctr"].method == "platt"


def test_the_same_rows_give_the_same_calibration_and_other_seeds_other_folds() -> None:
    rows = holdout(values=3)
    first, again, other = fit(rows), fit(rows), fit(rows, seed=7)
    assert first.tasks == again.tasks
    assert [j.after for j in first.judged] == [j.after for j in again.judged]
    assert [j.after for j in first.judged] != [j.after for j in other.judged]


def test_a_method_that_is_asked_for_is_taken() -> None:
    found = fit(holdout(), "isotonic")
    assert {task.method for task in found.tasks.values()} == {"isotonic"}


def test_by_a_field_each_value_has_its_rate() -> None:
    rows = holdout(values=5)
    found = fit(rows)
    task = found.tasks["ctcvr"]
    shifts = np.array([task.shifts[text] for text in rows.values])
    np.testing.assert_allclose(shifts, np.linspace(-0.8, 0.8, 5), atol=0.25)
    assert found.gain_of_field["ctcvr"].value > 3 * found.gain_of_field["ctcvr"].error
    assert abs(found.gain_of_field["ctr"].value) < 3 * found.gain_of_field["ctr"].error


def test_by_a_field_as_many_are_predicted_as_were_observed() -> None:
    # One value is rare and far from the other, so the common intercept is far from 0.
    random = np.random.default_rng(6)
    logit, value = random.normal(-1.0, 0.5, 20_000), (random.random(20_000) < 0.1).astype(np.int64)
    label = (random.random(20_000) < sigmoid(logit + 2.0 * value)).astype(float)
    task = Observations("ctr", "CTR", logit, label, np.ones(20_000))
    found = fit(Holdout([task], value, ["a", "b"]), "platt")
    calibration = found.tasks["ctr"]
    shift = np.array([calibration.shifts["a"], calibration.shifts["b"]])[value]
    assert sigmoid(calibration(logit, shift)).sum() == pytest.approx(label.sum(), rel=1e-4)
    (judged,) = found.judged
    assert judged.after.ratio.value == pytest.approx(1, abs=3 * judged.after.ratio.error)


def test_rows_of_one_user_are_held_out_together() -> None:
    # Each user's rows are alike: a value of the field is a user, and each has one label. Were rows
    # of a user on both sides of a fold, the field would foretell the labels of the rows held out.
    users = np.arange(8_000) // 20
    random = np.random.default_rng(3)
    label = (random.random(400) < 0.2)[users].astype(float)
    logit = random.normal(-1.4, 0.3, 8_000) + 0.2 * label
    task = Observations("ctr", "CTR", logit, label, np.ones(8_000))
    texts = [str(number) for number in range(400)]
    apart = fit(Holdout([task], users, texts), "platt").gain_of_field["ctr"]
    together = fit(Holdout([task], users, texts, users), "platt").gain_of_field["ctr"]
    assert apart.value > 0.2
    assert together.value < 0.01


def observations(positives: int, negatives: int, **changes: Any) -> Observations:
    rows = positives + negatives
    label = (np.arange(rows) < positives).astype(np.float32)
    made = Observations("ctr", "CTR, all impressions", label - 2.0, label, np.ones(rows))
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (observations(99, 500), "must have at least 100 positives, got 99 among 599 rows; .* 10%"),
        (observations(500, 64), "must have at least 100 negatives, got 64 among 564 rows; .* 12%"),
        (observations(0, 500), "its 500 rows hold no positive label, so there is no rate to fit"),
        (observations(500, 0), "its 500 rows hold no negative label"),
        # Weights of which one in ten counts: 10 effective positives.
        (
            observations(100, 500, weight=np.where(np.arange(600) % 10, 0.0, 3.0)),
            "100 positives, got 10 among 60 rows",
        ),
        (
            observations(200, 200, logit=np.full(400, np.nan)),
            "logits must be finite numbers of at most 1,000; has the model diverged",
        ),
    ],
)
def test_too_little_evidence_is_refused(task: Observations, reason: str) -> None:
    with pytest.raises(UserError, match=f"^CTR, all impressions: .*{reason}"):
        require_evidence([task])


def test_enough_evidence_is_accepted() -> None:
    require_evidence([observations(FEWEST, FEWEST)])


def test_missing_labels_are_refused_by_column() -> None:
    require_labels({"click": (0, 10)})
    with pytest.raises(UserError, match="label column 'buy': 3 of 10 rows have no value"):
        require_labels({"click": (0, 10), "buy": (3, 10)})


def test_where_the_curves_contradict_each_other_the_product_is_kept_below_the_click() -> None:
    ctr, ctcvr = np.array([-1.0, -1.0, 2.0]), np.array([-3.0, -0.5, 80.0])
    cvr, limited = joint(ctr, ctcvr)
    assert limited[0] == -3.0
    np.testing.assert_allclose(sigmoid(cvr[1:]), 1 - 1e-6, rtol=1e-12)
    np.testing.assert_allclose(sigmoid(limited), sigmoid(ctr) * sigmoid(cvr), rtol=1e-12)


def test_rows_of_one_user_alone_are_refused() -> None:
    with pytest.raises(UserError, match=r"^CTR, all impressions: the rows of few users hold all"):
        fit(holdout(cluster=np.zeros(ROWS, np.int64)), "platt")


def with_logits_times(factor: float) -> Holdout:
    rows = holdout()
    return replace(rows, tasks=[replace(task, logit=task.logit * factor) for task in rows.tasks])


def test_a_model_that_is_far_too_sure_is_brought_back() -> None:
    one = fit(holdout(), "platt").tasks["ctr"].curve.slopes[0]
    many = fit(with_logits_times(30.0), "platt").tasks["ctr"].curve.slopes[0]
    assert many == pytest.approx(one / 30.0, rel=1e-3)


def test_a_model_that_is_surer_still_is_told_so_and_not_that_it_ranks_by_chance() -> None:
    with pytest.raises(UserError, match=r"logits lie so far apart \(standard deviation 100\)"):
        fit(with_logits_times(100.0), "platt")
