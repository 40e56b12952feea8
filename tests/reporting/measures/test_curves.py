"""ROC and precision-recall curves."""

from __future__ import annotations

import numpy as np
import pytest

from easy_esmm.reporting.measures.curves import POINTS, auc, precision_recall, roc
from tests.reporting.measures.making import task

FIVE = task([0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 0, 0])


def test_roc_steps_up_at_positives_and_right_at_negatives() -> None:
    curve = roc(FIVE)
    assert curve is not None
    assert curve.x.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    assert curve.y.tolist() == pytest.approx([0, 0.5, 0.5, 1, 1, 1])
    # Of the 6 pairs 5 are in order.
    assert curve.area == pytest.approx(5 / 6)


def test_precision_is_taken_where_a_positive_is_found() -> None:
    curve = precision_recall(FIVE)
    assert curve is not None
    assert curve.x.tolist() == pytest.approx([0.5, 1])
    assert curve.y.tolist() == pytest.approx([1, 2 / 3])
    assert curve.area == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_rows_of_one_score_are_one_step_whatever_their_order() -> None:
    for label in ([1, 0], [0, 1]):
        curve = roc(task([0.5, 0.5], label))
        assert curve is not None
        assert (curve.x.tolist(), curve.y.tolist(), curve.area) == ([0, 1], [0, 1], 0.5)


def test_weights_count_as_copies() -> None:
    copied = task([0.9, 0.9, 0.7, 0.6], [1, 1, 0, 1])
    weighted = task([0.9, 0.7, 0.6], [1, 0, 1], [2, 1, 1])
    for curve in (roc, precision_recall):
        one, other = curve(copied), curve(weighted)
        assert one is not None
        assert other is not None
        assert one.y.tolist() == pytest.approx(other.y.tolist())
        assert one.area == pytest.approx(other.area)


def test_many_rows_are_drawn_from_few_points_that_lie_on_the_curve() -> None:
    random = np.random.default_rng(2)
    predicted = random.random(20_000) * 0.9 + 0.05
    many = task(predicted, random.random(20_000) < predicted)
    curve, found = roc(many), precision_recall(many)
    assert curve is not None
    assert found is not None
    assert max(len(curve.x), len(found.x)) <= POINTS
    assert (curve.x[0], curve.y[-1], found.x[-1]) == (0, 1, 1)
    # Areas are of all rows: the AUC, and the mean precision at each positive.
    assert curve.area == pytest.approx(auc(many)[0], abs=1e-12)
    ranked = many.label[np.argsort(-many.score)]
    precision = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    assert found.area == pytest.approx(precision[ranked > 0].mean(), abs=1e-9)
    # The trapezium rule over the drawn points comes close to the area of all rows.
    drawn = np.sum(np.diff(curve.x) * (curve.y[1:] + curve.y[:-1]) / 2)
    assert drawn == pytest.approx(curve.area, abs=1e-3)
    for x, y in zip(curve.x[1:-1], curve.y[1:-1]):
        threshold = np.sort(many.score[many.label == 0])[::-1][
            max(0, round(x * sum(many.label == 0)) - 1)
        ]
        assert np.mean(many.score[many.label == 1] >= threshold) <= y + 1e-9


def test_without_both_classes_there_are_no_curves() -> None:
    for label in ([0, 0], [1, 1]):
        assert roc(task([0.2, 0.4], label)) is None
        assert precision_recall(task([0.2, 0.4], label)) is None
        assert np.isnan(auc(task([0.2, 0.4], label))[0])
    assert precision_recall(task([], [])) is None
    assert roc(task([], [])) is None
