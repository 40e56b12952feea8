"""Calibration, log loss, means and counts against numpy over all rows at once."""

from __future__ import annotations

from typing import Any, Dict

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm import metrics
from easy_esmm.contract import Labels, Outputs, scored_tasks
from easy_esmm.metrics.calibration import BINS
from easy_esmm.protos.eval_pb2 import EvalMetrics
from tests.tasks import family, family_labels, family_outputs


def float32(values: Any) -> Any:
    return np.asarray(values, np.float32)


NAMES = ("a", "b", "click", "conversion", "weight", "orphan")
INPUTS = dict.fromkeys(NAMES, tf.float32)


def labels(inputs: Dict[str, Any]) -> Labels:
    click, conversion, weight = (inputs[name] for name in ("click", "conversion", "weight"))
    return family_labels(click, conversion, weight, orphan=inputs["orphan"])


def outputs(inputs: Dict[str, Any], is_value: bool = False) -> Outputs:
    return family_outputs(inputs["a"], inputs["b"], is_value)


@pytest.fixture(scope="module")
def diagnostics(evaluation: Any) -> Any:
    return evaluation(lambda i: metrics.diagnostics(family(), outputs(i), labels(i)), INPUTS)


@pytest.fixture(scope="module")
def value_diagnostics(evaluation: Any) -> Any:
    tasks = family(cvr_tower="loss_type: L2_LOSS")
    return evaluation(
        lambda i: metrics.diagnostics(tasks, outputs(i, is_value=True), labels(i)), INPUTS
    )


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def impressions(count: int = 5000, seed: int = 0) -> Dict[str, Any]:
    generator = np.random.default_rng(seed)
    a, b = generator.normal(-1, 1, count), generator.normal(-1.5, 1, count)
    click = generator.random(count) < sigmoid(a + 0.3)
    rows = {
        "a": a,
        "b": b,
        "click": click,
        "conversion": click & (generator.random(count) < sigmoid(b)),
        "weight": generator.choice([0.5, 1, 3], count),
        "orphan": ~click & (generator.random(count) < 0.01),
    }
    return {name: value.astype(np.float32) for name, value in rows.items()}


def probabilities(rows: Dict[str, Any]) -> Dict[str, Any]:
    """(label, probability, weight) by task, float64."""
    pctr, pcvr = sigmoid(rows["a"]), sigmoid(rows["b"])
    click, conversion, weight = (
        rows[name].astype(np.float64) for name in ("click", "conversion", "weight")
    )
    return {
        "ctr": (click, pctr, weight),
        "ctcvr": (conversion, pctr * pcvr, weight),
        "cvr_masked": (conversion, pcvr, weight * click),
    }


TASKS = ["ctr", "ctcvr", "cvr_masked"]


@pytest.mark.parametrize("task", TASKS)
def test_log_loss_entropy_and_calibration_of_a_task(
    diagnostics: Any, split: Any, task: str
) -> None:
    rows = impressions()
    value = diagnostics.run(split(rows, [1024] * 4))
    label, probability, weight = probabilities(rows)[task]
    row_loss = -label * np.log(probability) - (1 - label) * np.log1p(-probability)
    log_loss = np.average(row_loss, weights=weight)
    rate = np.average(label, weights=weight)
    entropy = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    assert value[f"log_loss_{task}"] == pytest.approx(log_loss, rel=1e-6)
    assert value[f"normalized_entropy_{task}"] == pytest.approx(log_loss / entropy, rel=1e-6)
    mean = np.average(probability, weights=weight)
    assert value[f"pcoc_{task}"] == pytest.approx(mean / rate, rel=1e-6)


@pytest.mark.parametrize("task", TASKS)
def test_expected_calibration_error_is_that_of_bins_of_equal_mass(
    diagnostics: Any, task: str
) -> None:
    rows = impressions(20_000)
    label, probability, weight = probabilities(rows)[task]
    order = np.argsort(probability)
    label, probability, weight = label[order], probability[order], weight[order]
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    number = np.minimum((middle * BINS).astype(int), BINS - 1)
    gap = np.bincount(number, weight * (probability - label), BINS)
    expected = np.abs(gap).sum() / weight.sum()
    # Cells are finer than bins, but the edges of a bin fall on cells: a few rows change sides.
    assert diagnostics.run([rows])[f"ece_{task}"] == pytest.approx(expected, rel=0.05)


def test_the_bin_of_equal_probabilities_is_that_of_the_middle_of_their_mass(
    diagnostics: Any,
) -> None:
    # 30 rows, two to a bin. 10 rows say .1, one .2, four .5 and 15 .8: the middles of the second
    # and the third lie at 10.5 and 13, in bins 5 and 6, their beginnings both in bin 5, where the
    # errors of the one, +.2, and of the four, -2, would cancel in part.
    share = np.repeat([0.1, 0.2, 0.5, 0.8], [10, 1, 4, 15])
    click = np.repeat([1, 0, 0, 1, 1, 0], [1, 9, 1, 4, 12, 3])
    rows = impressions(30)
    rows.update(
        a=np.log(share / (1 - share)).astype(np.float32),
        click=click.astype(np.float32),
        weight=np.ones(30, np.float32),
    )
    assert diagnostics.run([rows])["ece_ctr"] == pytest.approx(2.2 / 30, abs=1e-6)


