"""Edits of the command line: paths, values, messages, and the places of what they set."""

from __future__ import annotations

from typing import Any, List

import pytest

from easy_esmm.config import ConfigError, Edit, edits_from_json
from easy_esmm.config.edit import apply
from easy_esmm.config.edit_path import BadPath, steps_of
from easy_esmm.config.parse import Parsed, parse_text
from easy_esmm.protos.data_pb2 import DatasetConfig

# (old, new, edits=(), command="check") -> lines; see conftest.py.
Problems = Any
Load = Any


def _edited(base: str, *edits: Edit) -> Parsed:
    parsed = parse_text(base, "x.config")
    assert apply(edits, parsed.config, parsed.places) == []
    return parsed


def _refusals(base: str, *edits: Edit) -> List[str]:
    parsed = parse_text(base, "x.config")
    return [str(problem) for problem in apply(edits, parsed.config, parsed.places)]


def _json(path: str, value: Any) -> Edit:
    return Edit("--edit_config_json", path, value)


def _flag(path: str, value: str) -> Edit:
    return Edit(f"--{path}", path, value, is_text=True)


def test_number_is_set_through_dots(base: str) -> None:
    parsed = _edited(base, _json("train_config.num_steps", 7))
    assert parsed.config.train_config.num_steps == 7
    assert str(parsed.places.find("train_config.num_steps")) == "--edit_config_json"


def test_missing_messages_on_the_way_are_made(base: str) -> None:
    parsed = _edited(base, _json("export_config.exporter_type", "latest"))
    assert parsed.config.export_config.exporter_type == "latest"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("feature_config.features[1].embedding_dim", [8, 5, 8, 0]),
        ("feature_config.features[-1].embedding_dim", [8, 8, 8, 5]),
        ("feature_config.features[:].embedding_dim", [5, 5, 5, 5]),
        ("feature_config.features[1:3].embedding_dim", [8, 5, 5, 0]),
        ("feature_config.features[:1].embedding_dim", [5, 8, 8, 0]),
        ("feature_config.features[input_names=tags].embedding_dim", [8, 8, 5, 0]),
        ("feature_config.features[input_names[0]='tags'].embedding_dim", [8, 8, 5, 0]),
        ("feature_config.features[feature_type=TagFeature].embedding_dim", [8, 8, 5, 0]),
        ("feature_config.features[hash_bucket_size=100].embedding_dim", [5, 5, 8, 0]),
        (
            "feature_config.features[0].embedding_dim;feature_config.features[3].embedding_dim",
            [5, 8, 8, 5],
        ),
    ],
)
def test_brackets_choose_elements(base: str, path: str, expected: List[int]) -> None:
    parsed = _edited(base, _json(path, 5))
    features = parsed.config.feature_config.features
    assert [feature.embedding_dim for feature in features] == expected


def test_only_element_needs_no_brackets(base: str) -> None:
    path = "train_config.optimizer_config.lazy_adam_optimizer.beta1"
    parsed = _edited(base, _json(path, 0.5))
    assert parsed.config.train_config.optimizer_config[0].lazy_adam_optimizer.beta1 == 0.5


def test_list_is_replaced_as_a_whole_and_one_element_by_its_index(base: str) -> None:
    path = "model_config.esmm.ctr_tower.dnn.hidden_units"
    parsed = _edited(base, _json(path, [1, 2, 3]), _json(f"{path}[1]", 9))
    assert list(parsed.config.model_config.esmm.ctr_tower.dnn.hidden_units) == [1, 9, 3]


@pytest.mark.parametrize(
    "edit",
    [
        _json("model_config.esmm.ctr_tower.dnn", {"hidden_units": [3], "use_bn": False}),
        _flag("model_config.esmm.ctr_tower.dnn", '{"hidden_units": [3], "use_bn": false}'),
        _flag("model_config.esmm.ctr_tower.dnn", "{ hidden_units: [3] use_bn: false }"),
    ],
)
def test_message_is_replaced_as_a_whole(base: str, edit: Edit) -> None:
    parsed = _edited(base, edit)
    dnn = parsed.config.model_config.esmm.ctr_tower.dnn
    assert str(dnn) == "hidden_units: 3\nuse_bn: false\n"


def test_message_in_a_list_is_replaced_as_a_whole(base: str) -> None:
    parsed = _edited(base, _json("feature_config.features[0]", {"input_names": ["item"]}))
    assert str(parsed.config.feature_config.features[0]) == 'input_names: "item"\n'


def test_flag_values_are_read_as_their_field_wants_them(base: str) -> None:
    parsed = _edited(
        base,
        _flag("train_config.num_steps", "7"),
        _flag("train_config.gradient_clipping_by_norm", "1e-1"),
        _flag("train_config.write_graph", "false"),
        _flag("data_config.input_type", "ParquetInput"),
        _flag("data_config.label_fields", "[buy,click]"),
        _flag("data_config.separator", "\t"),
        _flag("model_config.esmm.ctr_tower.tower_name", "123"),
        _flag("model_config.esmm.ctr_tower.dnn.hidden_units", "[1, 2]"),
    )
    config = parsed.config
    assert config.train_config.num_steps == 7
    assert config.train_config.gradient_clipping_by_norm == pytest.approx(0.1)
    assert config.train_config.write_graph is False
    assert config.data_config.input_type == DatasetConfig.ParquetInput
    assert list(config.data_config.label_fields) == ["buy", "click"]
    assert config.data_config.separator == "\t"
    assert config.model_config.esmm.ctr_tower.tower_name == "123"
    assert list(config.model_config.esmm.ctr_tower.dnn.hidden_units) == [1, 2]


