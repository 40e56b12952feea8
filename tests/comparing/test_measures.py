"""The figures of an evaluation by the names of a comparison."""

from __future__ import annotations

import math
from typing import Any

import pytest

from easy_esmm.comparing.measures import groups_of, metric_suffixes, read_measures
from tests import tasks

METRICS = {
    "auc_tap": 0.7,
    "auc_order_masked": 0.6,
    "auc_ctcvr": 0.8,
    "pcoc_ctcvr": 1.1,
    "mean_pcvr_clicked": 0.12,
    "mean_pcvr_all": 0.06,
    "truth/cvr_log_bias": math.log(0.5),
    "truth/cvr_bias_ratio": 0.5,
    "truth/cvr_regret": 0.1,
    "truth/selection_ratio": 2.5,
}

SUFFIXES = metric_suffixes(tasks.family("tap", "order"))


def test_names_do_not_depend_on_those_of_the_towers() -> None:
    found = read_measures(METRICS, SUFFIXES)
    assert found["auc_ctr"] == 0.7
    assert found["auc_cvr_clicked"] == 0.6
    assert found["auc_ctcvr"] == 0.8
    assert found["pcoc_ctcvr"] == 1.1
    assert math.isnan(found["ece_ctr"])


def test_bias_counts_alike_in_both_directions() -> None:
    found = read_measures(METRICS, SUFFIXES)
    assert found["truth_cvr_bias"] == 0.5
    assert found["truth_cvr_abs_log_bias"] == pytest.approx(math.log(2))
    assert "truth_cvr_log_bias" not in found


def test_selection_ratio_is_that_of_the_model_beside_the_planted_one() -> None:
    found = read_measures(METRICS, SUFFIXES)
    assert found["selection_ratio"] == pytest.approx(2.0)
    assert found["truth_selection_ratio"] == 2.5


def test_without_planted_truth_nothing_is_made_up() -> None:
    observed = {name: v for name, v in METRICS.items() if not name.startswith("truth/")}
    assert not any(key.startswith("truth") for key in read_measures(observed, SUFFIXES))


def test_every_measure_that_is_read_has_a_column() -> None:
    columns = {measure.key for group in groups_of([]) for measure in group.measures}
    assert set(read_measures({**METRICS, "truth/cvr_auc_all": 0.7}, SUFFIXES)) <= columns


@pytest.mark.parametrize("names", [["like"], ["click", "like"], ["a", "b", "c", "d", "e"]])
def test_each_task_of_other_models_has_a_group_under_its_own_name(names: Any) -> None:
    suffixes = metric_suffixes(tasks.independent(*names))
    assert suffixes == {name: name for name in names}
    found = read_measures({f"auc_{name}": 0.5 + n / 10 for n, name in enumerate(names)}, suffixes)
    assert [found[f"auc_{name}"] for name in names] == [0.5 + n / 10 for n in range(len(names))]
    titles = [group.title for group in groups_of(suffixes)]
    assert [title for title in titles if title.startswith("Task ")] == [
        f"Task {name}" for name in names
    ]
