"""The programs as a user runs them: train, evaluate, export, predict, and what they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Iterator, List

import numpy as np
import pandas as pd
import pytest

from easy_esmm import evaluate, export, flags, predict, train
from easy_esmm.compat import v1
from easy_esmm.config import ConfigError
from easy_esmm.errors import UserError

CONFIG = """
train_input_path: "train.csv"
eval_input_path: "eval.csv"
model_dir: "model"
train_config {
  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate {} } } }
  num_steps: 6
  save_checkpoints_steps: 3
  log_step_count_steps: 2
}
data_config {
  with_header: true
  batch_size: 50
  label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" }
  input_fields { input_name: "hour" input_type: INT32 }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 100 }
  features { input_names: "hour" feature_type: IdFeature embedding_dim: 4 num_buckets: 12 }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "hour"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 8 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 8 use_bn: false } }
  }
}
"""
ROWS = 120
CLONE = str(Path(__file__).resolve().parents[1])


def rows(size: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    click = random.random(size) < 0.5
    return pd.DataFrame(
        {
            "user": [f"u{i}" for i in random.integers(0, 30, size)],
            "click": click.astype(int),
            "buy": (click & (random.random(size) < 0.5)).astype(int),
            "hour": random.integers(0, 24, size),  # half of them outside the 12 buckets
            "note": "surplus",
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with config and rows, in which a model was trained."""
    path = tmp_path_factory.mktemp("commands")
    (path / "x.config").write_text(CONFIG)
    rows(300, 1).to_csv(path / "train.csv", index=False)
    rows(ROWS, 2).to_csv(path / "eval.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        call(train, "--pipeline_config=x.config")
    return path


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    return


def call(program: ModuleType, *arguments: str) -> None:
    """Runs a program's main in this process: importing TensorFlow costs 6 s."""
    program.main(flags.parse(program.FLAGS, ["program", *arguments]))


def lines(capsys: pytest.CaptureFixture[str]) -> List[str]:
    return capsys.readouterr().out.splitlines()


def test_train_refuses_a_folder_in_use_and_continues_when_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--pipeline_config=x.config", "--model_dir=second", "--train_config.num_steps=2"]
    call(train, *arguments)
    assert "checkpoint: second/model.ckpt-2" in lines(capsys)
    with pytest.raises(UserError, match="model_dir: second is not empty; give another"):
        call(train, *arguments)
    call(train, *arguments, "--train_config.num_steps=3", "--continue_train")
    assert "checkpoint: second/model.ckpt-3" in lines(capsys)
    assert "num_steps: 3" in (folder / "second" / "pipeline.config").read_text()


def test_training_goes_without_evaluation_where_no_rows_are_set_apart(folder: Path) -> None:
    call(train, "--pipeline_config=x.config", "--model_dir=alone", "--eval_input_path=")
    names = {path.name for path in (folder / "alone").iterdir()}
    assert {"model.ckpt-6.index", "export"} <= names
    assert "eval_val" not in names


def test_evaluate_prints_a_table_and_writes_all_metrics(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(evaluate, "--pipeline_config=x.config")
    metrics = json.loads((folder / "model" / "eval_result.txt").read_text())
    labels = rows(ROWS, 2)
    assert metrics["count/impressions"] == ROWS
    assert metrics["count/clicks"] == labels["click"].sum()
    assert metrics["count/conversions"] == labels["buy"].sum()
    assert metrics["global_step"] == 6
    assert metrics["out_of_range/hour"] == pytest.approx((labels["hour"] >= 12).mean())
    printed = lines(capsys)
    titles = ["task", "rows", "positives", "AUC", "s.e.", "pred/obs"]
    assert printed[0].split() == titles
    assert printed[1].startswith("CTR, all impressions")
    assert f"{metrics['auc_ctr']:.4f}" in printed[1]
    assert printed[-1] == "all metrics: model/eval_result.txt"


def test_scores_of_checkpoint_and_saved_model_agree_row_by_row(folder: Path) -> None:
    Path("notes.txt").write_text("beside the model")
    call(export, "--pipeline_config=x.config", "--export_dir=exported", "--asset_files=notes.txt")
    (assets,) = Path("exported").glob("*/assets")
    assert (assets / "notes.txt").read_text() == "beside the model"
    assert "asset_files" in (assets / "pipeline.config").read_text()
    shared = ["--pipeline_config=x.config", "--input_path=eval.csv"]
    call(predict, *shared, "--output_path=a.csv", "--reserved_cols=note,user,click")
    alone = ["--input_path=eval.csv", "--saved_model_dir=exported"]  # with the config in its assets
    call(predict, *alone, "--output_path=b.parquet")
    a, b = pd.read_csv("a.csv"), pd.read_parquet("b.parquet")
    outputs = ["logits_ctr", "logits_cvr", "probs_ctr", "probs_ctcvr", "probs_cvr"]
    assert sorted(b.columns) == sorted(outputs)
    assert list(a["user"]) == list(rows(ROWS, 2)["user"])
    assert list(a["click"]) == list(rows(ROWS, 2)["click"])
    assert set(a["note"]) == {"surplus"}
    np.testing.assert_allclose(a[outputs], b[outputs], atol=1e-6)
    np.testing.assert_allclose(a["probs_ctcvr"], a["probs_ctr"] * a["probs_cvr"], rtol=1e-5)


@pytest.mark.parametrize("model", [[], ["--saved_model_dir=exported"]])
def test_a_copied_column_with_the_name_of_a_score_is_refused(model: List[str]) -> None:
    if model and not Path("exported").exists():
        call(export, "--pipeline_config=x.config", "--export_dir=exported")
    rows(4, 2).assign(probs_ctr=0.5).to_csv("earlier.csv", index=False)
    with pytest.raises(UserError) as caught:
        call(
            predict,
            "--pipeline_config=x.config",
            "--input_path=earlier.csv",
            "--output_path=earlier_scores.csv",
            "--reserved_cols=user,probs_ctr",
            *model,
        )
    assert str(caught.value) == (
        "--reserved_cols: probs_ctr: the model's own scores have that name; rename the column in "
        "the input"
    )
    assert not Path("earlier_scores.csv").exists()


def test_scoring_needs_no_labels_and_writes_only_what_was_asked_for() -> None:
    rows(ROWS, 2).drop(columns=["click", "buy"]).to_csv("unlabelled.csv", index=False)
    call(
        predict,
        "--pipeline_config=x.config",
        "--input_path=unlabelled.csv",
        "--output_path=c.csv",
        "--reserved_cols=user",
        "--output_cols=probs_cvr",
    )
    assert list(pd.read_csv("c.csv").columns) == ["user", "probs_cvr"]


def test_the_models_own_pctr_as_the_common_one_gives_its_own_ctcvr_auc(folder: Path) -> None:
    shared = ["--pipeline_config=x.config", "--input_path=eval.csv"]
    call(predict, *shared, "--output_path=own.parquet", "--output_cols=probs_ctr")
    call(evaluate, "--pipeline_config=x.config", "--common_pctr=own.parquet")
    metrics = json.loads((folder / "model" / "eval_result.txt").read_text())
    assert metrics["auc_ctcvr_common_pctr"] == pytest.approx(metrics["auc_ctcvr"], abs=1e-4)
    assert metrics["auc_ctcvr_common_pctr_se"] == pytest.approx(metrics["auc_ctcvr_se"], rel=0.05)


@pytest.mark.parametrize(
    ("program", "arguments", "message"),
    [
        (export, [], "--export_dir: must name the folder for the SavedModel"),
        (predict, [], "--input_path: must be given"),
        (
            predict,
            ["--input_path=eval.csv", "--output_path=x.txt"],
            "output_path: must end in .csv or .parquet, got 'x.txt'",
        ),
        (
            predict,
            ["--input_path=eval.csv", "--output_path=x.csv", "--output_cols=probs_buy"],
            "--output_cols: probs_buy: the model gives logits_ctr, logits_cvr, probs_ctcvr, "
            "probs_ctr, probs_cvr",
        ),
        (
            predict,
            ["--input_path=eval.csv", "--output_path=x.csv", "--saved_model_dir=nowhere"],
            "saved_model_dir: nowhere holds no saved_model.pb",
        ),
        (evaluate, ["--model_dir=nowhere"], "model_dir: no checkpoint in nowhere; train first"),
        (
            evaluate,
            ["--checkpoint_path=model/model.ckpt-7"],
            "checkpoint_path: no checkpoint at model/model.ckpt-7; give .../model.ckpt-STEP",
        ),
        (evaluate, ["--truth=eval.csv"], "eval.csv"),
        (
            train,
            ["--continue_train"],
            "train_config.num_steps: model has been trained for 6 steps already, got 6; raise "
            "num_steps to train on",
        ),
    ],
)
def test_user_errors_say_what_to_mend(
    program: ModuleType, arguments: List[str], message: str
) -> None:
    with pytest.raises(UserError) as raised:
        call(program, "--pipeline_config=x.config", *arguments)
    assert message in str(raised.value)
    assert str(raised.value).count("\n") <= 2


def test_scores_are_those_of_the_checkpoint_that_was_asked_for() -> None:
    shared = ["--pipeline_config=x.config", "--input_path=eval.csv", "--output_cols=probs_ctr"]
    # Without a model_dir: the checkpoint's folder is enough.
    first = ["--model_dir=", "--checkpoint_path=model/model.ckpt-3"]
    call(predict, *shared, "--output_path=step3.csv", *first)
    call(predict, *shared, "--output_path=step6.csv")
    step3, step6 = (pd.read_csv(f"step{step}.csv")["probs_ctr"] for step in (3, 6))
    assert (step3 != step6).all()
    call(evaluate, "--pipeline_config=x.config", "--checkpoint_path=model/model.ckpt-3",
         "--eval_result_path=step3.json")  # fmt: skip
    metrics = json.loads(Path("model/step3.json").read_text())
    assert metrics["global_step"] == 3
    assert metrics["mean_pctr"] == pytest.approx(step3.mean(), abs=1e-6)


@pytest.mark.parametrize("program", [train, evaluate, predict, export])
def test_a_config_that_does_not_fit_the_checkpoint_is_refused_and_nothing_is_lost(
    program: ModuleType, folder: Path
) -> None:
    flags_of = {
        train: ["--continue_train", "--accept_changes", "--train_config.num_steps=9"],
        evaluate: [],
        predict: ["--input_path=eval.csv", "--output_path=n.csv"],
        export: ["--export_dir=n"],
    }
    before = (folder / "model" / "pipeline.config").read_text()
    size = "--feature_config.features[input_names=user].hash_bucket_size=200"
    with pytest.raises(UserError) as raised:
        call(program, "--pipeline_config=x.config", size, *flags_of[program])
    message = str(raised.value)
    assert message.startswith("the config does not fit model/model.ckpt-6: embedding/all/user")
    assert "is [200, 4] in the config, [100, 4] in the checkpoint" in message
    assert (folder / "model" / "pipeline.config").read_text() == before


def test_a_damaged_checkpoint_is_named(folder: Path) -> None:
    shutil.copytree("model", "damaged")
    index = folder / "damaged" / "model.ckpt-6.index"
    index.write_bytes(index.read_bytes()[:50])
    with pytest.raises(UserError, match=r"^damaged/model.ckpt-6: cannot be read as a checkpoint: "):
        call(evaluate, "--pipeline_config=x.config", "--model_dir=damaged")


def test_rows_that_are_all_left_out_are_no_success(folder: Path) -> None:
    bad = rows(3, 6).astype(str)
    bad["hour"] = "noon"
    bad.to_csv("all_bad.csv", index=False)
    shared = ["--pipeline_config=x.config", "--data_config.ignore_error=true"]
    with pytest.raises(UserError, match="held no row that could be read"):
        call(evaluate, *shared, "--eval_input_path=all_bad.csv")
    with pytest.raises(UserError, match="holds no row that could be read"):
        call(predict, *shared, "--input_path=all_bad.csv", "--output_path=none.csv")
    assert not (folder / "none.csv").exists()


def test_a_value_that_a_feature_cannot_read_is_named_with_its_place(folder: Path) -> None:
    table = rows(60, 7)
    table["user"] = "a:much"
    table.to_csv("weights.csv", index=False)
    tags = "features[input_names=user]"
    with pytest.raises(UserError) as raised:
        call(
            train,
            "--pipeline_config=x.config",
            "--model_dir=m5",
            "--train_input_path=weights.csv",
            f"--feature_config.{tags}.feature_type=TagFeature",
            f"--feature_config.{tags}.kv_separator=:",
        )
    assert str(raised.value) == (
        "weights.csv:2: feature user cannot read column 'user' = 'a:much': must hold finite "
        "numbers of at most 31 characters; fix the row or set data_config.ignore_error"
    )


def test_litter_of_a_killed_save_is_removed_and_the_rate_is_in_tensorboard(folder: Path) -> None:
    arguments = ["--pipeline_config=x.config", "--model_dir=killed", "--train_config.num_steps=2"]
    call(train, *arguments)
    litter = folder / "killed" / "model.ckpt-3_temp"
    litter.mkdir()
    (litter / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"half")
    half = folder / "killed" / "pipeline.config.unfinished-4194305"  # no process has this number
    half.write_text("half")
    call(train, *arguments, "--train_config.num_steps=4", "--continue_train")
    assert not litter.exists()
    assert not half.exists()
    tags = {
        value.tag
        for path in (folder / "killed").glob("events.*")
        for event in v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    assert {"examples_per_second", "loss", "learning_rate/learning_rate"} <= tags


def test_a_result_file_in_no_folder_is_refused_before_the_evaluation() -> None:
    with pytest.raises(UserError, match="--eval_result_path: no folder /nowhere"):
        call(evaluate, "--pipeline_config=x.config", "--eval_result_path=/nowhere/x.txt")


def test_files_are_checked_before_anything_is_built(folder: Path) -> None:
    rows(20, 3).drop(columns="hour").to_csv("narrow.csv", index=False)
    with pytest.raises(ConfigError, match=r"hour"):
        call(train, "--pipeline_config=x.config", "--model_dir=m2", "--train_input_path=narrow.csv")
    with pytest.raises(ConfigError, match=r"^--train_input_path: nothing\.csv: matches no file"):
        call(
            train,
            "--pipeline_config=x.config",
            "--model_dir=m2",
            "--eval_input_path=eval.csv",
            "--edit_config_json",
            '{"data_config.batch_size": 10}',
            "--train_input_path=nothing.csv",
        )
    assert not (folder / "m2").exists()


@pytest.mark.parametrize("summary_steps", [1, 1000])
def test_a_loss_that_is_not_a_number_ends_training_with_advice(
    folder: Path, summary_steps: int
) -> None:
    rate = "optimizer_config[0].lazy_adam_optimizer.learning_rate.constant_learning_rate"
    with pytest.raises(
        UserError, match=r"^the loss became NaN or infinite; lower the learning rate"
    ):
        call(
            train,
            "--pipeline_config=x.config",
            f"--model_dir=nan{summary_steps}",
            f"--train_config.save_summary_steps={summary_steps}",
            "--edit_config_json",
            json.dumps({f"train_config.{rate}.learning_rate": 1e30}),
        )


def test_an_empty_pass_is_an_error_and_not_a_success(folder: Path) -> None:
    rows(1, 5).head(0).to_csv("empty.csv", index=False)
    with pytest.raises(ConfigError, match=r"empty\.csv"):
        call(train, "--pipeline_config=x.config", "--model_dir=m4", "--train_input_path=empty.csv")


def test_a_bad_row_ends_training_with_its_place_and_no_traceback(folder: Path) -> None:
    bad = rows(200, 4).astype(str)
    bad.loc[150, "hour"] = "noon"
    bad.to_csv("bad.csv", index=False)
    command = [sys.executable, "-m", "easy_esmm.train", "--pipeline_config=x.config"]
    done = subprocess.run(
        [*command, "--model_dir=m3", "--train_input_path=bad.csv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": CLONE},
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.strip().splitlines()[-1]
    rule = "must be a whole number, got 'noon'"
    assert message.startswith(f"bad.csv:152: column 'hour' (INT32): {rule}"), done.stderr