def test_a_row_that_weighs_nothing_may_hold_any_number(
    diagnostics: Any, value_diagnostics: Any
) -> None:
    rows = impressions(1000)
    outside = {name: np.append(values, values[:2]) for name, values in rows.items()}
    outside["weight"][-2:] = 0
    outside["a"][-2:] = outside["b"][-2:] = np.nan, np.inf
    for metric in (diagnostics, value_diagnostics):
        expected = metric.run([rows])
        values = metric.run([outside])
        for key, value in values.items():
            if not key.startswith("count/"):
                assert value == pytest.approx(expected[key], rel=1e-12), key


def test_a_constant_guess_has_the_error_of_its_mean_and_normalised_entropy_one(
    diagnostics: Any,
) -> None:
    rows = impressions(1000)
    rate = float(np.average(rows["click"], weights=rows["weight"]))
    rows["a"] = np.full(1000, np.log(rate / (1 - rate)), np.float32)
    value = diagnostics.run([rows])
    assert value["normalized_entropy_ctr"] == pytest.approx(1.0, abs=1e-6)
    assert value["pcoc_ctr"] == pytest.approx(1.0, abs=1e-6)
    assert value["ece_ctr"] == pytest.approx(0.0, abs=1e-7)
    rows["a"] = np.full(1000, np.log(0.8 / 0.2), np.float32)
    assert diagnostics.run([rows])["ece_ctr"] == pytest.approx(0.8 - rate, abs=1e-6)


def test_errors_of_opposite_sign_do_not_cancel_in_the_expected_calibration_error(
    diagnostics: Any,
) -> None:
    # Half the rows say .2 and click at .4, half say .8 and click at .6: PCOC 1, error .2.
    half = np.arange(1000) < 500
    share = np.where(half, 0.2, 0.8)
    click = np.where(half, np.arange(1000) % 5 < 2, np.arange(1000) % 5 < 3)
    rows = impressions(1000)
    rows.update(
        a=np.log(share / (1 - share)).astype(np.float32),
        click=click.astype(np.float32),
        weight=np.ones(1000, np.float32),
    )
    value = diagnostics.run([rows])
    assert value["pcoc_ctr"] == pytest.approx(1.0, abs=1e-6)
    assert value["ece_ctr"] == pytest.approx(0.2, abs=1e-6)


def test_means_over_all_clicked_and_unclicked(diagnostics: Any, split: Any) -> None:
    rows = impressions()
    pctr, pcvr = sigmoid(rows["a"]), sigmoid(rows["b"])
    weight, click = rows["weight"], rows["click"]
    value = diagnostics.run(split(rows, [4096]))
    expected = {
        "mean_pctr": np.average(pctr, weights=weight),
        "mean_pctcvr": np.average(pctr * pcvr, weights=weight),
        "mean_pcvr_all": np.average(pcvr, weights=weight),
        "mean_pcvr_clicked": np.average(pcvr, weights=weight * click),
        "mean_pcvr_unclicked": np.average(pcvr, weights=weight * (1 - click)),
    }
    assert {key: value[key] for key in expected} == pytest.approx(expected, rel=1e-6)


def test_counts_are_of_rows_not_of_weights(diagnostics: Any, split: Any) -> None:
    rows = impressions()
    value = diagnostics.run(split(rows, [999, 2000]))
    assert value["count/impressions"] == 5000
    assert value["count/clicks"] == rows["click"].sum()
    assert value["count/conversions"] == rows["conversion"].sum()
    assert value["count/orphan_conversions"] == rows["orphan"].sum() > 0
    assert value["count/impressions"].dtype == np.int64


def test_one_batch_and_many_agree(diagnostics: Any, split: Any) -> None:
    rows = impressions()
    whole = diagnostics.run([rows])
    parts = diagnostics.run(split(rows, [1500, 1500, 1999]))
    calibration = {key for key in whole if key.startswith("ece_")}
    assert len(calibration) == 3
    for key in whole:
        # The first batch decides the cells, and they the edges of the bins.
        relative, absolute = (0, 1e-3) if key in calibration else (1e-9, 0)
        assert parts[key] == pytest.approx(whole[key], rel=relative, abs=absolute), key


def test_unclicked_rows_do_not_move_anything_about_the_clicked_space(diagnostics: Any) -> None:
    rows = impressions()
    moved = dict(rows, b=np.where(rows["click"] > 0, rows["b"], rows["b"] + 3).astype(np.float32))
    before, after = diagnostics.run([rows]), diagnostics.run([moved])
    for key in before:
        if key.endswith(("_cvr_masked", "_clicked")):
            assert after[key] == before[key], key
    assert after["mean_pcvr_unclicked"] > before["mean_pcvr_unclicked"]


