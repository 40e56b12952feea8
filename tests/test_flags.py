"""The command line's overrides, and how a program ends."""

from __future__ import annotations

from typing import List

import pytest
from absl.testing import flagsaver

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


def test_user_error_ends_with_its_message_and_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def main(_: flags.Arguments) -> None:
        raise UserError("x.config:1:1: model_dir: must be set")

    flags.define()
    monkeypatch.setattr("sys.argv", ["program"])
    with pytest.raises(SystemExit) as caught:
        flags.run(main)
    assert caught.value.code == 2
    assert capsys.readouterr().err == "x.config:1:1: model_dir: must be set\n"


def test_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def main(_: flags.Arguments) -> None:
        raise KeyError("defect")

    flags.define()
    monkeypatch.setattr("sys.argv", ["program"])
    with pytest.raises(KeyError, match="defect"):
        flags.run(main)


def test_edits_come_from_json_then_overrides_then_flags() -> None:
    flags.define("model_dir", "batch_size", "asset_files")
    argv = ["program", "--batch_size=5", "--train_config.num_steps=100", "--asset_files=a,b"]
    with flagsaver.flagsaver():
        arguments = flags.parse([*argv, '--edit_config_json={"model_dir": "x"}', "--model_dir=y"])
    assert arguments.edits == (
        Edit("--edit_config_json", "model_dir", "x"),
        _override("train_config.num_steps", "100"),
        Edit("--model_dir", "model_dir", "y", is_text=True),
        Edit("--batch_size", "data_config.batch_size", "5", is_text=True),
        Edit("--asset_files", "export_config.asset_files", ["a", "b"]),
    )


def test_argument_that_is_no_flag_is_refused() -> None:
    flags.define()
    with pytest.raises(UserError, match=r"x\.config: not a flag; all arguments are --flags"):
        flags.parse(["program", "x.config"])
