"""What a user got wrong in a path or a file is told before TensorFlow is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.test_commands import CLONE, CONFIG, rows

_PROGRAM = """
import importlib, json, sys
from easy_esmm import flags
from easy_esmm.errors import UserError
for name, arguments in json.load(sys.stdin):
    program = importlib.import_module(f"easy_esmm.{name}")
    try:
        config = ["--pipeline_config=x.config"] if "pipeline_config" in program.FLAGS else []
        line = [name, *config, *arguments]
        program.main(flags.parse(program.FLAGS, line, positional=name == "serve"))
        message = "went through"
    except UserError as error:
        message = str(error)
    print(json.dumps([message, "tensorflow" in sys.modules]))
"""
_NOWHERE = "nowhere*.csv: matches no file"
_EMPTY = "no row in 1 file(s), the first being empty.csv"
_SHORT = (
    "x.config:17:18: data_config.input_fields[2].input_name: short.csv: the header has no column "
    "'user'"
)
_SEPARATOR = (
    "--data_config.separator: {}.csv: the header has one column; separator: ',' would give 5"
)
_NOWHERE_TO_TRAIN = f"--train_input_path: {_NOWHERE}"
_VOCABULARIES = "--output_dir=vocabularies"
_SCORES = "--output_path=scores.csv"
_MODEL = "--export_dir=exported"
CASES = [
    ("train", ["--train_input_path=nowhere*.csv"], f"--train_input_path: {_NOWHERE}"),
    ("train", ["--eval_input_path=empty.csv"], f"--eval_input_path: {_EMPTY}"),
    ("train", ["--eval_input_path=short.csv"], _SHORT),
    ("train", ["--data_config.separator=;"], _SEPARATOR.format("train")),
    ("train", ["--data_config.label_fields[0]=bought"], "--data_config.label_fields[0]: must be a"),
    ("train", ["--dry_run", "--train_input_path=empty.csv"], f"--train_input_path: {_EMPTY}"),
    ("train", ["--dry_run"], "went through"),
    ("evaluate", ["--eval_input_path=nowhere*.csv"], f"--eval_input_path: {_NOWHERE}"),
    ("evaluate", ["--data_config.separator=;"], _SEPARATOR.format("eval")),
    ("report", ["--output=page.html", "--eval_input_path=short.csv"], _SHORT),
    ("predict", ["--input_path=nowhere*.csv", _SCORES], f"--input_path: {_NOWHERE}"),
    ("predict", ["--input_path=short.csv", _SCORES], _SHORT),
    (
        "predict",
        ["--input_path=eval.csv", _SCORES, "--reserved_cols=absent"],
        "--reserved_cols: eval.csv: the header has no column 'absent'",
    ),
    ("export", [_MODEL, "--warmup_path=nowhere*.csv"], f"--warmup_path: {_NOWHERE}"),
    ("export", [_MODEL, "--warmup_path=short.csv"], _SHORT),
    ("calibrate", ["--input_path=nowhere*.csv"], f"--input_path: {_NOWHERE}"),
    ("calibrate", ["--input_path=short.csv"], _SHORT),
    ("evaluate", ["--truth=absent.parquet"], "absent.parquet: no such file; a simulation writes"),
    (
        "vocabulary",
        [_VOCABULARIES, "--features=user", "--input_path=nowhere*.csv"],
        f"--input_path: {_NOWHERE}",
    ),
    (
        "vocabulary",
        [_VOCABULARIES, "--features=user", "--input_path=short.csv"],
        "x.config:12:3: data_config.with_header: short.csv: the first line names no column that is",
    ),
    (
        "vocabulary",
        [_VOCABULARIES, "--features=user", "--train_input_path=nowhere*.csv"],
        f"--train_input_path: {_NOWHERE}",
    ),
    ("vocabulary", [_VOCABULARIES, "--features=absent"], "--features: must be names of features"),
    (
        "vocabulary",
        [_VOCABULARIES, "--features=user", "--base=absent"],
        "--base: must be a folder of vocabularies, got absent",
    ),
    (
        "vocabulary",
        [_VOCABULARIES, "--features=user", "--output_config=absent/new.config"],
        "--output_config: no folder absent",
    ),
    ("compare", ["--configs=x.config", "--train_input_path=nowhere*.csv"], _NOWHERE_TO_TRAIN),
    ("compare", ["--configs=x.config", "--eval_input_path=short.csv"], _SHORT),
    ("serve", ["absent"], "absent: no SavedModel, and no numbered folder with one"),
    ("serve", ["served", "--version_labels=canary=2"], "--version_labels: canary: no version 2 in"),
    ("check", ["--train_config.num_steps=-1"], "--train_config.num_steps: must be"),
]


def test_wrong_paths_files_and_settings_are_refused_without_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "x.config").write_text(CONFIG)
    rows(300, 1).to_csv(tmp_path / "train.csv", index=False)
    rows(120, 2).to_csv(tmp_path / "eval.csv", index=False)
    rows(9, 2).drop(columns="user").to_csv(tmp_path / "short.csv", index=False)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "served" / "1").mkdir(parents=True)
    (tmp_path / "served" / "1" / "saved_model.pb").touch()
    # One process for all, since a module that was imported stays so.
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([[name, arguments] for name, arguments, _ in CASES]),
        env={**os.environ, "PYTHONPATH": CLONE},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith("[")]
    for (name, arguments, expected), line in zip(CASES, lines):
        message, has_tensorflow = json.loads(line)
        assert message.startswith(expected), (name, arguments, message)
        assert not has_tensorflow, (name, arguments)
    assert len(lines) == len(CASES)
    assert not (tmp_path / "model").exists()