def test_extreme_logits_have_the_loss_of_the_logit_not_of_a_clipped_probability(
    diagnostics: Any,
) -> None:
    rows = impressions(4)
    rows.update(
        a=float32([80, -80, 80, -80]),
        click=float32([0, 1, 1, 0]),
        conversion=np.zeros(4, np.float32),
        weight=np.ones(4, np.float32),
    )
    # Two errors of 80 nats, two right answers of e^-80.
    assert diagnostics.run([rows])["log_loss_ctr"] == pytest.approx(40.0)


def test_tiny_probabilities_keep_their_calibration(diagnostics: Any) -> None:
    # pCTCVR = e^-20 = 2e-9: clipped at 1e-7 it would be off fiftyfold.
    rows = impressions(1000)
    rows.update(
        a=np.full(1000, -10, np.float32),
        b=np.full(1000, -10, np.float32),
        weight=np.ones(1000, np.float32),
    )
    value = diagnostics.run([rows])
    assert value["mean_pctcvr"] == pytest.approx(sigmoid(-10.0) ** 2, rel=2e-6)
    rate = rows["conversion"].mean()
    assert value["pcoc_ctcvr"] == pytest.approx(sigmoid(-10.0) ** 2 / rate, rel=2e-6)


def test_no_clicked_row_is_nan_in_the_clicked_space_only(diagnostics: Any) -> None:
    rows = impressions(100)
    rows.update(click=np.zeros(100, np.float32), conversion=np.zeros(100, np.float32))
    value = diagnostics.run([rows])
    for key in ("log_loss", "normalized_entropy", "pcoc", "ece"):
        assert np.isnan(value[f"{key}_cvr_masked"]), key
    assert np.isnan(value["mean_pcvr_clicked"])
    assert np.isnan(value["pcoc_ctr"])  # nothing observed
    assert np.isnan(value["normalized_entropy_ctr"])  # a rate of 0 has no entropy
    for key in ("log_loss_ctr", "ece_ctr", "mean_pcvr_all", "mean_pcvr_unclicked"):
        assert np.isfinite(value[key]), key
    assert value["count/clicks"] == 0


def test_no_row_at_all_is_nan_everywhere_but_in_the_counts(
    diagnostics: Any, value_diagnostics: Any
) -> None:
    nothing = {name: np.zeros(0, np.float32) for name in NAMES}
    for metric in (diagnostics, value_diagnostics):
        for batches in ([], [nothing]):
            for key, value in metric.run(batches).items():
                assert value == 0 if key.startswith("count/") else np.isnan(value), key


def test_a_value_tower_reports_errors_under_the_mask_and_means(
    value_diagnostics: Any, split: Any
) -> None:
    rows = impressions()
    rows["conversion"] *= float32(12.5)
    value = value_diagnostics.run(split(rows, [3000]))
    weight, click = rows["weight"].astype(np.float64), rows["click"]
    error = rows["b"].astype(np.float64) - rows["conversion"]
    expected_value = sigmoid(rows["a"]) * rows["b"]
    expected = {
        "mse_cvr_masked": np.average(error**2, weights=weight * click),
        "mae_cvr_masked": np.average(np.abs(error), weights=weight * click),
        "mse_ctcvr": np.average((expected_value - rows["conversion"]) ** 2, weights=weight),
        "mean_value_all": np.average(rows["b"], weights=weight),
        "mean_value_clicked": np.average(rows["b"], weights=weight * click),
        "mean_expected_value": np.average(expected_value, weights=weight),
        "pcoc_ctcvr": (weight * expected_value).sum() / (weight * rows["conversion"]).sum(),
        "count/conversions": (rows["conversion"] > 0).sum(),
    }
    assert {key: value[key] for key in expected} == pytest.approx(expected, rel=2e-6)
    assert "log_loss_ctr" in value
    assert "log_loss_cvr_masked" not in value


def test_masked_cvr_auc_ignores_unclicked_samples(evaluation: Any, rank_auc: Any) -> None:
    def build(inputs: Dict[str, Any]) -> Any:
        return {
            key: metric
            for task in scored_tasks(family(), outputs(inputs), labels(inputs))
            for key, metric in metrics.build(EvalMetrics(auc={}), task, {}).items()
        }

    auc = evaluation(build, INPUTS)
    rows = impressions()
    rows["weight"] = np.ones_like(rows["weight"])
    is_clicked = rows["click"] > 0
    expected = rank_auc(rows["b"][is_clicked], rows["conversion"][is_clicked])
    for shift in (0, 3, -7):
        moved = np.where(is_clicked, rows["b"], rows["b"] + shift).astype(np.float32)
        value = auc.run([dict(rows, b=moved)])["auc_cvr_masked"]
        assert value == pytest.approx(expected, abs=1e-9)
    only_clicked = {name: column[is_clicked] for name, column in rows.items()}
    assert auc.run([only_clicked])["auc_cvr_masked"] == pytest.approx(expected, abs=1e-9)
