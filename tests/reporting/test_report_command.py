"""`report` and `evaluate --report` on a trained model."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import ModuleType
from typing import Iterator

import numpy as np
import pandas as pd
import pytest

from easy_esmm import evaluate, flags, report, train
from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.reporting import collect
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.page import page

CONFIG = """
train_input_path: "rows.csv"
eval_input_path: "rows.csv"
model_dir: "model"
train_config {
  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate {} } } }
  num_steps: 6 save_summary_steps: 2 save_checkpoints_steps: 3
}
data_config {
  with_header: true batch_size: 100 label_fields: ["buy", "click"] sample_weight: "weight"
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "weight" input_type: FLOAT }
  input_fields { input_name: "user" }
  input_fields { input_name: "hour" input_type: INT32 }
  input_fields { input_name: "tags" }
  input_fields { input_name: "price" input_type: FLOAT }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 100 }
  features { input_names: "hour" feature_type: IdFeature embedding_dim: 4 num_buckets: 24 }
  features { input_names: "tags" feature_type: TagFeature embedding_dim: 4 num_buckets: 5 }
  features { input_names: "price" feature_type: RawFeature }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "hour", "tags", "price"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 8 use_bn: false }
      metrics_set { auc {} } metrics_set { gauc { uid_field: "user" } } }
    cvr_tower { tower_name: "buy" label_name: "buy" dnn { hidden_units: 8 use_bn: false }
      metrics_set { auc {} } }
  }
}
"""
STRANGE = "<script>alert(1)</script>\N{SNOWMAN}"
ROWS = 450


def rows() -> pd.DataFrame:
    random = np.random.default_rng(3)
    click = random.random(ROWS) < 0.5
    users = random.integers(0, 30, ROWS)
    return pd.DataFrame(
        {
            "user": [STRANGE if u == 7 else f"u{u}" for u in users],
            "shop": [f"s{u % 4}" for u in users],
            "click": click.astype(int),
            "buy": (click & (random.random(ROWS) < 0.5)).astype(int),
            "weight": random.integers(0, 3, ROWS),
            "hour": random.integers(0, 24, ROWS),
            "tags": ["|".join(map(str, random.integers(0, 5, n))) for n in users % 4],
            "price": random.random(ROWS),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with config and rows, in which a model was trained."""
    path = tmp_path_factory.mktemp("report")
    (path / "x.config").write_text(CONFIG)
    rows().to_csv(path / "rows.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        # TensorFlow keeps writers by their folders' names, and `model` was another test's, too.
        v1.summary.FileWriterCache.clear()
        call(train, "--pipeline_config=x.config")
    return path


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    return


def call(program: ModuleType, *arguments: str) -> None:
    """Runs a program's main in this process."""
    program.main(flags.parse(program.FLAGS, ["program", *arguments]))


def test_evaluate_writes_a_page_of_the_same_pass_as_its_metrics(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def remembered(of: Evaluated) -> str:
        drawn.append(of)
        return page(of)

    monkeypatch.setattr("easy_esmm.reporting.write.page", remembered)
    call(evaluate, "--pipeline_config=x.config", "--report=r.html")
    assert capsys.readouterr().out.splitlines()[-1] == "report: r.html"
    metrics = json.loads((folder / "model" / "eval_result.txt").read_text())
    text = (folder / "r.html").read_text(encoding="utf-8")
    assert "<script" not in text
    # The areas of the curves are the AUCs of the evaluation, weights and ties included.
    areas = re.findall(r"</svg>AUC ([\d.]+) \(s\.e\. ([\d.]+)\)", text)
    keys = ("auc_ctr", "auc_buy_masked", "auc_ctcvr")
    assert areas == [(f"{metrics[k]:.4f}", f"{metrics[k + '_se']:.4f}") for k in keys]
    (of,) = drawn
    _check_rows(of)
    _check_training(of)
    _check_tables(of, folder)


def _check_rows(of: Evaluated) -> None:
    frame = rows()
    assert of.rows.labels["click"].tolist() == frame["click"].tolist()
    assert of.rows.weight.tolist() == frame["weight"].tolist()
    assert list(of.columns) == ["user", "hour"]  # one value a row, and no float
    for name in ("user", "hour"):
        column = of.columns[name]
        assert [column.values[code] for code in column.codes] == frame[name].astype(str).tolist()
    # Two rows share a user's number just where they share the user; the gauc metric names it.
    assert of.user_column == "user"
    assert of.rows.user is not None
    pairs = set(zip(of.rows.user.tolist(), frame["user"]))
    assert len(pairs) == frame["user"].nunique() == len(set(of.rows.user.tolist()))
    pctr, pcvr, pctcvr = (of.rows.predictions[name] for name in ("ctr", "buy", "ctcvr"))
    np.testing.assert_allclose(pctcvr, pctr * pcvr, rtol=1e-5)
    np.testing.assert_allclose(pctr, 1 / (1 + np.exp(-of.rows.logits["ctr"])), rtol=1e-5)


def _check_training(of: Evaluated) -> None:
    assert [step for step, _ in of.training["loss/total_with_regularization"]] == [1, 3, 5]
    assert [step for step, _ in of.evaluations["auc_ctr"]] == [3, 6]


def _check_tables(of: Evaluated, folder: Path) -> None:
    by_name = {table.name: table for table in of.tables}
    assert sorted(by_name) == [f"embedding/all/{name}" for name in ("hour", "tags", "user")]
    reader = v1.train.NewCheckpointReader(str(folder / "model" / "model.ckpt-6"))
    tags = [int(tag) for cell in rows()["tags"] for tag in cell.split("|") if tag]
    hours = rows()["hour"].tolist()
    for name, ids, size in (("tags", tags, 5), ("hour", hours, 24)):
        norms = np.linalg.norm(reader.get_tensor(f"embedding/all/{name}"), axis=1)
        counts = np.bincount(ids, minlength=size)
        table = by_name[f"embedding/all/{name}"]
        assert sum(group.rows for group in table.groups) == size
        for group in table.groups:
            inside = (counts >= group.first) & (counts <= group.last)
            assert group.rows == inside.sum()
            assert group.mean == pytest.approx(norms[inside].mean(), rel=1e-5)


def test_report_needs_the_model_dir_alone_and_takes_any_column_for_the_user(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Without event files, and moved away from where it was trained.
    shutil.copytree(folder / "model", folder / "moved")
    for path in (*(folder / "moved").rglob("*tfevents*"),):
        path.unlink()
    call(report, "--model_dir=moved", "--user_column=shop")
    assert capsys.readouterr().out.splitlines()[-1] == "report: moved/report.html"
    text = (folder / "moved" / "report.html").read_text(encoding="utf-8")
    assert "Report on moved" in text
    assert "The model_dir holds no event files" in text
    assert "users of the column shop" in text
    assert "<b>4</b><span>users</span>" in text


def test_report_refuses_what_it_cannot_read_or_write(folder: Path) -> None:
    for arguments, message in (
        ([], r"--model_dir: must name the folder of the training"),
        (["--model_dir=none"], r"^--model_dir: no such folder, got none$"),
        (["--model_dir=model/eval_val"], r"no pipeline.config in model/eval_val; train first$"),
        (["--model_dir=."], r"^--model_dir: no pipeline.config in \.; did you mean \./model\?$"),
        (["--model_dir=model", "--output=no/r.html"], r"--output: no folder no"),
        (["--model_dir=model", "--output=model"], r"--output: model is a folder; name a file"),
        (
            ["--model_dir=model", "--user_column=usr"],
            r"^--user_column: rows.csv: the header has no column 'usr' \(it has user, shop, click, "
            r"buy, weight, hour, tags, price\); did you mean user\?$",
        ),
    ):
        with pytest.raises(UserError, match=message):
            call(report, *arguments)
    config = "--pipeline_config=x.config"
    with pytest.raises(UserError, match=r"--report: no folder no"):
        call(evaluate, config, "--report=no/r.html")
    with pytest.raises(UserError, match=r"--user_column: has no effect without --report FILE"):
        call(evaluate, config, "--user_column=user")
    with pytest.raises(UserError, match=r"^--user_column: rows.csv: the header has no column 'usr"):
        call(evaluate, config, "--report=r.html", "--user_column=usr")


def test_value_columns_and_several_values_are_not_sliced() -> None:
    from easy_esmm.config import load

    assert collect.sliced_columns(load("x.config", (), "train").config) == ["user", "hour"]
