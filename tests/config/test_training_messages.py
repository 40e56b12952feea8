"""What is said of mistakes in train_config and export_config: place and wording."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

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
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_reported_at_its_place(case: str, problems_of: Problems) -> None:
    old, new, expected = CASES[case]
    assert problems_of(old, new) == expected
