"""`python -m easy_esmm.compare` as a user runs it, on a model of three features."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from easy_esmm import compare, flags, training
from easy_esmm.errors import UserError

CONFIG = """
train_config { optimizer_config { lazy_adam_optimizer {
  learning_rate { constant_learning_rate { learning_rate: 0.01 } } } } }
data_config {
  input_type: CSVInput with_header: true batch_size: 256 num_epochs: 1
  label_fields: ["conversion", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "conversion" input_type: INT32 }
  input_fields { input_name: "206" }
  input_fields { input_name: "508" }
}
feature_config {
  features { input_names: "206" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 500 }
  features { input_names: "508" feature_type: TagFeature embedding_dim: 4 hash_bucket_size: 500
             separator: "|" kv_separator: ":" }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["206", "508"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" label_prior: 0.1
                dnn { hidden_units: 8 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "conversion"
                dnn { hidden_units: 8 use_bn: false } }
  }
}
"""
ROWS = "rows=4000,test_share=.5,click_rate=.3,conv_rate=.3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two configs; `masked` writes no label_prior."""
    path = tmp_path_factory.mktemp("compare")
    (path / "esmm.config").write_text(CONFIG)
    masked = CONFIG.replace("  esmm {", "  esmm { click_masked_cvr_weight: 0.5")
    (path / "masked.config").write_text(masked)
    return path


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """The folders that are trained in, as they come."""
    folders: List[str] = []
    train = training.train

    def counted(pipeline, **arguments):  # type: ignore[no-untyped-def]
        folders.append(pipeline.config.model_dir)
        return train(pipeline, **arguments)

    monkeypatch.setattr(training, "train", counted)
    return folders


def call(*arguments: str) -> None:
    compare.main(flags.parse(compare.FLAGS, ["compare", *arguments]))


def runs(folder: str) -> Dict[Tuple[str, int], Dict[str, str]]:
    with Path(folder, "runs.csv").open(newline="") as file:
        return {(row["config"], int(row["seed"])): row for row in csv.DictReader(file)}


def test_runs_are_paired_kept_and_never_done_twice(
    folder: Path, trained: List[str], capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--seeds=0,1", f"--simulate={ROWS}", "--output_dir=out", "--gradient_batches=2"]
    call("--configs=esmm.config,masked.config", *shared)
    captured = capsys.readouterr()
    assert len(trained) == 4
    assert "[4/4] masked, seed 1: CTR " in captured.err
    assert "00:00 left" in captured.err
    assert "seesaw: for all three tasks add BASE (model_class ClickSpace" in captured.out
    first = runs("out")
    assert set(first) == {("esmm", 0), ("esmm", 1), ("masked", 0), ("masked", 1)}
    # Models are gone, their results are not; the rows of a seed were simulated once.
    assert list(Path("out/models").iterdir()) == []
    assert len(list(Path("out/data").iterdir())) == 2
    # The interval of a difference is that of the two runs' files.
    summary = json.loads(Path("out/comparison.json").read_text())["summary"]
    (row,) = [r for r in summary if (r["config"], r["measure"]) == ("masked", "truth_cvr_regret")]
    regret = [
        float(first["masked", s]["truth_cvr_regret"]) - float(first["esmm", s]["truth_cvr_regret"])
        for s in (0, 1)
    ]
    assert row["difference"] == pytest.approx(sum(regret) / 2, abs=1e-12)
    # deviation / sqrt(2) of two values is half their distance
    assert row["standard_error"] == pytest.approx(abs(regret[0] - regret[1]) / 2, abs=1e-12)
    assert all(-1 <= float(r["gradient_cosine"]) <= 1 for r in first.values())

    # A third contestant, the first under another name: only its runs are done, on the same rows, in
    # a process that has trained before, and every figure is equal to the last bit.
    trained.clear()
    call("--configs=esmm.config,masked.config,again=esmm.config", *shared)
    assert len(trained) == 2
    assert "[1/6] esmm, seed 0: done before" in capsys.readouterr().err
    second = runs("out")
    for seed in (0, 1):
        assert second["esmm", seed] == first["esmm", seed]
        assert {**second["again", seed], "config": "esmm"} == first["esmm", seed]


def test_a_changed_config_is_run_anew_and_a_run_that_fails_leaves_the_others(
    trained: List[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.config").write_text(
        CONFIG.replace("train_config {", 'train_config { fine_tune_checkpoint: "nowhere"')
    )
    arguments = ["--seeds=3", f"--simulate={ROWS}", "--output_dir=other", "--gradient_batches=0"]
    with pytest.raises(UserError, match=r"not all runs succeeded:\nbroken, seed 3: .*nowhere"):
        call("--configs=broken.config,esmm.config", "--reference=esmm", *arguments)
    captured = capsys.readouterr()
    assert "[1/2] broken, seed 3: FAILED: " in captured.err
    assert "failed: broken, seed 3: " in captured.out
    assert set(runs("other")) == {("esmm", 3)}
    trained.clear()
    call("--configs=esmm.config", "--train_config.num_steps=2", *arguments)
    assert len(trained) == 1
    call("--configs=esmm.config", *arguments)  # as before: its result is still there
    assert len(trained) == 1


def test_simulated_parquet_is_read_by_a_config_for_csv(trained: List[str]) -> None:
    # In the order of the files, which the formats would shuffle each in its own way.
    arguments = ["--configs=esmm.config", "--seeds=0", f"--simulate={ROWS}", "--keep_models"]
    arguments += ["--data_config.shuffle=false", "--gradient_batches=0"]
    call(*arguments, "--output_dir=csv")
    call(*arguments, "--output_dir=parquet", "--data_config.input_type=ParquetInput")
    config = Path(trained[1], "pipeline.config").read_text()
    assert 'input_name: "508_weight"' in config
    assert "kv_separator" not in config
    # The prior that the config sets becomes the simulation's; the other tower has none.
    assert config.count("label_prior") == config.count("label_prior: 0.3") == 1
    from_csv, from_parquet = runs("csv")["esmm", 0], runs("parquet")["esmm", 0]
    for key in ("auc_ctr", "log_loss_ctcvr", "truth_cvr_bias"):
        # CSV holds weights with five decimals.
        assert float(from_parquet[key]) == pytest.approx(float(from_csv[key]), rel=1e-4), key


def test_files_of_the_configs_own_are_compared_without_truth(
    trained: List[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (data,) = Path("out/data").glob("seed0-*")
    call(
        "--configs=esmm.config",
        f"--train_input_path={data}/train/*.csv",
        f"--eval_input_path={data}/test/*.csv",
        "--seeds=7",
        "--output_dir=own",
        "--gradient_batches=0",
    )
    assert len(trained) == 1
    assert "planted" not in capsys.readouterr().out
    assert "truth_cvr_regret" not in runs("own")["esmm", 7]


@pytest.mark.slow
def test_worker_processes_share_the_runs_and_tell_of_failures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = CONFIG.replace("train_config {", 'train_config { fine_tune_checkpoint: "nowhere"')
    Path("broken.config").write_text(broken)
    arguments = [f"--simulate={ROWS}", "--gradient_batches=0", "--seeds=0,1"]
    arguments += [f"--train_config.int{kind}_op_parallelism_threads=1" for kind in ("er", "ra")]
    with pytest.raises(UserError) as caught:
        call("--configs=esmm.config,broken.config", "--jobs=2", "--output_dir=two", *arguments)
    for seed in (0, 1):
        assert f"\nbroken, seed {seed}: " in str(caught.value)
    call("--configs=esmm.config", "--output_dir=one", *arguments)
    capsys.readouterr()
    assert runs("two") == runs("one")
