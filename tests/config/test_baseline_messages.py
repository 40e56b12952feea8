"""What is said about ClickSpace, Division and NISE configs that break a rule."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

# See conftest.py.
Problems = Any

ESMM = """\
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  esmm {
"""


def model(name: str, member: str, parameters: str) -> Tuple[str, str]:
    """(old, new): the base config with another model; `parameters` stand in line 27."""
    return ESMM, ESMM.replace("ESMM", name).replace("  esmm {", f"  {member} {{ {parameters}")


# What is wrong: (model, member, what its message holds, all lines of the message).
CASES: Dict[str, Tuple[str, str, str, List[str]]] = {
    "rate_above_one": (
        "ClickSpace",
        "click_space",
        "unclicked_rate: 1.5",
        [
            "x.config:27:17: model_config.click_space.unclicked_rate: must be in [0, 1], got 1.5",
        ],
    ),
    "no_copy": (
        "ClickSpace",
        "click_space",
        "positive_copies: 0",
        ["x.config:27:17: model_config.click_space.positive_copies: must be at least 1, got 0"],
    ),
    "floor_of_zero": (
        "ClickSpace",
        "click_space",
        "rejection_floor: 0",
        ["x.config:27:17: model_config.click_space.rejection_floor: must be in [1e-30, 1], got 0"],
    ),
    "three_samples_at_once": (
        "ClickSpace",
        "click_space",
        "unclicked_rate: 0.1 positive_copies: 2 rejection_floor: 0.1",
        [
            "x.config:27:37: model_config.click_space.positive_copies: must not stand beside unclicked_rate: a baseline changes the sample in one way",
            "x.config:27:56: model_config.click_space.rejection_floor: must not stand beside unclicked_rate: a baseline changes the sample in one way",
        ],
    ),
    "a_value_tower": (
        "ClickSpace",
        "click_space",
        "cvr_tower { loss_type: L2_LOSS }",
        [
            "x.config:27:29: model_config.click_space.cvr_tower.loss_type: must be CLASSIFICATION: the loss over the sample is the cross entropy, got L2_LOSS",
        ],
    ),
    "another_loss_by_its_type": (
        "ClickSpace",
        "click_space",
        "cvr_tower { loss_type: PAIR_WISE_LOSS }",
        [
            "x.config:27:29: model_config.click_space.cvr_tower.loss_type: must be CLASSIFICATION: the loss over the sample is the cross entropy, got PAIR_WISE_LOSS",
        ],
    ),
    "two_losses": (
        "ClickSpace",
        "click_space",
        "cvr_tower { losses { loss_type: CLASSIFICATION } losses { loss_type: PAIR_WISE_LOSS } }",
        [
            "x.config:27:66: model_config.click_space.cvr_tower.losses[1]: must be one loss at most: the loss over the sample is the cross entropy",
            "x.config:27:75: model_config.click_space.cvr_tower.losses[1].loss_type: must be CLASSIFICATION: the loss over the sample is the cross entropy, got PAIR_WISE_LOSS",
        ],
    ),
    "a_quotient_of_values": (
        "Division",
        "division",
        "cvr_tower { loss_type: L2_LOSS }",
        [
            "x.config:27:26: model_config.division.cvr_tower.loss_type: must not be L2_LOSS: the quotient is one of probabilities, got L2_LOSS; ESMM predicts values",
        ],
    ),
    "another_loss_of_clicked_rows": (
        "NISE",
        "nise",
        "entropy_weight: -1 largest_balance: -1 cvr_tower { loss_type: L2_LOSS }",
        [
            "x.config:27:10: model_config.nise.entropy_weight: must be at least 0, got -1",
            "x.config:27:29: model_config.nise.largest_balance: must be at least 0, got -1",
            "x.config:27:61: model_config.nise.cvr_tower.loss_type: must be CLASSIFICATION: the loss over clicked rows is the cross entropy, got L2_LOSS",
        ],
    ),
    "a_quotient_of_two_logits": (
        "Division",
        "division",
        'cvr_tower { num_class: 2 losses { loss_type: JRC_LOSS jrc_loss { session_name: "user" } } }',
        [
            "x.config:27:26: model_config.division.cvr_tower.num_class: must be 1: the quotient is computed from one logit, got 2",
        ],
    ),
    "two_logits_for_clicks": (
        "Division",
        "division",
        'ctr_tower { num_class: 2 losses { loss_type: JRC_LOSS jrc_loss { session_name: "user" } } }',
        [
            "x.config:27:26: model_config.division.ctr_tower.num_class: must be 1: the quotient is computed from one logit, got 2",
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_is_told(problems_of: Problems, case: str) -> None:
    name, member, parameters, expected = CASES[case]
    assert problems_of(*model(name, member, parameters)) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "unclicked_rate: 1",
        "positive_copies: 10",
        "rejection_floor: 1",
        "unclicked_rate: 0 positive_copies: 1 rejection_floor: 0.5",
    ],
)
def test_one_way_to_sample_is_fine(problems_of: Problems, parameters: str) -> None:
    assert problems_of(*model("ClickSpace", "click_space", parameters)) == []
