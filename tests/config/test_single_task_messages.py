"""Mistakes in single-task models, and where they are reported."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest

from tests.config.conftest import Load, Problems

_ESMM = """\
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "item", "tags", "price"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }
  }
"""
_USER = 'towers { input: "user" dnn { hidden_units: [8] } }'
_ITEM = 'towers { input: "item" dnn { hidden_units: [8] } }'
_FINAL = "final_dnn { hidden_units: [8] }"


def multi_tower(*parts: str, more: str = "") -> str:
    """In place of `_ESMM`: part number n stands in line 29 + n, `more` in the line behind them."""
    written = "".join(f"    {part}\n" for part in parts)
    return (
        '  model_class: "MultiTower"\n'
        '  feature_groups { group_name: "user" feature_names: ["user", "tags"] }\n'
        '  feature_groups { group_name: "item" feature_names: ["item", "price"] }\n'
        f"  multi_tower {{\n{written}  }}\n  {more}\n"
    )


_AT = "model_config.multi_tower"
CASES: Dict[str, Tuple[str, List[str]]] = {
    "no tower": (
        multi_tower(_FINAL),
        [
            f"x.config:28:3: {_AT}.towers: must have at least one tower; write towers "
            "{ input: ... dnn { ... } } for each feature group"
        ],
    ),
    "no layers": (
        multi_tower('towers { input: "user" }', _ITEM),
        [
            f"x.config:28:3: {_AT}.final_dnn: must be set; write final_dnn "
            "{ hidden_units: [64, 32] }; [0] is the identity",
            f"x.config:29:5: {_AT}.towers[0].dnn: must be set; hidden_units: [0] is the identity",
        ],
    ),
    "a group that is none, and one twice": (
        multi_tower('towers { input: "usr" dnn { hidden_units: [8] } }', _ITEM, _ITEM, _FINAL),
        [
            f"x.config:29:14: {_AT}.towers[0].input: must be a feature group, "
            'got "usr"; did you mean user?',
            f"x.config:31:14: {_AT}.towers[2].input: must be unique: another network's group has "
            'this name at line 30, got "item"',
        ],
    ),
    "layers and input of the task": (
        multi_tower(
            *(_USER, _ITEM, _FINAL),
            more='task { input: "user" dnn { hidden_units: [8] } }',
        ),
        [
            f"x.config:33:10: model_config.task.input: must not be set: layers and feature groups "
            f"are those of {_AT}",
            f"x.config:33:24: model_config.task.dnn: must not be set: layers and feature groups "
            f"are those of {_AT}",
        ],
    ),
    "the loss twice": (
        multi_tower(
            *(_USER, _ITEM, _FINAL), more="loss_type: L2_LOSS task { loss_type: CLASSIFICATION }"
        ),
        [
            "x.config:33:29: model_config.task.loss_type: must not stand beside "
            "model_config.loss_type, which says the same"
        ],
    ),
    "losses of values and of probabilities": (
        multi_tower(
            *(_USER, _ITEM, _FINAL),
            more="losses { loss_type: L2_LOSS } losses { loss_type: PAIR_WISE_LOSS }",
        ),
        [
            "x.config:33:42: model_config.losses[1].loss_type: must not stand beside L2_LOSS: an "
            "output is a value or log odds, not both, got PAIR_WISE_LOSS"
        ],
    ),
    "joint ranking without a session": (
        multi_tower(*(_USER, _ITEM, _FINAL), more="loss_type: JRC_LOSS num_class: 2"),
        [
            "x.config:33:3: model_config.loss_type: must come with a session, whose rows it ranks, "
            "got JRC_LOSS; write losses { loss_type: JRC_LOSS jrc_loss { session_name: ... } }"
        ],
    ),
    "an order of two tasks": (
        multi_tower(
            *(_USER, _ITEM, _FINAL),
            more="losses { loss_type: CLASSIFICATION } losses { loss_type: ORDER_CALIBRATE_LOSS }",
        ),
        [
            "x.config:33:49: model_config.losses[1].loss_type: must not be a loss of a model of "
            "one task: it compares two, got ORDER_CALIBRATE_LOSS"
        ],
    ),
    "classes without joint ranking": (
        multi_tower(*(_USER, _ITEM, _FINAL), more="num_class: 2"),
        [
            "x.config:33:3: model_config.num_class: must be 1 without JRC_LOSS: one logit is the "
            "log odds, got 2"
        ],
    ),
    "many classes": (
        multi_tower(*(_USER, _ITEM, _FINAL), more="num_class: 5"),
        ["x.config:33:3: model_config.num_class: must be 1 or 2, got 5"],
    ),
}


WIDE = 'feature_groups { group_name: "wide" feature_names: ["user", "item"] wide_deep: WIDE }'
DEEP = 'feature_groups { group_name: "deep" feature_names: ["user", "item"] }'
_LAYERS = "dnn { hidden_units: [8] } final_dnn { hidden_units: [8] }"


def parts(name: str, *groups: str, parameters: str = _LAYERS, more: str = "") -> str:
    """In place of `_ESMM`: group number n stands in line 26 + n, the parameters behind them."""
    member = {"DeepFM": "deepfm", "WideAndDeep": "wide_and_deep"}[name]
    written = "".join(f"  {group}\n" for group in groups)
    return f'  model_class: "{name}"\n{written}  {member} {{ {parameters} }}\n  {more}\n'


_FIELDS = (
    "must have one embedding_dim with the other features of the group, whose vectors the "
    "factorization machine multiplies"
)
PARTS: Dict[str, Tuple[str, List[str]]] = {
    "no wide group": (
        parts("DeepFM", DEEP),
        ["x.config:24:1: model_config.feature_groups: must have a group named wide for DeepFM"],
    ),
    "parts of the wrong kind": (
        parts(
            "DeepFM", WIDE.replace(" wide_deep: WIDE", ""), DEEP.replace("}", "wide_deep: WIDE }")
        ),
        [
            "x.config:26:3: model_config.feature_groups[0].wide_deep: must be WIDE for the group "
            "wide of DeepFM, got DEEP",
            "x.config:27:71: model_config.feature_groups[1].wide_deep: must be DEEP: only the "
            "group wide of DeepFM and WideAndDeep is a linear part, got WIDE",
        ],
    ),
    "fields that cannot be multiplied": (
        parts("DeepFM", WIDE, DEEP.replace('"item"]', '"item", "price"]')),
        [
            f"x.config:27:71: model_config.feature_groups[1].feature_names[2]: {_FIELDS}, got "
            '"price" with embedding_dim 0; or name those to multiply in a further group fm'
        ],
    ),
    "no layers": (
        parts("DeepFM", WIDE, DEEP, parameters=""),
        [
            "x.config:28:3: model_config.deepfm.dnn: must be set; write dnn { hidden_units: "
            "[64, 32] }; [0] is the identity"
        ],
    ),
    "an old penalty": (
        parts("DeepFM", WIDE, DEEP, parameters=f"{_LAYERS} wide_regularization: 1e-3"),
        [
            "x.config:28:70: model_config.deepfm.wide_regularization: known to EasyRec, refused "
            "here: deprecated in EasyRec: write l2_regularization, got 0.001"
        ],
    ),
    "a wide part that does not fit the logit": (
        parts("WideAndDeep", WIDE, DEEP, parameters="dnn { hidden_units: [8] } wide_output_dim: 4"),
        [
            "x.config:28:45: model_config.wide_and_deep.wide_output_dim: must be 1 without "
            "final_dnn: the wide part is added to the logit, got 4"
        ],
    ),
    "both in one group": (
        parts("DeepFM", WIDE.replace("WIDE", "WIDE_AND_DEEP"), DEEP),
        [
            "x.config:26:71: model_config.feature_groups[0].wide_deep: known to EasyRec, refused "
            "here: a group has one part: list the features in a group with WIDE and in another "
            "with DEEP, got WIDE_AND_DEEP"
        ],
    ),
}


@pytest.mark.parametrize("case", sorted(PARTS))
def test_mistake_in_wide_and_deep_parts_is_reported(case: str, problems_of: Problems) -> None:
    new, expected = PARTS[case]
    assert problems_of(_ESMM, new) == expected


def test_a_wide_group_is_refused_in_a_model_without_a_wide_part(problems_of: Problems) -> None:
    new = _ESMM.replace('"price"] }', '"price"] wide_deep: WIDE }')
    assert problems_of(_ESMM, new) == [
        "x.config:26:87: model_config.feature_groups[0].wide_deep: must be DEEP: only the group "
        "wide of DeepFM and WideAndDeep is a linear part, got WIDE"
    ]


def test_an_expression_has_no_weights_in_a_wide_group(problems_of: Problems) -> None:
    feature = '  features { feature_name: "e" input_names: "price" feature_type: ExprFeature '
    feature += 'expression: "price + 1" }\n'
    new = parts("DeepFM", WIDE.replace('"item"]', '"e"]'), DEEP)
    (problem,) = problems_of(
        f"}}\nmodel_config {{\n{_ESMM}", f"{feature}}}\nmodel_config {{\n{new}"
    )
    assert problem.endswith(
        'must not be of feature_type ExprFeature in a wide group: it has no weights, got "e"'
    )


def test_wide_and_deep_takes_one_optimizer(problems_of: Problems) -> None:
    second = (
        "optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { } } } }"
    )
    text = parts("WideAndDeep", WIDE, DEEP, more="}\ntrain_config { " + second)
    assert problems_of(_ESMM, text) == [
        "x.config:30:16: train_config.optimizer_config[1]: must be one for WideAndDeep: EasyRec "
        "gives the first of several to the wide weights alone, and here the first is for all tables"
    ]


def test_a_feature_of_a_wide_group_alone_needs_no_embedding_dim(load: Load) -> None:
    more = (
        '}\nfeature_config { features { feature_name: "w" input_names: "tags" hash_bucket_size: 9 }'
    )
    text = parts("DeepFM", WIDE.replace('"user"', '"w", "price", "user"'), DEEP, more=more)
    wide, _ = load(_ESMM, text).config.model_config.feature_groups
    assert list(wide.feature_names) == ["w", "price", "user", "item"]


@pytest.mark.parametrize("case", sorted(CASES))
def test_mistake_is_reported_at_its_place(case: str, problems_of: Problems) -> None:
    new, expected = CASES[case]
    assert problems_of(_ESMM, new) == expected


def test_losses_of_the_model_are_refused_beside_towers(problems_of: Problems) -> None:
    written = "  losses { loss_type: CLASSIFICATION } num_class: 2 loss_type: L2_LOSS task { }\n"
    at = "known to EasyRec, refused here for a model with towers: set"
    assert problems_of(_ESMM, _ESMM + written) == [
        f"x.config:31:3: model_config.losses[0]: {at} losses in its towers",
        f"x.config:31:40: model_config.num_class: {at} num_class in its towers",
        f"x.config:31:53: model_config.loss_type: {at} loss_type in its towers",
        "x.config:31:72: model_config.task: must not be set for a model with towers, which say the "
        "same: write it in its towers",
    ]


def test_the_label_is_the_first_of_label_fields(load: Load) -> None:
    right = multi_tower(_USER, _ITEM, _FINAL)
    (task,) = load(_ESMM, right).tasks
    assert (task.name, task.label) == ("", "buy")
    (task,) = load(_ESMM, right + '  task { label_name: "click" }\n').tasks
    assert task.label == "click"


def test_a_group_without_a_tower_is_noted(load: Load) -> None:
    notes = load(_ESMM, multi_tower(_USER, _FINAL)).notes
    assert [note.partition(": ")[2] for note in notes] == [
        'model_config.feature_groups[1]: feature group "item" feeds no network and no tower: it '
        "has no effect"
    ]
