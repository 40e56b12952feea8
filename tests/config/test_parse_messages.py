"""What the first gate says about broken text, names and types: place and wording."""

# ruff: noqa: E501  (messages stand here as users see them)

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

# (old, new, edits=(), command="check") -> lines; see conftest.py.
Problems = Any

# What is wrong: (text of the base config, what replaces it, all lines of the message).
CASES: Dict[str, Tuple[str, str, List[str]]] = {
    "unknown_field_with_the_nearest_name": (
        "  num_steps: 100",
        "  num_step: 100",
        ["x.config:6:3: train_config.num_step: unknown field; did you mean num_steps?"],
    ),
    "string_with_a_nul": (
        'model_dir: "model"',
        'model_dir: "mo\\000del"',
        ['x.config:3:12: model_dir: must hold no NUL character, got "mo\\u0000del"'],
    ),
    "unknown_field_that_resembles_nothing": (
        "  num_steps: 100",
        "  qqq: 100",
        ["x.config:6:3: train_config.qqq: unknown field"],
    ),
    "field_that_belongs_to_another_message": (
        "  num_steps: 100",
        "  batch_size: 100 num_steps: 1",
        [
            "x.config:6:3: train_config.batch_size: unknown field; did you mean data_config.batch_size?"
        ],
    ),
    "field_that_belongs_further_in": (
        'label_name: "click" dnn',
        'label_name: "click" dropout_ratio: 0.1 dnn',
        [
            "x.config:28:55: model_config.esmm.ctr_tower.dropout_ratio: unknown field; did you mean dnn.dropout_ratio?"
        ],
    ),
    "field_that_is_near_and_elsewhere": (
        'model_dir: "model"',
        'model_dir: "model" export_config { label_fields: "a" }',
        [
            "x.config:3:36: export_config.label_fields: unknown field; did you mean multi_value_fields, or data_config.label_fields?"
        ],
    ),
    "brace_too_late": (
        "  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { } } } }",
        "  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate { } } }",
        [
            "x.config:4:14: train_config: has no closing '}'",
            "x.config:6:3: train_config.optimizer_config[0].num_steps: unknown field; it is a field of train_config: is a '}' missing before it?",
        ],
    ),
    "file_that_ends_inside_a_message": (
        '    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: [8, 4] } }\n  }\n}\n',
        '    cvr_tower { tower_name: "cvr"',
        ["x.config:29:15: model_config.esmm.cvr_tower: has no closing '}'"],
    ),
    "stray_closing_brace": (
        'model_dir: "model"',
        'model_dir: "model" }',
        ["x.config:3:20: must have a field name here, got '}'"],
    ),
    "word_for_a_number": (
        "  num_steps: 100",
        "  num_steps: many",
        [
            "x.config:6:14: train_config.num_steps: must be a whole number from 0 to 4294967295, got many"
        ],
    ),
    "string_for_a_number": (
        "  num_steps: 100",
        '  num_steps: "100"',
        [
            'x.config:6:14: train_config.num_steps: must be a whole number from 0 to 4294967295, not a string, got "100"'
        ],
    ),
    "fraction_for_a_whole_number": (
        "  num_steps: 100",
        "  num_steps: 1.5",
        [
            "x.config:6:14: train_config.num_steps: must be a whole number from 0 to 4294967295, got 1.5"
        ],
    ),
    "negative_number_for_an_unsigned_one": (
        "  num_steps: 100",
        "  num_steps: -1",
        [
            "x.config:6:14: train_config.num_steps: must be a whole number from 0 to 4294967295, got -1"
        ],
    ),
    "number_beyond_32_bits": (
        "  num_steps: 100",
        "  num_steps: 4294967296",
        [
            "x.config:6:14: train_config.num_steps: must be a whole number from 0 to 4294967295, got 4294967296"
        ],
    ),
    "number_below_int32": (
        "  num_steps: 100",
        "  num_steps: 1 num_gpus_per_worker: -2147483649",
        [
            "x.config:6:37: train_config.num_gpus_per_worker: must be a whole number from -2147483648 to 2147483647, got -2147483649"
        ],
    ),
    "number_beyond_64_bits": (
        'input_names: "user" hash_bucket_size: 100',
        'input_names: "user" hash_bucket_size: 18446744073709551616',
        [
            "x.config:19:52: feature_config.features[0].hash_bucket_size: must be a whole number from 0 to 18446744073709551615, got 18446744073709551616"
        ],
    ),
    "number_for_a_bool": (
        "  num_steps: 100",
        "  num_steps: 100 write_graph: 2",
        ["x.config:6:31: train_config.write_graph: must be true or false, got 2"],
    ),
    "word_for_a_float": (
        "  num_steps: 100",
        "  num_steps: 100 gradient_clipping_by_norm: small",
        ["x.config:6:45: train_config.gradient_clipping_by_norm: must be a number, got small"],
    ),
    "bare_word_for_a_string": (
        'model_dir: "model"',
        "model_dir: model",
        ['x.config:3:12: model_dir: must be a string in quotes, got model; write "model"'],
    ),
    "message_for_a_scalar": (
        'model_dir: "model"',
        "model_dir: { }",
        ["x.config:3:12: model_dir: must be a string in quotes, not a message"],
    ),
    "scalar_for_a_message": (
        '    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }',
        "    ctr_tower: 3",
        ["x.config:28:16: model_config.esmm.ctr_tower: must be a message: { ... }, got 3"],
    ),
    "list_for_a_single_value": (
        "  num_steps: 100",
        "  num_steps: [100]",
        ["x.config:6:3: train_config.num_steps: must be one value, not a list"],
    ),
    "unknown_enum_value": (
        "feature_type: TagFeature",
        "feature_type: TagFeatur",
        [
            "x.config:21:48: feature_config.features[2].feature_type: must be IdFeature, RawFeature, TagFeature, ComboFeature, LookupFeature, SequenceFeature or ExprFeature, got TagFeatur; did you mean TagFeature?"
        ],
    ),
    "unknown_enum_number": (
        "feature_type: TagFeature",
        "feature_type: 99",
        [
            "x.config:21:48: feature_config.features[2].feature_type: must be IdFeature, RawFeature, TagFeature, ComboFeature, LookupFeature, SequenceFeature or ExprFeature, got 99"
        ],
    ),
    "missing_colon": (
        "  num_steps: 100",
        "  num_steps 100",
        ["x.config:6:3: train_config.num_steps: must have ':' before its value"],
    ),
    "missing_value": (
        "  num_steps: 100",
        "  num_steps:",
        ["x.config:7:1: train_config.num_steps: must have a value here, got '}'"],
    ),
    "missing_colon_and_value": (
        "  num_steps: 100",
        "  num_steps",
        ["x.config:6:3: train_config.num_steps: has no value"],
    ),
    "list_without_end": (
        'label_fields: "click"',
        'label_fields: ["click", "buy"',
        ["x.config:17:1: data_config.label_fields: must have ',' or ']' here, got '}'"],
    ),
    "string_without_closing_quote": (
        'model_dir: "model"',
        'model_dir: "model',
        ['x.config:3:12: model_dir: must have a closing quote, got "model'],
    ),
    "string_that_swallows_a_brace": (
        'label_fields: "click"',
        'input_fields { input_name: "a }\n  label_fields: "click"\n  batch_sise: 3',
        [
            'x.config:16:30: data_config.input_fields.input_name: must have a closing quote, got "a }',
            "x.config:18:3: data_config.batch_sise: unknown field; did you mean batch_size?",
        ],
    ),
    "string_that_swallows_a_bracket": (
        'label_fields: "click"',
        'label_fields: ["click]\n  batch_sise: 3',
        [
            'x.config:16:18: data_config.label_fields: must have a closing quote, got "click]',
            "x.config:17:3: data_config.batch_sise: unknown field; did you mean batch_size?",
        ],
    ),
    "bad_escape": (
        'model_dir: "model"',
        'model_dir: "\\x"',
        ['x.config:3:12: model_dir: must have valid escapes in its string, got "\\x"'],
    ),
    "string_that_is_not_utf8": (
        'model_dir: "model"',
        'model_dir: "\\377"',
        ['x.config:3:12: model_dir: must be UTF-8 text, got "\\\\xff"'],
    ),
    "extension": (
        'model_dir: "model"',
        "[x.y]: 3",
        ["x.config:3:1: must have a field name here, got '['"],
    ),
    "list_that_ends_in_another_line": (
        'label_fields: "click"',
        'label_fields: ["click" "buy" num_epochs: 3\n  batch_sise: 3',
        [
            "x.config:16:32: data_config.label_fields: must have ',' or ']' here, got 'num_epochs'",
            "x.config:17:3: data_config.batch_sise: unknown field; did you mean batch_size?",
        ],
    ),
    "list_without_value": (
        'label_fields: "click"',
        'label_fields: ["click", ]',
        ["x.config:16:27: data_config.label_fields: must have a value here, got ']'"],
    ),
    "two_separators": (
        "  num_steps: 100",
        "  num_steps: 100;; save_checkpoints_steps: 1",
        ["x.config:6:18: train_config: must have a field name here, got ';'"],
    ),
    "several_at_once_sorted_by_line": (
        "  num_steps: 100",
        '  num_steps: many }\nnodel_dir: "a" eval_config { max_evals: "1"',
        [
            "x.config:6:14: train_config.num_steps: must be a whole number from 0 to 4294967295, got many",
            "x.config:7:1: nodel_dir: unknown field; did you mean model_dir?",
            'x.config:7:41: eval_config.max_evals: must be a whole number from 0 to 4294967295, not a string, got "1"',
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_mistake_is_reported_at_its_place(case: str, problems_of: Problems) -> None:
    old, new, expected = CASES[case]
    assert problems_of(old, new) == expected
