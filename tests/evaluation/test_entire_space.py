"""Metrics from all rows of an evaluation and a second file."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from easy_esmm.errors import UserError
from easy_esmm.evaluation.entire_space import against_truth, with_common_pctr
from easy_esmm.evaluation.recorded_rows import RecordedRows
from easy_esmm.simulation.truth import Truth
from tests.tasks import family

ROWS = RecordedRows(
    tasks=family(),
    weight=np.ones(5, "f4"),
    labels={"click": np.array([1, 1, 0, 1, 0], "f4"), "buy": np.array([1, 0, 0, 1, 0], "f4")},
    predictions={
        "ctr": np.array([0.9, 0.1, 0.1, 0.1, 0.1], "f4"),
        "cvr": np.array([0.5, 0.4, 0.1, 0.2, 0.2], "f4"),
        "ctcvr": np.array([0.45, 0.04, 0.01, 0.02, 0.02], "f4"),
    },
    logits={},
)


def truth(conversion: np.ndarray) -> Truth:
    rates = np.full(5, 0.25)
    return Truth(
        sample_id=np.arange(5),
        click=ROWS.labels["click"].astype(int),
        conversion=conversion.astype(int),
        pctr=rates,
        pcvr_do=rates,
        pcvr_click=rates,
        pctcvr=rates**2,
        counterfactual_conversion=conversion.astype(int),
    )


def test_common_pctr_takes_the_place_of_the_models_own() -> None:
    common = np.array([0.1, 0.5, 0.2, 0.4, 0.2])
    # Scores .05 .2 .02 .08 .04; positives .05 and .08: of the 6 pairs, .05 beats .02 and .04, and
    # .08 beats the same two.
    result = with_common_pctr(ROWS, common, "s.csv")
    assert result["auc_ctcvr_common_pctr"] == pytest.approx(4 / 6)
    assert result["auc_ctcvr_common_pctr_se"] > 0


def test_common_pctr_counts_rows_by_their_weights() -> None:
    weighted = dataclasses.replace(ROWS, weight=np.array([3, 1, 1, 1, 1], "f4"))
    # As above with the first positive three times: 3 x 2 + 2 of 4 x 3 pairs.
    result = with_common_pctr(weighted, np.array([0.1, 0.5, 0.2, 0.4, 0.2]), "s.csv")
    assert result["auc_ctcvr_common_pctr"] == pytest.approx(8 / 12)


def test_files_about_other_rows_are_refused() -> None:
    with pytest.raises(
        UserError, match=r"--common_pctr: s\.csv holds 4 rows, the evaluation read 5"
    ):
        with_common_pctr(ROWS, np.ones(4), "s.csv")
    other = ROWS.labels["buy"].copy()
    other[3] = 0
    with pytest.raises(UserError, match="labels differ in 1 rows, first in row 4"):
        against_truth(ROWS, truth(other), "t.parquet")


def test_bias_ratio_is_mean_pcvr_over_mean_truth() -> None:
    result = against_truth(ROWS, truth(ROWS.labels["buy"]), "t.parquet")
    assert result["truth/cvr_bias_ratio"] == pytest.approx(
        np.mean([0.5, 0.4, 0.1, 0.2, 0.2]) / 0.25
    )
