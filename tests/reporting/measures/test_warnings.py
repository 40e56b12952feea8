"""The warnings at the head of a report."""

from __future__ import annotations

import numpy as np

from easy_esmm.rank_statistics import auc_with_error
from easy_esmm.reporting.measures.task_rows import task_rows
from easy_esmm.reporting.measures.warnings import warnings
from tests.reporting.measures.making import rows


def said(data, metrics=None) -> list:
    return warnings(data, task_rows(data), metrics or {})


def test_calibrated_predictions_on_many_rows_raise_no_warning() -> None:
    assert said(rows(20_000)) == []


def test_few_conversions_come_with_the_uncertainty_of_their_auc() -> None:
    data = rows(300, seed=2)
    clicked = task_rows(data)[1]
    positives = int(data.conversion.sum())
    error = 1.959964 * auc_with_error(clicked.score, clicked.label)[1]
    found = [line for line in said(data) if line.startswith("CVR, clicked rows: only")]
    assert found[0].startswith(f"CVR, clicked rows: only {positives} conversions: the AUC of ")
    assert found[0].endswith(f"is known to +- {error:.3f} (95 %).")


def test_rates_that_are_surely_off_are_named_with_factor_and_interval() -> None:
    data = rows(20_000)
    off = rows(20_000, pcvr=data.pcvr / 2)
    (line,) = said(off)
    assert line.startswith("CVR, clicked rows: predicted 2.0")
    assert "times too low on average (95 %: 1.9" in line


def test_no_click_and_one_class_raise_warnings() -> None:
    none = rows(50, click=np.zeros(50), conversion=np.zeros(50))
    assert said(none)[:2] == [
        "CTR, all impressions: no row has a positive label, so there is no AUC.",
        "CVR, clicked rows: no such row, so there are no figures.",
    ]


def test_broken_rows_orphans_and_strange_ids_are_counted() -> None:
    logit = rows(20_000).ctr_logit.copy()
    logit[:3] = np.nan
    metrics = {"count/orphan_conversions": 4, "out_of_range/hour": 0.5, "out_of_range/day": 0}
    assert said(rows(20_000, ctr_logit=logit), metrics) == [
        "3 rows have a prediction that is no number: they are left out.",
        "4 rows claim a conversion without a click: they count as none.",
        "50% of the ids of hour are outside its vocabulary.",
    ]


def test_a_model_that_hardly_beats_a_constant_is_remarked_on() -> None:
    data = rows(20_000)
    rate = float(data.conversion[data.click > 0].mean())
    flat = np.full(20_000, np.log(rate / (1 - rate)))
    flat += 0.02 * data.cvr_logit
    said_of = rows(20_000, pcvr=1 / (1 + np.exp(-flat)), cvr_logit=flat)
    (line,) = [line for line in said(said_of) if "constant" in line]
    score, label = flat[data.click > 0], data.conversion[data.click > 0]
    loss = np.logaddexp(0, score) - label * score
    entropy = loss.mean() / -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert 0.99 < entropy < 1
    area = auc_with_error(score, label)[0]
    assert line == (
        "CVR, clicked rows: hardly better than always predicting the mean: normalised entropy "
        f"{entropy:.3f} (1 is that constant), AUC {area:.3f}."
    )


def test_a_model_that_is_worse_than_a_constant_is_remarked_on() -> None:
    data = rows(20_000)
    wild = rows(20_000, cvr_logit=-data.cvr_logit)
    (line,) = [line for line in said(wild) if "constant" in line]
    assert line.startswith("CVR, clicked rows: no better than always predicting the mean")
