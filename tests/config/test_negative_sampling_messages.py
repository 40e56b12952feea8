"""What is refused of `data_config.negative_sampling`, and why."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from easy_esmm import config
from easy_esmm.check import summary
from easy_esmm.config import ConfigError
from easy_esmm.config.negative_sampling import label_of_negatives, share_of_negatives

ESMM = """\
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }
"""
TASK = """\
  model_class: "SimpleMultiTask"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  simple_multi_task {
    task_towers { tower_name: "a" label_name: "buy" loss_type: KIND dnn { hidden_units: 4 } }
    task_towers { tower_name: "b" label_name: "click" loss_type: L2_LOSS dnn { hidden_units: 4 } }
"""

LABELS = '  label_fields: "buy"\n'
AT = "data_config.negative_sampling"
CASES: Dict[str, Tuple[str, str, str, List[str]]] = {
    "shares": (
        "rate: 0 kept_share: 1.5 eval_kept_share: 1e-7",
        *("", ""),
        [
            f"x.config:15:23: {AT}.rate: must be in [1e-06, 1], got 0",
            f"x.config:15:31: {AT}.kept_share: must be in [1e-06, 1], got 1.5",
            f"x.config:15:47: {AT}.eval_kept_share: must be in [1e-06, 1], got 1e-07",
        ],
    ),
    "an_evaluation_of_unknown_rows": (
        "kept_share: 0.1",
        *("", ""),
        [
            f"x.config:15:3: {AT}.eval_kept_share: must stand beside kept_share: metrics are wrong where it is unknown; 1 where the evaluation input holds all rows, else as kept_share",
        ],
    ),
    "a_loss_of_pairs": (
        "rate: 0.1",
        'label_name: "buy" dnn { hidden_units: [8, 4] }',
        'label_name: "buy" loss_type: PAIR_WISE_LOSS dnn { hidden_units: [8, 4] }',
        [
            "x.config:30:53: model_config.esmm.cvr_tower.loss_type: must be a loss of single rows beside data_config.negative_sampling, got PAIR_WISE_LOSS; use CLASSIFICATION, or leave negative_sampling out, and weigh negatives by 1 / share in a sample_weight",
        ],
    ),
    "a_focal_loss": (
        "rate: 0.1",
        'label_name: "click" dnn { hidden_units: [8, 4] }',
        'label_name: "click" losses { loss_type: BINARY_FOCAL_LOSS } dnn { hidden_units: [8, 4] }',
        [
            "x.config:29:64: model_config.esmm.ctr_tower.losses[0].loss_type: must be a loss of single rows beside data_config.negative_sampling, got BINARY_FOCAL_LOSS; use CLASSIFICATION, or leave negative_sampling out, and weigh negatives by 1 / share in a sample_weight",
        ],
    ),
    "a_first_task_of_values": (
        "rate: 0.1",
        ESMM,
        TASK.replace("KIND", "L2_LOSS"),
        [
            f"x.config:15:3: {AT}: must not be set: model_config.simple_multi_task.task_towers[0] predicts a value, whose 0 is no negative",
        ],
    ),
    "aman_above_what_is_left": (
        "rate: 0.1 kept_share: 0.5 eval_kept_share: 1",
        ESMM,
        ESMM.replace("ESMM", "ClickSpace").replace("esmm {", "click_space { unclicked_rate: 0.2"),
        [
            "x.config:28:17: model_config.click_space.unclicked_rate: must be at most the 0.05 of the unclicked rows that training reads, got 0.2",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_cannot_be_corrected_is_refused(name: str, base: str, tmp_path: Path) -> None:
    sampling, old, new, expected = CASES[name]
    text = base.replace(LABELS, f"  negative_sampling {{ {sampling} }}\n{LABELS}")
    path = tmp_path / "x.config"
    path.write_text(text.replace(old, new) if old else text)
    with pytest.raises(ConfigError) as caught:
        config.load(str(path))
    assert str(caught.value).replace(f"{tmp_path}/", "").splitlines() == expected


@pytest.mark.parametrize(
    ("sampling", "lines"),
    [
        (
            "rate: 0.1 kept_share: 0.5 eval_kept_share: 0.25",
            [
                "  negatives training reads 0.1 of the rows with click 0; predictions are of all rows",
                "            of which its files hold 0.5",
                "            an evaluation counts each as 4 rows",
            ],
        ),
        ("seed: 7", []),
    ],
)
def test_check_tells_what_is_dropped(
    sampling: str, lines: List[str], base: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.config"
    path.write_text(base.replace(LABELS, f"  negative_sampling {{ {sampling} }}\n{LABELS}"))
    found = summary(config.load(str(path))).splitlines()
    start = next(i for i, line in enumerate(found) if line.startswith("  features")) + 1
    end = next(i for i, line in enumerate(found) if line.startswith("  tables"))
    assert found[start:end] == lines


def test_losses_of_rows_are_not_refused(base: str, tmp_path: Path) -> None:
    path = tmp_path / "x.config"
    sampled = base.replace(LABELS, f"  negative_sampling {{ rate: 0.1 }}\n{LABELS}")
    path.write_text(sampled.replace(ESMM, TASK.replace("KIND", "CROSS_ENTROPY_LOSS")))
    loaded = config.load(str(path)).config
    assert label_of_negatives(loaded) == "buy"
    assert share_of_negatives(loaded.data_config, training=True) == pytest.approx(0.1)
    assert share_of_negatives(loaded.data_config, training=False) == 1
