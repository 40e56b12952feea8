"""What text and JSON mean: protobuf's semantics, and files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Tuple

import pytest

from easy_esmm.config import ConfigError
from easy_esmm.config.locate import DEEPEST
from easy_esmm.config.parse import LARGEST, Parsed, parse, parse_text
from easy_esmm.config.problems import ENOUGH, MOST_SHOWN
from easy_esmm.protos.data_pb2 import DatasetConfig


def _parse(text: str) -> Parsed:
    parsed = parse_text(text, "x.config")
    assert parsed.problems == ()
    return parsed


def _spot(parsed: Parsed, path: str) -> Tuple[int, int]:
    place = parsed.places.find(path)
    return place.line, place.column


@pytest.mark.parametrize(
    "text",
    [
        'data_config { label_fields: "a" label_fields: "b" }',
        "data_config: { label_fields: ['a', 'b'] }",
        "data_config < label_fields: 'a', label_fields: \"b\"; >",
        "data_config { label_fields: ['a'] } # and more:\ndata_config { label_fields: 'b' }",
    ],
)
def test_lists_and_messages_may_be_written_in_several_ways(text: str) -> None:
    assert list(_parse(text).config.data_config.label_fields) == ["a", "b"]


def test_messages_may_be_listed_in_brackets() -> None:
    parsed = _parse('model_config { feature_groups: [{ group_name: "a" },\n < group_name: "b" >] }')
    groups = parsed.config.model_config.feature_groups
    assert [group.group_name for group in groups] == ["a", "b"]
    assert _spot(parsed, "model_config.feature_groups[0]") == (1, 33)
    assert _spot(parsed, "model_config.feature_groups[1].group_name") == (2, 4)


def test_adjacent_strings_are_joined_and_octal_escapes_understood() -> None:
    parsed = _parse("model_dir: 'a' \"b\"\n  'c' data_config { separator: '\\001' }")
    assert parsed.config.model_dir == "abc"
    assert parsed.config.data_config.separator == "\x01"


def test_enum_may_be_a_name_or_a_number() -> None:
    by_name = _parse("data_config { input_type: ParquetInput }").config.data_config
    by_number = _parse("data_config { input_type: 19 }").config.data_config
    assert by_name.input_type == by_number.input_type == DatasetConfig.ParquetInput


def test_last_of_a_repeated_scalar_wins_and_its_place_counts() -> None:
    parsed = _parse('model_dir: "a"\nmodel_dir: "b"')
    assert parsed.config.model_dir == "b"
    assert _spot(parsed, "model_dir") == (2, 1)


def test_repeated_message_is_merged_and_its_first_place_counts() -> None:
    parsed = _parse("train_config { num_steps: 1 }\ntrain_config { random_seed: 2 }")
    assert parsed.config.train_config.num_steps == 1
    assert parsed.config.train_config.random_seed == 2
    assert _spot(parsed, "train_config") == (1, 1)
    assert _spot(parsed, "train_config.random_seed") == (2, 16)


def test_last_member_of_a_oneof_wins_and_the_place_of_the_other_is_forgotten() -> None:
    text = "model_config { esmm { l2_regularization: 1 }\nmmoe { } esmm { } }"
    parsed = _parse(text)
    assert parsed.config.model_config.WhichOneof("model") == "esmm"
    assert not parsed.config.model_config.esmm.HasField("l2_regularization")
    assert _spot(parsed, "model_config.esmm.l2_regularization") == (2, 10)
    assert "model_config.mmoe" not in parsed.places


def test_field_that_was_not_written_is_placed_at_the_message_around_it() -> None:
    parsed = _parse("\n  train_config { }")
    assert _spot(parsed, "train_config.num_steps") == (2, 3)
    assert _spot(parsed, "data_config.batch_size") == (1, 1)


def test_fields_behind_a_missing_brace_are_checked_where_they_belong() -> None:
    parsed = parse_text("train_config {\ndata_config { batch_size: x }\nmodel_dir: 3", "x.config")
    assert [str(problem) for problem in parsed.problems] == [
        "x.config:1:14: train_config: has no closing '}'",
        "x.config:2:27: data_config.batch_size: must be a whole number from 0 to 4294967295, got x",
        'x.config:3:12: model_dir: must be a string in quotes, got 3; write "3"',
    ]


def test_endless_nesting_is_refused() -> None:
    parsed = parse_text("a { " * 10_000, "x.config")
    assert f"must not be more than {DEEPEST} messages deep" in str(parsed.problems[0])


def _refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(str(path))
    return str(caught.value).replace(f"{path.parent}/", "")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    assert (
        _refusal(tmp_path / "no.config") == "no.config: cannot be read: No such file or directory"
    )


def test_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.config"
    path.mkdir()
    assert _refusal(path) == "x.config: cannot be read: Is a directory"


def test_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.config"
    path.write_bytes(b"#" * (LARGEST + 1))
    message = "x.config: must not be larger than 4194304 bytes; is it a pipeline config?"
    assert _refusal(path) == message


def test_binary_file_is_refused_with_the_place_of_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.config"
    path.write_bytes(b'model_dir: "a"\n# \xff')
    assert _refusal(path) == "x.config:2:3: must be UTF-8 text"


def test_byte_order_mark_and_carriage_returns_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "x.config"
    path.write_bytes(b'\xef\xbb\xbfmodel_dir: "a"\r\ntrain_config {\r\n num_steps: 3 }\r\n')
    parsed = parse(str(path))
    assert parsed.problems == ()
    assert parsed.config.train_config.num_steps == 3
    assert _spot(parsed, "train_config.num_steps") == (3, 2)


def test_json_is_read_by_the_suffix_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"modelDir": "a", "train_config": {"num_steps": 1e2, "randomSeed": null}}')
    parsed = parse(str(path))
    assert parsed.problems == ()
    assert parsed.config.model_dir == "a"
    assert parsed.config.train_config.num_steps == 100
    assert not parsed.config.train_config.HasField("random_seed")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1]", ["x.json:1:1: must be a JSON object: { ... }"]),
        (
            '{"a": 1, b}',
            ["x.json:1:10: is not valid JSON: Expecting property name enclosed in double quotes"],
        ),
        (
            '{\n "train_config": {\n  "num_step": 3,\n  "num_steps": "x"}, "model_dir": 3}',
            [
                "x.json:3:3: train_config.num_step: unknown field; did you mean num_steps?",
                "x.json:4:16: train_config.num_steps: "
                'must be a whole number from 0 to 4294967295, got "x"',
                'x.json:4:35: model_dir: must be a string in quotes, got 3; write "3"',
            ],
        ),
        (
            '{"data_config": {"input_type": "CsvInput", "label_fields": [["a"], {}]}}',
            [
                "x.json:1:32: data_config.input_type: must be CSVInput, CSVInputV2, CSVInputEx, "
                'ParquetInput or TFRecordInput, got "CsvInput"; did you mean CSVInput?',
                "x.json:1:61: data_config.label_fields: must be a string in quotes, not a message",
                "x.json:1:68: data_config.label_fields: must be a string in quotes, not a message",
            ],
        ),
    ],
)
def test_json_mistakes_are_reported_at_their_places(text: str, expected: List[str]) -> None:
    parsed = parse_text(text, "x.json")
    assert [str(problem) for problem in parsed.problems] == expected


def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.config")
    with pytest.raises(ConfigError) as caught:
        parse(str(tmp_path / "x.config"))
    rule = "must be a file, not a named pipe; write the config to a file"
    assert str(caught.value) == f"{tmp_path}/x.config: {rule}"


def test_only_the_problems_that_are_shown_have_hints() -> None:
    parsed = parse_text("train_config { num_step: 1 }\n" * (2 * MOST_SHOWN), "x.config")
    hints = [problem.hint for problem in parsed.problems]
    assert len(hints) == 2 * MOST_SHOWN
    assert all(hints[:MOST_SHOWN])
    assert not any(hints[MOST_SHOWN:])


def test_a_text_is_not_read_on_behind_enough_problems() -> None:
    for text in ('x: "y"\n' * 1000, "model_config { " + "x: -\n" * 1000, 'a: "a' * 1000 + "\n"):
        problems = parse_text(text, "x.config").problems
        assert len(problems) <= ENOUGH + 2, text[:20]
    for text in ("{" * 30_000, "[" * 30_000, "a { " * 30_000):
        assert len(parse_text(text, "x.config").problems) == 1 + text.startswith("a")


def test_places_in_a_long_line_are_those_of_a_short_one() -> None:
    # A blank inside of a string or a comment is none at which the line may be read in parts.
    filler = "  ".join(f'label_fields: "a  {n} \\" b"' for n in range(100))
    text = f"data_config {{ {filler} nope: 3\tbatch_size: x }} # {'word ' * 300}\nmodel_dirr: 1"
    parsed = parse_text(text, "x.config")
    places = [(one.place.line, one.place.column, one.field_path) for one in parsed.problems]
    assert places == [
        (1, text.index("nope") + 1, "data_config.nope"),
        (1, text.index("x }") + 1, "data_config.batch_size"),
        (2, 1, "model_dirr"),
    ]
    assert list(parsed.config.data_config.label_fields) == [f'a  {n} " b' for n in range(100)]


def test_a_number_of_too_many_digits_is_no_json() -> None:
    (problem,) = parse_text('{"model_dir": ' + "1" * 5000 + "}", "x.json").problems
    assert str(problem).startswith("x.json:1:1: is not valid JSON: Exceeds the limit")


def test_half_of_a_surrogate_pair_is_no_json() -> None:
    for text in ('{"model_dir": "\\udcff"}', '{"mo\\ud800": 1}'):
        (problem,) = parse_text(text, "x.json").problems
        assert str(problem).startswith("x.json:1:1: is not valid JSON: \\ud")
        assert str(problem).endswith(" is no character")
