"""What is said about experts, extraction levels and transfers that cannot be built."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from tests.config.other_models import model

# See conftest.py.
Problems = Any

LEVEL = "expert_num_per_task: 1 share_num: 1 task_expert_net { hidden_units: [8, 4] } share_expert_net { hidden_units: 4 }"

# What is wrong: (model, what its message holds, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "experts_as_they_should_be": ("ESMM_MMoE", "num_expert: 2 expert_dnn { hidden_units: 8 }", []),
    "a_field_of_another_model": (
        "ESMM_MMoE",
        "num_expert: 2 expert_dnn { hidden_units: 8 } ctr_logit_link: true",
        [
            "x.config:27:60: model_config.esmm_mmoe.ctr_logit_link: unknown field; it is a field of model_config.esmm only"
        ],
    ),
    "no_experts": (
        "ESMM_MMoE",
        "",
        [
            "x.config:27:3: model_config.esmm_mmoe.expert_dnn: must be set; write expert_dnn { hidden_units: [64] }",
            "x.config:27:3: model_config.esmm_mmoe.num_expert: must be set; 2 to 8 are usual",
        ],
    ),
    "zero_experts": (
        "ESMM_MMoE",
        "num_expert: 0 expert_dnn { hidden_units: 8 }",
        ["x.config:27:15: model_config.esmm_mmoe.num_expert: must be at least 1, got 0"],
    ),
    "experts_without_weights": (
        "ESMM_MMoE",
        "num_expert: 2 expert_dnn { hidden_units: [0] }",
        [
            "x.config:27:57: model_config.esmm_mmoe.expert_dnn.hidden_units: must have a layer: experts without weights are all the same, got [0]"
        ],
    ),
    "layers_of_experts_are_judged_as_others": (
        "ESMM_MMoE",
        'num_expert: 2 expert_dnn { hidden_units: [8, 0] dropout_ratio: [1, 0] activation: "prelu" }',
        [
            "x.config:27:60: model_config.esmm_mmoe.expert_dnn.hidden_units[1]: must be at least 1; only [0] alone means no layer, got 0",
            "x.config:27:79: model_config.esmm_mmoe.expert_dnn.dropout_ratio[0]: must be in [0, 1), got 1",
            'x.config:27:85: model_config.esmm_mmoe.expert_dnn.activation: known to EasyRec, not supported here yet: use leaky_relu, got "prelu"',
        ],
    ),
    "a_tower_past_the_experts": (
        "ESMM_MMoE",
        'num_expert: 2 expert_dnn { hidden_units: 8 } ctr_tower { input: "all" } cvr_tower { input: "all" }',
        [
            'x.config:27:72: model_config.esmm_mmoe.ctr_tower.input: must not be set: towers read the experts, which read the feature groups, got "all"',
            'x.config:27:99: model_config.esmm_mmoe.cvr_tower.input: must not be set: towers read the experts, which read the feature groups, got "all"',
        ],
    ),
    "one_tower_past_the_experts": (
        "ESMM_MMoE",
        'num_expert: 2 expert_dnn { hidden_units: 8 } ctr_tower { input: "all" }',
        [
            'x.config:27:72: model_config.esmm_mmoe.ctr_tower.input: must not be set: towers read the experts, which read the feature groups, got "all"',
        ],
    ),
    "one_tower_past_the_levels_and_beside_groups": (
        "ESMM_PLE",
        f'extraction_networks {{ {LEVEL} }} groups {{ input: "all" dnn {{ hidden_units: 8 }} }} cvr_tower {{ input: "none" }}',
        [
            'x.config:27:212: model_config.esmm_ple.cvr_tower.input: must not be set: towers read the levels of experts, which read the feature groups, got "none"',
        ],
    ),
    "levels_as_they_should_be": (
        "ESMM_PLE",
        f"extraction_networks {{ {LEVEL} }} extraction_networks {{ {LEVEL} }}",
        [],
    ),
    "no_level": (
        "ESMM_PLE",
        "",
        [
            "x.config:27:3: model_config.esmm_ple.extraction_networks: must have at least one level; write extraction_networks { ... } for each"
        ],
    ),
    "an_empty_level": (
        "ESMM_PLE",
        f"extraction_networks {{ {LEVEL} }} extraction_networks {{ }}",
        [
            "x.config:27:152: model_config.esmm_ple.extraction_networks[1].expert_num_per_task: must be set; 1 or 2 are usual",
            "x.config:27:152: model_config.esmm_ple.extraction_networks[1].share_expert_net: must be set; write share_expert_net { hidden_units: [64] }",
            "x.config:27:152: model_config.esmm_ple.extraction_networks[1].share_num: must be set; 1 or 2 are usual",
            "x.config:27:152: model_config.esmm_ple.extraction_networks[1].task_expert_net: must be set; write task_expert_net { hidden_units: [64] }",
        ],
    ),
    "nothing_shared_and_nothing_own": (
        "ESMM_PLE",
        "extraction_networks { expert_num_per_task: 0 share_num: 0 task_expert_net { hidden_units: 4 } share_expert_net { hidden_units: 4 } }",
        [
            "x.config:27:36: model_config.esmm_ple.extraction_networks[0].expert_num_per_task: must be at least 1, got 0",
            "x.config:27:59: model_config.esmm_ple.extraction_networks[0].share_num: must be at least 1, got 0",
        ],
    ),
    "experts_that_no_gate_can_average": (
        "ESMM_PLE",
        "extraction_networks { expert_num_per_task: 1 share_num: 1 task_expert_net { hidden_units: [8, 4] } share_expert_net { hidden_units: [4, 8] } }",
        [
            "x.config:27:150: model_config.esmm_ple.extraction_networks[0].share_expert_net.hidden_units[1]: must end in as many units as task_expert_net, 4: gates take means of both, got 8"
        ],
    ),
    "layers_of_levels_are_judged_as_others": (
        "ESMM_PLE",
        'extraction_networks { expert_num_per_task: 1 share_num: 1 task_expert_net { hidden_units: [0] } share_expert_net { hidden_units: 4 dropout_ratio: 1 activation: "rleu" } }',
        [
            "x.config:27:105: model_config.esmm_ple.extraction_networks[0].task_expert_net.hidden_units: must have a layer: experts without weights are all the same, got [0]",
            "x.config:27:145: model_config.esmm_ple.extraction_networks[0].share_expert_net.dropout_ratio: must be in [0, 1), got 1",
            'x.config:27:162: model_config.esmm_ple.extraction_networks[0].share_expert_net.activation: must be relu, relu6, leaky_relu, elu, selu, gelu, swish, silu, tanh, sigmoid, softplus, softsign, linear or dice, got "rleu"; did you mean relu?',
        ],
    ),
    "a_tower_past_the_levels": (
        "ESMM_PLE",
        f'extraction_networks {{ {LEVEL} }} cvr_tower {{ input: "all" }} ctr_tower {{ input: "all" }}',
        [
            'x.config:27:164: model_config.esmm_ple.cvr_tower.input: must not be set: towers read the levels of experts, which read the feature groups, got "all"',
            'x.config:27:191: model_config.esmm_ple.ctr_tower.input: must not be set: towers read the levels of experts, which read the feature groups, got "all"',
        ],
    ),
    "negative_weight_of_clicked_rows": (
        "ESMM_AITM",
        "click_masked_cvr_weight: -1",
        [
            "x.config:27:15: model_config.esmm_aitm.click_masked_cvr_weight: must be at least 0, got -1"
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_trunk_that_cannot_be_built_is_named_with_its_place(
    case: str, problems_of: Problems
) -> None:
    name, parameters, lines = CASES[case]
    assert problems_of(*model(name, parameters)) == lines


TOWERS = """\
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }
"""


def test_a_transfer_needs_hidden_layers_on_both_sides(problems_of: Problems) -> None:
    edits = TOWERS.replace("dnn { hidden_units: [8, 4] } }\n    cvr", "}\n    cvr")
    edits = edits.replace("[8, 4]", "[0]").replace(
        "  esmm {", '  model_class: "ESMM_AITM" esmm_aitm {'
    )
    assert problems_of(TOWERS, edits) == [
        "x.config:28:5: model_config.esmm_aitm.ctr_tower.dnn: must have a hidden layer: its last one is handed over; write dnn { hidden_units: [64, 32] }",
        "x.config:29:53: model_config.esmm_aitm.cvr_tower.dnn: must have a hidden layer: it meets that of the tower before it; write dnn { hidden_units: [64, 32] }",
    ]
