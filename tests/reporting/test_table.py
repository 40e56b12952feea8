"""The table of an evaluation."""

from __future__ import annotations

from google.protobuf import text_format

from easy_esmm.config.tasks import task_specs
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.reporting.table import evaluation_table
from tests.tasks import family

TASKS = family(cvr="buy")
METRICS = {
    "count/impressions": 50000.0,
    "count/clicks": 5145.0,
    "count/conversions": 510.0,
    "auc_ctr": 0.75113,
    "auc_ctr_se": 0.00356,
    "auc_buy_masked": float("nan"),
    "auc_ctcvr": 0.84144,
    "auc_ctcvr_se": 0.0088,
    "pcoc_ctr": 0.98,
    "mean_pcvr_all": 0.07,
    "mean_pcvr_clicked": 0.11,
    "mean_pcvr_unclicked": 0.065,
}
TRUTH = {
    "truth/impressions": 50000.0,
    "truth/auc_ctr_optimum": 0.78976,
    "truth/cvr_auc_masked_optimum": 0.7675,
    "truth/cvr_auc_all": 0.7127,
    "truth/cvr_auc_all_optimum": 0.7847,
    "truth/cvr_regret": 0.072,
    "truth/cvr_bias_ratio": 1.2436,
}


def test_each_task_has_its_own_rows_and_positives_and_dashes_for_what_is_missing() -> None:
    assert evaluation_table(TASKS, METRICS).splitlines() == [
        "task                      rows  positives     AUC    s.e.  pred/obs",
        "CTR, all impressions    50,000      5,145  0.7511  0.0036     0.980",
        "CVR, clicked rows        5,145        510       -       -         -",
        "CTCVR, all impressions  50,000        510  0.8414  0.0088         -",
        "",
        "mean pCVR: 0.0700 over all impressions, 0.1100 clicked, 0.0650 not clicked",
        "-: not measured, for want of rows or of one of the two classes",
    ]


def test_a_value_tower_shows_mean_values_and_grouped_aucs_their_groups() -> None:
    metrics = {
        "mean_value_all": 1.5,
        "mean_value_clicked": 2.0,
        "mean_value_unclicked": 1.25,
        "gauc_ctr": 0.612345,
        "gauc_ctr_groups": 1200.0,
    }
    assert evaluation_table(TASKS, metrics).splitlines()[-2:] == [
        "mean value: 1.5000 over all impressions, 2.0000 clicked, 1.2500 not clicked",
        "gauc_ctr: 0.6123 over 1,200 groups that hold both classes",
    ]


def test_a_common_pctr_adds_a_row_over_the_same_impressions() -> None:
    common = {"auc_ctcvr_common_pctr": 0.63, "auc_ctcvr_common_pctr_se": 0.0049}
    lines = evaluation_table(TASKS, {**METRICS, **TRUTH, **common}).splitlines()
    assert lines[4].split() == [
        *["CTCVR,", "common", "pCTR", "50,000", "510", "0.6300", "0.0049", "-", "-"]
    ]


def test_planted_truth_adds_the_optimum_and_the_entire_space() -> None:
    lines = evaluation_table(TASKS, {**METRICS, **TRUTH}).splitlines()
    assert lines[0].split() == [
        *["task", "rows", "positives", "AUC", "s.e.", "optimum", "pred/obs"]
    ]
    assert lines[1].split()[-5:] == ["5,145", "0.7511", "0.0036", "0.7898", "0.980"]
    assert lines[2].split()[-2:] == ["0.7675", "-"]
    assert lines[-2:] == [
        "against the planted truth, CVR over all impressions: AUC 0.7127 (optimum 0.7847, "
        "regret 0.0720)",
        "bias ratio 1.2436: mean pCVR / mean true CVR over all impressions",
    ]


def test_other_models_have_a_row_for_each_task_over_the_rows_on_which_it_is_observed() -> None:
    towers = "".join(
        f'task_towers {{ tower_name: "{name}" label_name: "{name}" {more} }}'
        for name, more in (
            ("click", ""),
            ("like", 'task_space_indicator_label: "click" out_task_space_weight: 0'),
        )
    )
    tasks = task_specs(text_format.Parse(f"simple_multi_task {{ {towers} }}", ModelConfig()))
    metrics = {
        "count/impressions": 1000.0,
        "count/positives_click": 90.0,
        "count/rows_like_masked": 90.0,
        "count/positives_like_masked": 7.0,
        "auc_click": 0.75,
        "auc_like_masked": 0.5,
    }
    assert evaluation_table(tasks, metrics).splitlines() == [
        "task                    rows  positives     AUC  s.e.  pred/obs",
        "click, all rows        1,000         90  0.7500     -         -",
        "like, rows with click     90          7  0.5000     -         -",
    ]
