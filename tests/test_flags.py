"""The command line's overrides, and how a program ends."""

from __future__ import annotations

from typing import List

import pytest
from absl import flags as absl_flags

from easy_esmm import flags
from easy_esmm.config import Edit
from easy_esmm.errors import UserError


def _override(path: str, value: str) -> Edit:
    return Edit(f"--{path}", path, value, is_text=True)


def test_overrides_are_taken_out_with_and_without_equals_sign() -> None:
    edits, rest = flags.split_overrides(
        [
            "program",
            "--train_config.num_steps=100",
            "--model_dir",
            "x",
            "--data_config.batch_size",
            "-3",
            "--feature_config.features[feature_name=item].vocab_file=a=b",
            "-export_config.exporter_type=",
        ]
    )
    assert rest == ["program", "--model_dir", "x"]
    assert edits == (
        _override("train_config.num_steps", "100"),
        _override("data_config.batch_size", "-3"),
        _override("feature_config.features[feature_name=item].vocab_file", "a=b"),
        _override("export_config.exporter_type", ""),
    )


def test_other_flags_and_what_follows_two_dashes_are_left_alone() -> None:
    argv = ["program", "--train_configs=1", "--other.num_steps=1", "--", "--train_config.a=1"]
    assert flags.split_overrides(argv) == ((), argv)


@pytest.mark.parametrize("rest", [[], ["--model_dir=x"]])
def test_override_without_value_is_refused(rest: List[str]) -> None:
    with pytest.raises(UserError, match=r"--train_config.num_steps: must have a value"):
        flags.split_overrides(["program", "--train_config.num_steps", *rest])


def test_a_number_that_is_none_is_refused_in_our_words() -> None:
    values = flags.define("model_dir", "batch_size")
    with pytest.raises(UserError, match=r"^--batch_size: must be a whole number, got 'abc'$"):
        flags.parse(values, ["program", "--batch_size", "abc"])


@pytest.mark.parametrize("given", [["--output_sep", ";"], ["--output_sep=;"], ["-output_sep=;"]])
def test_a_flag_of_easyrecs_is_refused_with_what_to_do(given: List[str]) -> None:
    with pytest.raises(UserError) as caught:
        flags.parse(flags.define("output_path"), ["program", *given])
    assert str(caught.value) == (
        "--output_sep: known to EasyRec, refused here: a .csv file has commas; leave it out, or "
        "write a .parquet file"
    )


def test_user_error_ends_with_its_message_and_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def main(_: flags.Arguments) -> None:
        raise UserError("x.config:1:1: model_dir: must be set")

    monkeypatch.setattr("sys.argv", ["program"])
    with pytest.raises(SystemExit) as caught:
        flags.run(main, flags.define())
    assert caught.value.code == 2
    assert capsys.readouterr().err == "x.config:1:1: model_dir: must be set\n"


def test_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(_: flags.Arguments) -> None:
        raise KeyError("defect")

    monkeypatch.setattr("sys.argv", ["program"])
    with pytest.raises(KeyError, match="defect"):
        flags.run(main, flags.define())


def test_edits_come_from_json_then_overrides_then_flags() -> None:
    values = flags.define(*flags.CONFIG, "model_dir", "batch_size", "asset_files")
    argv = ["program", "--batch_size=5", "--train_config.num_steps=100", "--asset_files=a,b"]
    argv += ['--edit_config_json={"model_dir": "x"}', "--model_dir=y"]
    arguments = flags.parse(values, argv)
    assert arguments.edits == (
        Edit("--edit_config_json", "model_dir", "x"),
        _override("train_config.num_steps", "100"),
        Edit("--model_dir", "model_dir", "y", is_text=True),
        Edit("--batch_size", "data_config.batch_size", "5", is_text=True),
        Edit("--asset_files", "export_config.asset_files", ["a", "b"]),
    )


def test_argument_that_is_no_flag_is_refused() -> None:
    with pytest.raises(UserError, match=r"x\.config: not a flag; all arguments are --flags"):
        flags.parse(flags.define(), ["program", "x.config"])


def test_parsing_again_starts_from_the_defaults() -> None:
    values = flags.define(*flags.CONFIG, "model_dir", "continue_train")
    flags.parse(values, ["program", "--model_dir=x", "--continue_train"])
    assert flags.parse(values, ["program"]).edits == ()
    assert values.continue_train is False


def test_programs_of_one_process_do_not_share_flags() -> None:
    one, other = flags.define("model_dir"), flags.define("model_dir")
    flags.parse(one, ["program", "--model_dir=x"])
    flags.parse(other, ["program"])
    assert (one.model_dir, other.model_dir) == ("x", None)


def test_program_without_config_has_no_overrides() -> None:
    with pytest.raises(absl_flags.UnrecognizedFlagError, match=r"train_config\.num_steps"):
        flags.parse(flags.define("output_path"), ["program", "--train_config.num_steps=1"])


def test_help_shows_the_flags_of_the_program_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        flags.parse(flags.define("truth"), ["program", "--help"], "what it is for")
    assert caught.value.code == 0
    printed = capsys.readouterr().out
    assert printed.startswith("what it is for\n")
    assert "--truth: truth file" in printed
    assert "model_dir" not in printed


def test_config_is_answered_with_the_flag_that_is_meant() -> None:
    values = flags.define(*flags.CONFIG, "continue_train")
    with pytest.raises(UserError, match=r"^--config: unknown flag; did you mean --pipeline_config"):
        flags.parse(values, ["train", "--config", "x"])
