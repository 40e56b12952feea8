"""What is said of mistakes in train_config and export_config: place and wording."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

import pytest

from easy_esmm.config.early_stop import EarlyStop, early_stop
from easy_esmm.protos.export_pb2 import ExportConfig

# (old, new, edits=(), command="check") -> lines; see conftest.py.
Problems = Any

OPTIMIZER = "train_config.optimizer_config[0]"
ADAM = f"{OPTIMIZER}.lazy_adam_optimizer"
CONSTANT = "constant_learning_rate { }"

# What is wrong: (text of the base config, what replaces it, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "rms_prop": (
        "lazy_adam_optimizer {",
        "rms_prop_optimizer { momentum_optimizer_value: 1 decay: 1 epsilon: 0",
        [
            f"x.config:5:43: {OPTIMIZER}.rms_prop_optimizer.momentum_optimizer_value: must be in [0, 1), got 1",
            f"x.config:5:71: {OPTIMIZER}.rms_prop_optimizer.decay: must be in [0, 1), got 1",
            f"x.config:5:80: {OPTIMIZER}.rms_prop_optimizer.epsilon: must be greater than 0, got 0",
        ],
    ),
    "weight_decay": (
        "lazy_adam_optimizer {",
        "adamw_optimizer { weight_decay: 1",
        [f"x.config:5:40: {OPTIMIZER}.adamw_optimizer.weight_decay: must be in [0, 1), got 1"],
    ),
    "ftrl": (
        "lazy_adam_optimizer {",
        "ftrl_optimizer { learning_rate_power: 0.5 l1_reg: -1 l2_shrinkage_reg: -2",
        [
            f"x.config:5:39: {OPTIMIZER}.ftrl_optimizer.learning_rate_power: must be at most 0, got 0.5",
            f"x.config:5:64: {OPTIMIZER}.ftrl_optimizer.l1_reg: must be at least 0, got -1",
            f"x.config:5:75: {OPTIMIZER}.ftrl_optimizer.l2_shrinkage_reg: must be at least 0, got -2",
        ],
    ),
    "average_that_stands_still": (
        "  optimizer_config {",
        "  optimizer_config { use_moving_average: true moving_average_decay: 1",
        [f"x.config:5:47: {OPTIMIZER}.moving_average_decay: must be in [0, 1), got 1"],
    ),
    "multiplier_of_zero": (
        "  optimizer_config {",
        "  optimizer_config { embedding_learning_rate_multiplier: 0",
        [
            f"x.config:5:22: {OPTIMIZER}.embedding_learning_rate_multiplier: must be greater than 0, got 0"
        ],
    ),
    "multiplier_of_the_second_optimizer": (
        "  num_steps: 100",
        "  optimizer_config { embedding_learning_rate_multiplier: 2 adagrad_optimizer { learning_rate { constant_learning_rate { } } } } num_steps: 100",
        [
            "x.config:6:22: train_config.optimizer_config[1].embedding_learning_rate_multiplier: must stand in the first optimizer, which is for the embedding tables, got 2"
        ],
    ),
    "manual_without_a_schedule": (
        CONSTANT,
        "manual_step_learning_rate { }",
        [
            f"x.config:5:60: {ADAM}.learning_rate.manual_step_learning_rate.schedule: must hold at least one entry; for one rate throughout, use constant_learning_rate"
        ],
    ),
    "manual_not_ascending": (
        CONSTANT,
        "manual_step_learning_rate { schedule { step: 9 } schedule { step: 9 } schedule { step: 0 learning_rate: -1 } }",
        [
            f"x.config:5:120: {ADAM}.learning_rate.manual_step_learning_rate.schedule[1].step: must be greater than the step before it, 9, got 9",
            f"x.config:5:141: {ADAM}.learning_rate.manual_step_learning_rate.schedule[2].step: must be at least 1, got 0",
            f"x.config:5:141: {ADAM}.learning_rate.manual_step_learning_rate.schedule[2].step: must be greater than the step before it, 9, got 0",
            f"x.config:5:149: {ADAM}.learning_rate.manual_step_learning_rate.schedule[2].learning_rate: must be at least 0, got -1",
        ],
    ),
    "cosine_without_room_to_fall": (
        CONSTANT,
        "cosine_decay_learning_rate { total_steps: 100 warmup_steps: 60 hold_base_rate_steps: 40 warmup_learning_rate: 0.1 }",
        [
            f"x.config:5:89: {ADAM}.learning_rate.cosine_decay_learning_rate.total_steps: must be greater than warmup_steps + hold_base_rate_steps, 100, got 100",
            f"x.config:5:148: {ADAM}.learning_rate.cosine_decay_learning_rate.warmup_learning_rate: must not be greater than learning_rate_base, 0.002, got 0.1",
        ],
    ),
    "polynomial_unset": (
        CONSTANT,
        "poly_decay_learning_rate { end_learning_rate: -1 }",
        [
            f"x.config:5:60: {ADAM}.learning_rate.poly_decay_learning_rate.learning_rate_base: must be set",
            f"x.config:5:60: {ADAM}.learning_rate.poly_decay_learning_rate.power: must be set",
            f"x.config:5:60: {ADAM}.learning_rate.poly_decay_learning_rate.total_steps: must be set",
            f"x.config:5:87: {ADAM}.learning_rate.poly_decay_learning_rate.end_learning_rate: must be at least 0, got -1",
        ],
    ),
    "polynomial_of_nothing": (
        CONSTANT,
        "poly_decay_learning_rate { learning_rate_base: 0 total_steps: 0 power: 0 }",
        [
            f"x.config:5:87: {ADAM}.learning_rate.poly_decay_learning_rate.learning_rate_base: must be greater than 0, got 0",
            f"x.config:5:109: {ADAM}.learning_rate.poly_decay_learning_rate.total_steps: must be at least 1, got 0",
            f"x.config:5:124: {ADAM}.learning_rate.poly_decay_learning_rate.power: must be greater than 0, got 0",
        ],
    ),
    "transformer": (
        CONSTANT,
        "transformer_learning_rate { hidden_size: 0 warmup_steps: 0 step_scaling_rate: 0 }",
        [
            f"x.config:5:60: {ADAM}.learning_rate.transformer_learning_rate.learning_rate_base: must be set",
            f"x.config:5:88: {ADAM}.learning_rate.transformer_learning_rate.hidden_size: must be at least 1, got 0",
            f"x.config:5:103: {ADAM}.learning_rate.transformer_learning_rate.warmup_steps: must be at least 1, got 0",
            f"x.config:5:119: {ADAM}.learning_rate.transformer_learning_rate.step_scaling_rate: must be greater than 0, got 0",
        ],
    ),
    "frozen_variables": (
        "  num_steps: 100",
        '  num_steps: 100 freeze_gradient: ["a(", ""]',
        [
            'x.config:6:36: train_config.freeze_gradient[0]: must be a regular expression, got "a("; missing ), unterminated subpattern at position 1',
            'x.config:6:42: train_config.freeze_gradient[1]: must be a string that is not empty, got ""',
        ],
    ),
    "rows_cut_off": (
        "  num_steps: 100",
        "  num_steps: 100 force_restore_shape_compatible: true",
        [
            "x.config:6:18: train_config.force_restore_shape_compatible: known to EasyRec, refused here: a row cut off or filled in belongs to other ids: leave it out, and variables of another shape start anew, and are reported, got true"
        ],
    ),
    "dead_line": (
        "  num_steps: 100",
        '  num_steps: 100 dead_line: "2022-05-08 23:59:59"',
        [
            'x.config:6:18: train_config.dead_line: must be a time such as 20220508 23:59:59, or seconds since 1970, got "2022-05-08 23:59:59"'
        ],
    ),
    "stop_function": (
        'model_dir: "model"',
        'model_dir: "model" export_config { early_stop_func: "my.module.stop_if_no_increases" max_check_steps: 0 best_exporter_metric: "" }',
        [
            'x.config:3:36: export_config.early_stop_func: must be stop_if_no_increase, stop_if_no_decrease, stop_if_higher or stop_if_lower, got "my.module.stop_if_no_increases"; did you mean stop_if_no_increase?',
            "x.config:3:86: export_config.max_check_steps: must be at least 1, got 0",
            'x.config:3:105: export_config.best_exporter_metric: must be a string that is not empty, got ""',
        ],
    ),
    "stop_parameters_of_another_function": (
        'model_dir: "model"',
        """model_dir: "model" export_config { enable_early_stop: true early_stop_params: '{"thresholds": 1}' }""",
        [
            'x.config:3:60: export_config.early_stop_params: must hold only metric_name, max_steps_without_increase, min_steps, not thresholds, got "{\\"thresholds\\": 1}"'
        ],
    ),
    "threshold_missing": (
        'model_dir: "model"',
        'model_dir: "model" export_config { enable_early_stop: true early_stop_func: "stop_if_lower" }',
        [
            'x.config:3:20: export_config.early_stop_params: must give threshold, such as {"threshold": 0.8}, got ""'
        ],
    ),
    "comparison_without_evaluation": (
        'eval_input_path: "test.csv"\nmodel_dir: "model"',
        'model_dir: "model" export_config { enable_early_stop: true exporter_type: "best" }',
        [
            "x.config:2:36: export_config.enable_early_stop: must have an eval_input_path: it compares evaluations, got true",
            'x.config:2:60: export_config.exporter_type: must have an eval_input_path: it compares evaluations, got "best"',
        ],
    ),
}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "must be a JSON object: "),
        ("[1]", "must be a JSON object"),
        ('{"min_steps": true}', "must hold a number as min_steps"),
        ('{"metric_name": 3}', "must hold text as metric_name"),
        ('{"min_steps": 1e999}', "must hold a finite number as min_steps"),
        ('{"min_steps": -1}', "must hold at least 0 as min_steps"),
        (
            '{"max_steps_without_increase": 0}',
            "must hold at least 1 as max_steps_without_increase",
        ),
    ],
)
def test_stop_parameters_are_an_object_of_the_functions_arguments(text: str, rule: str) -> None:
    export = ExportConfig(enable_early_stop=True, early_stop_params=text)
    with pytest.raises(ValueError, match=f"^{re.escape(rule)}"):
        early_stop(export)


def test_early_stop_without_a_function_follows_the_direction_of_the_metric() -> None:
    export = ExportConfig(enable_early_stop=True, best_exporter_metric="loss")
    assert early_stop(export) == EarlyStop("stop_if_no_increase", "loss", 10000)
    export.metric_bigger = False
    export.early_stop_params = '{"max_steps_without_decrease": 50, "min_steps": 20}'
    assert early_stop(export) == EarlyStop("stop_if_no_decrease", "loss", 50, 20)
    export.enable_early_stop = False
    assert early_stop(export) is None


def test_a_dead_line_is_an_end(problems_of: Problems) -> None:
    assert problems_of("  num_steps: 100", "") != []
    assert problems_of("  num_steps: 100", '  dead_line: "20991231 23:59:59"') == []


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_reported_at_its_place(case: str, problems_of: Problems) -> None:
    old, new, expected = CASES[case]
    assert problems_of(old, new) == expected
