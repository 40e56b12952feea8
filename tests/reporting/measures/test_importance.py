"""What a task loses with exchanged inputs, against float64 numpy."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from easy_esmm.estimator.importance import Permuted, PermutedInputs
from easy_esmm.reporting.measures.importance import Lost, importance
from tests.reporting.measures.making import rows

BETTER, WORSE = PermutedInputs("kept", ("a",)), PermutedInputs("lost", ("b",))


def exchanged(data: Any, noise: float, seed: int) -> Any:
    random = np.random.default_rng(seed)
    logits = {
        name: (logit + random.normal(scale=noise, size=len(logit))).astype(np.float32)
        for name, logit in data.logits.items()
    }
    return dataclasses.replace(data, logits=logits)


def auc(score: Any, label: Any, weight: Any) -> float:
    pairs = np.outer(weight * label, weight * (1 - label))
    wins = (score[:, None] > score) + 0.5 * (score[:, None] == score)
    return float((wins * pairs).sum() / pairs.sum())


def test_losses_are_differences_of_aucs_and_of_log_losses_with_errors_of_the_pairs() -> None:
    data = rows(500)
    data.weight[:] = np.random.default_rng(2).choice([0.5, 1.0, 2.0], 500)
    worse = exchanged(data, 2.0, 1)
    ctr, cvr, ctcvr = importance(Permuted(data, [(WORSE, worse)]))
    assert (ctr.rows, ctr.positives) == (500, int(data.click.sum()))
    assert cvr.rows == int(data.click.sum())
    for found, name, label, weight in (
        (ctr, "ctr", data.click, data.weight),
        (cvr, "cvr", data.conversion, data.weight * data.click),
        (ctcvr, "ctcvr", data.conversion, data.weight),
    ):
        (one,) = found.features
        a, b = (np.asarray(x.logits[name], np.float64) for x in (data, worse))
        z, w = (np.asarray(x, np.float64) for x in (label, weight))
        assert one.auc.mean == pytest.approx(auc(a, z, w) - auc(b, z, w), abs=1e-9)
        gained = (np.logaddexp(0, b) - z * b) - (np.logaddexp(0, a) - z * a)
        mean = (w * gained).sum() / w.sum()
        assert one.log_loss.mean == pytest.approx(mean, rel=1e-6)
        error = np.sqrt((w**2 * (gained - mean) ** 2).sum() / (w.sum() ** 2 - (w**2).sum()))
        assert one.log_loss.error == pytest.approx(error, rel=1e-6)


def test_the_most_important_feature_comes_first_and_an_exchange_without_effect_is_nothing() -> None:
    data = rows(5000)
    given = [(BETTER, exchanged(data, 0.0, 7)), (WORSE, exchanged(data, 9.0, 7))]
    for task in importance(Permuted(data, given)):
        first, second = task.features
        assert (first.inputs, second.inputs) == (WORSE, BETTER)
        assert first.auc.mean > 0
        assert second.auc == Lost(0, 0)
        assert second.log_loss == Lost(0, 0)
        assert not second.auc.is_seen


def test_a_row_without_a_number_makes_no_pair() -> None:
    data = rows(100)
    broken = exchanged(data, 0.0, 1)
    broken.logits["ctr"][:10] = np.nan
    ctr = importance(Permuted(data, [(BETTER, broken)]))[0]
    assert ctr.features[0].log_loss == Lost(0, 0)


def test_without_rows_of_both_classes_there_is_a_log_loss_and_no_auc() -> None:
    data = rows(100)
    data.labels["click"][:] = 0
    data.labels["buy"][:] = 0
    ctr, cvr, _ = importance(Permuted(data, [(WORSE, exchanged(data, 3.0, 1))]))
    assert np.isnan(ctr.features[0].auc.mean)
    assert np.isfinite(ctr.features[0].log_loss.mean)
    assert np.isnan(cvr.features[0].log_loss.mean)