def test_edits_of_json_text_keep_their_order() -> None:
    edits = edits_from_json('{"train_config.num_steps": 1, "model_dir": "a"}')
    assert edits == (_json("train_config.num_steps", 1), _json("model_dir", "a"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{num_steps: 1}",
            "--edit_config_json: is not valid JSON: Expecting property name enclosed in double "
            'quotes at character 2, got "{num_steps: 1}"',
        ),
        (
            "[" * 100_000,
            f'--edit_config_json: is nested too deeply, got "{"[" * 60}..."',
        ),
        (
            "[1]",
            '--edit_config_json: must be a JSON object from paths to values, got "[1]"; '
            """such as '{"train_config.num_steps": 100}'""",
        ),
    ],
)
def test_json_that_is_no_set_of_edits_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        edits_from_json(text)
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            _json("train_config.num_step", 1),
            "--edit_config_json: train_config.num_step: unknown field; did you mean num_steps?",
        ),
        (
            _flag("train_config.num_steps", "many"),
            '--train_config.num_steps: must be a whole number from 0 to 4294967295, got "many"',
        ),
        (
            _json("data_config.separator", 1),
            "--edit_config_json: data_config.separator: must be a string in quotes, got 1; "
            'write "1"',
        ),
        (
            _json("feature_config.features.embedding_dim", 1),
            "--edit_config_json: feature_config.features: has 4 elements: write [i], [:] or "
            "[key=value]",
        ),
        (
            _json("feature_config.features[4].embedding_dim", 1),
            "--edit_config_json: feature_config.features: has no element [4]: there are 4",
        ),
        (
            _json("feature_config.features[input_names=itm].embedding_dim", 1),
            "--edit_config_json: feature_config.features: has no element with input_names=itm; "
            "did you mean item?",
        ),
        (
            _json("feature_config.features[initializer=1].embedding_dim", 1),
            "--edit_config_json: feature_config.features[0].initializer: must lead to a value to "
            "be compared with",
        ),
        (
            _json("feature_config.features[0.embedding_dim", 1),
            "--edit_config_json: feature_config.features[0.embedding_dim: must have as many '[' "
            "as ']'",
        ),
        (
            _json("feature_config.features[x].embedding_dim", 1),
            "--edit_config_json: feature_config.features[x].embedding_dim: must have [i], [:], "
            "[a:b] or [key=value] for its brackets",
        ),
        (
            _json("train_config[0].num_steps", 1),
            "--edit_config_json: train_config: must have no brackets: it is one value, not a list",
        ),
        (
            _json("model_dir.x", 1),
            "--edit_config_json: model_dir: has no fields of its own: it is a value",
        ),
        (
            _json("train config.num_steps", 1),
            "--edit_config_json: train config.num_steps: must be a path of names, dots and [...]",
        ),
        (
            _json("train_config", {"num_step": 1}),
            "--edit_config_json: train_config.num_step: unknown field; did you mean num_steps?",
        ),
        (
            _flag("data_config.label_fields", "[buy"),
            "--data_config.label_fields: must have ',' or ']' here, got the end of the text",
        ),
        (
            _json("model_config.esmm.ctr_tower.dnn.hidden_units[0]", [1, 2]),
            "--edit_config_json: model_config.esmm.ctr_tower.dnn.hidden_units[0]: must be one "
            "value, not a list",
        ),
        (
            _json("data_config.input_fields[0]", 3),
            "--edit_config_json: data_config.input_fields[0]: must be a message: { ... }",
        ),
        (
            _json("data_config.label_fields[0]", {"a": 1}),
            "--edit_config_json: data_config.label_fields[0]: must be a value, not a message",
        ),
    ],
)
def test_edit_that_does_not_fit_names_the_flag_and_the_part(
    base: str, edit: Edit, expected: str
) -> None:
    assert _refusals(base, edit) == [expected]


def test_rule_broken_by_a_flag_names_the_flag_instead_of_the_file(problems_of: Problems) -> None:
    edits = [_json("train_config.num_steps", 0), Edit("--batch_size", "data_config.batch_size", 0)]
    assert problems_of(edits=edits) == [
        "--batch_size: data_config.batch_size: must be at least 1, got 0",
        "--edit_config_json: train_config.num_steps: must be greater than 0, or "
        "data_config.num_epochs must be: training would not end, got 0",
    ]


def test_edits_mend_what_the_file_breaks(load: Load) -> None:
    pipeline = load("  num_steps: 100", "", [_flag("train_config.num_steps", "7")])
    assert pipeline.config.train_config.num_steps == 7
    assert pipeline.written.train_config.num_steps == 7


def test_a_number_of_too_many_digits_and_half_a_surrogate_pair_are_no_edits() -> None:
    for text, rule in (
        ('{"a": ' + "1" * 5000 + "}", "Exceeds the limit (4300"),
        ('{"a": "\\udcff"}', "\\udcff is no character"),
    ):
        with pytest.raises(ConfigError) as caught:
            edits_from_json(text)
        assert str(caught.value).startswith(f"--edit_config_json: is not valid JSON: {rule}")


def test_bytes_of_the_command_line_that_are_no_text_are_no_edit(base: str) -> None:
    parsed = parse_text(base, "x.config")
    for path, value in (("model_dir", "\udcff"), ("feature_config.\udcff", "1")):
        edits = [Edit(f"--{path}", path, value, is_text=True)]
        (problem,) = apply(edits, parsed.config, parsed.places)
        assert str(problem) == f"--{path}: must be UTF-8 text"


@pytest.mark.parametrize("inside", ["1" * 5000, f":{'1' * 5000}", f"{'1' * 5000}:2"])
def test_an_index_of_thousands_of_digits_is_refused_as_no_index(inside: str) -> None:
    with pytest.raises(BadPath, match=r"must have \[i\], "):
        steps_of(f"data_config.input_fields[{inside}].input_type")
