"""What the second gate says about `conversion_delay` and `delayed_feedback`."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from easy_esmm.config import Edit
from tests.config.conftest import BASE

Problems = Any

COLUMNS = '  label_fields: "buy"\n'
TIMES = """\
  input_fields { input_name: "at" input_type: INT64 }
  input_fields { input_name: "bought_at" input_type: INT64 }
  input_fields { input_name: "until" input_type: INT64 }
  label_fields: "buy"
"""
DELAY = 'conversion_delay { click_time: "at" conversion_time: "bought_at" observed_until: "until" }'
MODEL = "  esmm {\n"


def edits(delay: Dict[str, Any], late: Any, more: Dict[str, Any]) -> List[Edit]:
    changes = {"data_config.conversion_delay": delay, "model_config.delayed_feedback": late, **more}
    return [Edit("test", path, value) for path, value in changes.items() if value is not None]


GOOD = {"click_time": "at", "conversion_time": "bought_at", "observed_until": "until"}
WINDOW = {"waiting_window": {"window_days": 7}}
ESMM = "model_config.esmm"
# (conversion_delay, delayed_feedback, further edits) -> what the only problem ends with.
CASES: Dict[str, Tuple[Any, Any, Dict[str, Any], str]] = {
    "no_times": (
        None,
        WINDOW,
        {},
        "model_config.delayed_feedback: needs data_config.conversion_delay, which names the columns of times",
    ),
    "no_loss": (
        GOOD,
        {},
        {},
        "model_config.delayed_feedback: must name a loss: waiting_window, fake_negative_weighted, delay_model, elapsed_time_sampling",
    ),
    "unknown_column": (
        {**GOOD, "click_time": "att"},
        WINDOW,
        {},
        'data_config.conversion_delay.click_time: must be a column of data_config.input_fields, got "att"; did you mean at?',
    ),
    "no_column": (
        {**GOOD, "conversion_time": ""},
        WINDOW,
        {},
        "data_config.conversion_delay.conversion_time: must name the column of the time",
    ),
    "float": (
        {**GOOD, "click_time": "price"},
        WINDOW,
        {},
        'data_config.conversion_delay.click_time: must be a column of input_type INT64, INT32 or DOUBLE, got "price" of FLOAT; a FLOAT tells times of today 128 s apart',
    ),
    "text": (
        {**GOOD, "click_time": "user"},
        WINDOW,
        {},
        'data_config.conversion_delay.click_time: must be a column of input_type INT64, INT32 or DOUBLE, got "user" of STRING',
    ),
    "label": (
        {**GOOD, "click_time": "click"},
        WINDOW,
        {},
        'data_config.conversion_delay.click_time: must not be a label or the sample weight, got "click"',
    ),
    "default": (
        GOOD,
        WINDOW,
        {"data_config.input_fields[7].default_val": "0"},
        'data_config.conversion_delay.conversion_time: must be a column without default_val: an empty cell says that there is no time, got "bought_at"',
    ),
    "one_column_twice": (
        {**GOOD, "conversion_time": "at"},
        WINDOW,
        {},
        "data_config.conversion_delay: must name a different column for each time, got at, at, until",
    ),
    "no_cut": (
        {**GOOD, "observed_until": ""},
        WINDOW,
        {},
        'data_config.conversion_delay.observed_until: must be set, got ""; one of observed_until and observed_until_time says when the log was cut',
    ),
    "two_cuts": (
        {**GOOD, "observed_until_time": 9.0},
        WINDOW,
        {},
        'data_config.conversion_delay.observed_until: must not be set beside observed_until_time, got "until"; one of observed_until and observed_until_time says when the log was cut',
    ),
    "starts_behind_its_end": (
        {**GOOD, "observed_until": "", "observed_until_time": 9.0, "observed_from_time": 9.5},
        {"fake_negative_weighted": {}},
        {},
        "data_config.conversion_delay.observed_from_time: must be before observed_until_time, 9, got 9.5",
    ),
    "a_start_of_a_window": (
        {**GOOD, "observed_from_time": 1.0},
        WINDOW,
        {},
        "data_config.conversion_delay.observed_from_time: must not be set for waiting_window, which reads each impression once, as of the cut, got 1",
    ),
    "unit": (
        {**GOOD, "seconds_per_unit": 0.0},
        WINDOW,
        {},
        "data_config.conversion_delay.seconds_per_unit: must be greater than 0, got 0",
    ),
    "window": (
        GOOD,
        {"waiting_window": {"window_days": -1.0}},
        {},
        "model_config.delayed_feedback.waiting_window.window_days: must be greater than 0, got -1",
    ),
    "mature_before_the_window": (
        GOOD,
        {"elapsed_time_sampling": {"window_days": 7.0, "mature_days": 7.0}},
        {},
        "model_config.delayed_feedback.elapsed_time_sampling.mature_days: must be greater than window_days, 7, got 7",
    ),
    "focal_loss": (
        GOOD,
        WINDOW,
        {f"{ESMM}.cvr_tower.loss_type": "BINARY_FOCAL_LOSS"},
        "model_config.esmm.cvr_tower.loss_type: must be CLASSIFICATION alone: delayed_feedback takes the place of it, got BINARY_FOCAL_LOSS",
    ),
    "clicked_rows": (
        GOOD,
        WINDOW,
        {f"{ESMM}.click_masked_cvr_weight": 0.5},
        "model_config.esmm.click_masked_cvr_weight: must be 0 beside delayed_feedback: it takes conversions to come for none, got 0.5",
    ),
    "learned_weight_of_a_density": (
        GOOD,
        {"delay_model": {}},
        {"model_config.loss_weight_strategy": "Uncertainty"},
        "model_config.loss_weight_strategy: must be Fixed for delay_model: the likelihood of a delay is a density, and its loss may be negative, got Uncertainty",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_message(case: str, problems_of: Problems) -> None:
    delay, late, more, expected = CASES[case]
    (found,) = problems_of(COLUMNS, TIMES, edits(delay, late, more))
    assert found.endswith(expected)


def test_a_model_without_the_loss_of_a_product_is_refused(problems_of: Problems) -> None:
    old = BASE[BASE.index('  model_class: "ESMM"') :]
    new = old.replace('"ESMM"', '"ESCM2"').replace("esmm {", "escm2 {")
    found = problems_of(old, new, edits(None, WINDOW, {}))
    assert any(
        line.endswith(
            "model_config.delayed_feedback: must not be set for this model, got ESCM2; ESMM, ESMM_MMoE, ESMM_PLE and ESMM_AITM have a product that it is the loss of"
        )
        for line in found
    )


def test_times_that_no_loss_reads_are_noted(load: Any) -> None:
    pipeline = load(COLUMNS, TIMES, edits(GOOD, None, {}))
    (note,) = (line for line in pipeline.notes if "conversion_delay" in line)
    assert note.endswith(
        "data_config.conversion_delay: has no effect here: model_config.delayed_feedback is not set"
    )
