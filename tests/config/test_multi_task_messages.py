"""Mistakes in models with a list of task towers, and where they are reported."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest

from easy_esmm.config.models import MODELS
from tests.config.conftest import Load, Problems

_ESMM = """\
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }
  }
"""
_A = 'tower_name: "a" label_name: "click" dnn { hidden_units: [8] }'
_B = 'tower_name: "b" label_name: "buy" dnn { hidden_units: [8] }'


def config(name: str, *towers: str, more: str = "") -> str:
    """In place of `_ESMM`: tower number n stands in line 28 + n."""
    member = MODELS[name]
    written = "".join(f"    task_towers {{ {tower} }}\n" for tower in towers)
    return (
        f'  model_class: "{name}"\n'
        '  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }\n'
        f"  {member} {{ {more}\n{written}  }}\n"
    )


_EXPERTS = "num_expert: 2 expert_dnn { hidden_units: [4] }"
_CALIBRATED = "losses { loss_type: CLASSIFICATION } losses { loss_type: ORDER_CALIBRATE_LOSS }"
_QUOTED_A, _QUOTED_B, _QUOTED_C, _QUOTED_D = '"a"', '"b"', '"c"', '"d"'
_QUOTED_E, _QUOTED_F = '"e"', '"f"'
_BOTH_INDICATORS = (
    'task_space_indicator_name: "user" task_space_indicator_value: "1" '
    'task_space_indicator_label: "click"'
)
_LEVEL = (
    "extraction_networks { expert_num_per_task: 1 share_num: 1 "
    "task_expert_net { hidden_units: [4] } share_expert_net { hidden_units: [4] } }"
)
_AT = "model_config.simple_multi_task.task_towers"
CASES: Dict[str, Tuple[str, List[str]]] = {
    "no tower": (
        config("SimpleMultiTask"),
        [
            f"x.config:27:3: {_AT}: must have at least one tower; write task_towers {{ ... }} for "
            "each task"
        ],
    ),
    "no name": (
        config("SimpleMultiTask", _A, _B.replace('tower_name: "b" ', "")),
        [f"x.config:29:5: {_AT}[1].tower_name: must be set: it names outputs and metrics"],
    ),
    "one name twice": (
        config("SimpleMultiTask", _A, _B.replace('"b"', '"a"')),
        [
            f"x.config:29:19: {_AT}[1].tower_name: must be unique: another tower has "
            'this name at line 28, got "a"'
        ],
    ),
    "more towers than labels": (
        config("SimpleMultiTask", _A, _B, 'tower_name: "c" dnn { hidden_units: [8] }'),
        [
            f"x.config:30:5: {_AT}[2].label_name: must be set, or data_config.label_fields must "
            "name a label for each tower"
        ],
    ),
    "an input of one tower only": (
        config("SimpleMultiTask", f'{_A} input: "all"', _B),
        [
            f"x.config:28:81: {_AT}[0].input: must be set in all towers or in none: "
            'task_towers[1] has no input, got "all"'
        ],
    ),
    "a metric of probabilities in a value tower": (
        config(
            "SimpleMultiTask",
            _A,
            f"{_B} loss_type: L2_LOSS metrics_set {{ accuracy {{}} }} "
            "metrics_set { auc { exact: false } }",
        ),
        [
            f"x.config:29:112: {_AT}[1].metrics_set[0].accuracy: must not be a metric of "
            "task_towers[1], which predicts a value, got accuracy; use mean_absolute_error",
            f"x.config:29:146: {_AT}[1].metrics_set[1].auc.exact: must be true for "
            "task_towers[1], which predicts a value: false needs probabilities, got false",
        ],
    ),
    "an unknown indicator": (
        config("SimpleMultiTask", f'{_A} task_space_indicator_label: "clck"', _B),
        [
            f"x.config:28:81: {_AT}[0].task_space_indicator_label: must be a column of "
            'data_config.input_fields, got "clck"; did you mean click?'
        ],
    ),
    "the name of another tower's metrics": (
        config(
            "SimpleMultiTask",
            f'{_A} task_space_indicator_label: "buy" out_task_space_weight: 0',
            _B.replace('"b"', '"a_masked"'),
        ),
        [
            f"x.config:29:19: {_AT}[1].tower_name: must not be the name of the metrics of "
            '"a" in its task space, got "a_masked"'
        ],
    ),
    "the name of another tower's standard error": (
        config("SimpleMultiTask", _A, _B.replace('"b"', '"a_se"')),
        [
            f"x.config:29:19: {_AT}[1].tower_name: must not be another tower's name with _se, "
            '_groups, _lists behind it, got "a_se"; metrics of that tower have the name'
        ],
    ),
    "no experts": (
        config("MMoE", _A, _B),
        [
            "x.config:27:3: model_config.mmoe.expert_dnn: must be set; write expert_dnn "
            "{ hidden_units: [64] }",
            "x.config:27:3: model_config.mmoe.num_expert: must be set; 2 to 8 are usual",
        ],
    ),
    "experts and an input": (
        config("MMoE", f'{_A} input: "all"', f'{_B} input: "all"', more=_EXPERTS),
        [
            f"x.config:{line}:{column}: model_config.mmoe.task_towers[{n}].input: must not be set: "
            'towers read the experts, which read the feature groups, got "all"'
            for n, line, column in ((0, 28, 81), (1, 29, 79))
        ],
    ),
    "experts one by one, of different widths, without layers, and past them": (
        config(
            "MMoE",
            f'{_A} input: "all"',
            _B,
            more="experts { dnn { hidden_units: [8, 4] } } experts { dnn { hidden_units: [5] } } "
            "experts { } experts { dnn { hidden_units: [0] } }",
        ),
        [
            "x.config:27:82: model_config.mmoe.experts[1].dnn.hidden_units[0]: must end in as many "
            "units as the first expert, 4: gates take means, got 5",
            "x.config:27:89: model_config.mmoe.experts[2].dnn: must be set; write dnn "
            "{ hidden_units: [64] }",
            "x.config:27:132: model_config.mmoe.experts[3].dnn.hidden_units: must have a layer: "
            "experts without weights are all the same, got [0]",
            "x.config:28:81: model_config.mmoe.task_towers[0].input: must not be set: towers read "
            'the experts, which read the feature groups, got "all"',
        ],
    ),
    "DBMTL's experts without their number": (
        config("DBMTL", _A, _B, more="expert_dnn { hidden_units: [4] }"),
        [
            "x.config:27:3: model_config.dbmtl.num_expert: must be at least 1 for expert_dnn, got "
            "0; 2 to 8 are usual"
        ],
    ),
    "DBMTL's number of experts without their layers": (
        config("DBMTL", _A, _B, more="num_expert: 2"),
        [
            "x.config:27:3: model_config.dbmtl.expert_dnn: must be set; write expert_dnn "
            "{ hidden_units: [64] }"
        ],
    ),
    "PLE without a level, and an input past it": (
        config("PLE", _A, f'{_B} input: "all"'),
        [
            "x.config:27:3: model_config.ple.extraction_networks: must have at least one level; "
            "write extraction_networks { ... } for each",
            "x.config:29:79: model_config.ple.task_towers[1].input: must not be set: towers read "
            'the levels of experts, which read the feature groups, got "all"',
        ],
    ),
    "PLE with experts that no gate can average": (
        config("PLE", _A, _B, more=_LEVEL.replace("[4]", "[5]", 1)),
        [
            "x.config:27:139: model_config.ple.extraction_networks[0].share_expert_net."
            "hidden_units[0]: must end in as many units as task_expert_net, 5: gates take means of "
            "both, got 4"
        ],
    ),
    "PLE with nothing shared": (
        config("PLE", _A, _B, more=_LEVEL.replace("share_num: 1", "share_num: 0")),
        [
            "x.config:27:54: model_config.ple.extraction_networks[0].share_num: must be at least "
            "1, got 0"
        ],
    ),
    "AITM with one tower without hidden layers": (
        config("AITM", 'tower_name: "a" label_name: "click" dnn { hidden_units: [0] }'),
        [
            "x.config:27:3: model_config.aitm.task_towers: must have at least two towers: one "
            "hands over to the next, got 1; SimpleMultiTask takes one",
            "x.config:28:55: model_config.aitm.task_towers[0].dnn: must have a hidden layer: its "
            "last one is handed over; write dnn { hidden_units: [64, 32] }",
        ],
    ),
    "AITM whose second tower has no hidden layers": (
        config("AITM", _A, 'tower_name: "b" label_name: "buy"'),
        [
            "x.config:29:5: model_config.aitm.task_towers[1].dnn: must have a hidden layer: it "
            "meets that of the tower before it; write dnn { hidden_units: [64, 32] }",
        ],
    ),
    "a penalty of order in the first tower, alone, and after a value": (
        config(
            "SimpleMultiTask",
            f"{_A} losses {{ loss_type: ORDER_CALIBRATE_LOSS }}",
            f"{_B} losses {{ loss_type: ORDER_CALIBRATE_LOSS }}",
            f"{_B.replace(_QUOTED_B, _QUOTED_C)} loss_type: L2_LOSS",
            f"{_A.replace(_QUOTED_A, _QUOTED_D)} {_CALIBRATED}",
        ),
        [
            f"x.config:28:90: {_AT}[0].losses[0].loss_type: must not be a loss of the first tower: "
            "it compares with the one before, got ORDER_CALIBRATE_LOSS",
            f"x.config:29:88: {_AT}[1].losses[0].loss_type: must stand beside a loss of the label, "
            "which it does not know, got ORDER_CALIBRATE_LOSS; add losses { loss_type: "
            "CLASSIFICATION }",
            f"x.config:31:127: {_AT}[3].losses[1].loss_type: must come after a tower that predicts "
            "a probability, not a value, got ORDER_CALIBRATE_LOSS",
        ],
    ),
    "task spaces by a column that say too little, too much, and what cannot be": (
        config(
            "SimpleMultiTask",
            f'{_A} task_space_indicator_value: "1"',
            f'{_B} task_space_indicator_name: "usr" task_space_indicator_value: "1"',
            f'{_B.replace(_QUOTED_B, _QUOTED_C)} task_space_indicator_name: "click" '
            'task_space_indicator_value: "1"',
            f'{_B.replace(_QUOTED_B, _QUOTED_D)} task_space_indicator_name: "user"',
            f"{_B.replace(_QUOTED_B, _QUOTED_E)} {_BOTH_INDICATORS}",
            f'{_B.replace(_QUOTED_B, _QUOTED_F)} task_space_indicator_name: "price" '
            'task_space_indicator_value: "dear"',
        ),
        [
            f"x.config:28:5: {_AT}[0].task_space_indicator_name: must be set beside "
            "task_space_indicator_value",
            f"x.config:29:79: {_AT}[1].task_space_indicator_name: must be a column of "
            'data_config.input_fields, got "usr"; did you mean user?',
            f"x.config:30:79: {_AT}[2].task_space_indicator_name: must be an input column, not a "
            'label, got "click"; write task_space_indicator_label, which is inside where it is '
            "positive",
            f"x.config:31:5: {_AT}[3].task_space_indicator_value: must be set: it is inside",
            f"x.config:32:79: {_AT}[4].task_space_indicator_name: must not stand beside "
            'task_space_indicator_label: one of the two says what is inside, got "user"',
            f'x.config:33:114: {_AT}[5].task_space_indicator_value: must be a value of "price", '
            'which is declared FLOAT, got "dear"',
        ],
    ),
    "the attention of an earlier version": (
        config("DBMTL", _A, f'{_B} relation_tower_names: "a" use_ait_module: true'),
        [
            "x.config:29:105: model_config.dbmtl.task_towers[1].use_ait_module: known to EasyRec, "
            "refused here: write the attention as a block AITMTower of a backbone, or use "
            "model_class AITM, got true",
        ],
    ),
    "a share beside a probability, and a value beside a share": (
        config(
            "SimpleMultiTask",
            f"{_A} losses {{ loss_type: CLASSIFICATION }} losses {{ loss_type: SIGMOID_L2_LOSS }}",
            f"{_B} losses {{ loss_type: SIGMOID_L2_LOSS }} losses {{ loss_type: L2_LOSS }}",
        ),
        [
            f"x.config:28:90: {_AT}[0].losses[0].loss_type: must not stand beside SIGMOID_L2_LOSS: "
            "an output is a value or log odds, not both, got CLASSIFICATION",
            f"x.config:29:126: {_AT}[1].losses[1].loss_type: must not stand beside "
            "SIGMOID_L2_LOSS: an output is a value or log odds, not both, got L2_LOSS",
        ],
    ),
    "relations to later towers, to itself and to nobody": (
        config(
            "DBMTL",
            f'{_A} relation_tower_names: ["b"]',
            f'{_B} relation_tower_names: ["a", "b"] relation_tower_names: "aa"',
        ),
        [
            "x.config:28:104: model_config.dbmtl.task_towers[0].relation_tower_names[0]: must be a "
            'tower before this one, whose hidden layer is there by then, got "b"; change the order '
            "of task_towers",
            "x.config:29:107: model_config.dbmtl.task_towers[1].relation_tower_names[1]: must be a "
            'tower before this one, whose hidden layer is there by then, got "b"; change the order '
            "of task_towers",
            "x.config:29:112: model_config.dbmtl.task_towers[1].relation_tower_names[2]: must be a "
            'tower before this one, got "aa"; did you mean a?',
        ],
    ),
    "a loss name twice": (
        config("SimpleMultiTask", _A, f'{_B} losses {{ loss_name: "cross_entropy_loss_a" }}'),
        [
            f"x.config:29:88: {_AT}[1].losses[0].loss_name: must be unique: another loss "
            'has this name at line 28, got "cross_entropy_loss_a"'
        ],
    ),
}


def test_of_two_forms_of_experts_the_one_that_counts_is_said(load: Load) -> None:
    both = config("MMoE", _A, _B, more=f"{_EXPERTS} experts {{ dnn {{ hidden_units: [9] }} }}")
    listed = config("MMoE", _A, _B, more="num_expert: 3 experts { dnn { hidden_units: [9] } }")
    assert [str(note).rpartition("/")[2] for note in load(_ESMM, both).notes] == [
        "x.config:27:57: model_config.mmoe.experts[0]: has no effect here: expert_dnn is set, and "
        "wins"
    ]
    assert [str(note).rpartition("/")[2] for note in load(_ESMM, listed).notes] == [
        "x.config:27:10: model_config.mmoe.num_expert: has no effect here: experts says how many "
        "there are"
    ]


@pytest.mark.parametrize("case", sorted(CASES))
def test_mistake_is_reported_at_its_place(case: str, problems_of: Problems) -> None:
    new, expected = CASES[case]
    assert problems_of(_ESMM, new) == expected


@pytest.mark.parametrize("name", ["SimpleMultiTask", "MMoE", "DBMTL"])
def test_towers_without_labels_get_those_of_label_fields_in_order(name: str, load: Load) -> None:
    towers = [f'tower_name: "{name}" dnn {{ hidden_units: [8] }}' for name in "ab"]
    more = _EXPERTS if name == "MMoE" else ""
    loaded = load(_ESMM, config(name, *towers, more=more)).config
    member = loaded.model_config.WhichOneof("model")
    found = getattr(loaded.model_config, member).task_towers
    # label_fields are buy, click.
    assert [tower.label_name for tower in found] == ["buy", "click"]
    assert all(tower.metrics_set[0].HasField("auc") for tower in found)


def test_a_penalty_between_different_spaces_is_noted(load: Load) -> None:
    strict = f'{_B} {_CALIBRATED} task_space_indicator_label: "click" out_task_space_weight: 0'
    (note,) = load(_ESMM, config("SimpleMultiTask", _A, strict)).notes
    assert str(note).endswith(
        "task_towers[1].losses[1].loss_type: compares a probability inside the task space of this "
        "tower, which may well be the larger, with one over all rows"
    )


def test_two_tasks_may_read_one_label(problems_of: Problems) -> None:
    twin = _A.replace('"a"', '"twin"')
    assert problems_of(_ESMM, config("SimpleMultiTask", _A, twin, _B)) == []
