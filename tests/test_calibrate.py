"""`calibrate` on a trained model: what it writes, where that is applied, and what it refuses."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from easy_esmm import calibrate, evaluate, export, flags, predict, train, training
from easy_esmm.calibration import file
from easy_esmm.calibration.calibration import Calibration
from easy_esmm.compat import v1
from easy_esmm.config import load
from easy_esmm.errors import UserError
from easy_esmm.estimator import calibrations
from easy_esmm.reporting.write import evaluate_and_report

CONFIG = """
train_input_path: "train.csv"
eval_input_path: "new.csv"
model_dir: "model"
train_config {
  optimizer_config {
    adam_optimizer { learning_rate { constant_learning_rate { learning_rate: .02 } } }
  }
}
data_config {
  with_header: true batch_size: 500 num_epochs: 3 label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "user" }
  input_fields { input_name: "page" input_type: INT32 }
  input_fields { input_name: "tags" }
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "note" }
}
feature_config {
  features { input_names: "user" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 100 }
  features { input_names: "page" feature_type: IdFeature embedding_dim: 4 num_buckets: 12 }
  features { input_names: "tags" feature_type: TagFeature embedding_dim: 4 num_buckets: 5 }
  features { input_names: "price" feature_type: RawFeature }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["user", "price", "tags"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 8 use_bn: false }
      metrics_set { gauc { uid_field: "user" } } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 8 use_bn: false } }
  }
}
"""
OUTPUTS = ["logits_ctr", "logits_cvr", "probs_ctcvr", "probs_ctr", "probs_cvr"]


def rows(size: int, seed: int) -> pd.DataFrame:
    """Rates that a user and a page decide; the model does not see the page."""
    random = np.random.default_rng(seed)
    user, page = random.integers(0, 30, size), random.integers(0, 4, size)
    click = random.random(size) < 1 / (1 + np.exp(-(user - 20) / 8 - (page - 1.5) * 0.6))
    buy = click & (random.random(size) < 1 / (1 + np.exp(-(user - 25) / 8 + (page - 1.5) * 0.6)))
    return pd.DataFrame(
        {
            "user": [f"u{u}" for u in user],
            "page": page,
            "tags": "1|2",
            "price": 1.0 + user / 30,
            "note": "n",
            "click": click.astype(int),
            "buy": buy.astype(int),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that was trained on other rates than those of the holdout."""
    path = tmp_path_factory.mktemp("calibrate")
    (path / "x.config").write_text(CONFIG)
    trained = rows(8_000, 1)
    # Half of the clicks are lost in the log that is trained on.
    is_lost = np.random.default_rng(4).random(len(trained)) < 0.5
    trained.loc[is_lost, ["click", "buy"]] = 0
    trained.to_csv(path / "train.csv", index=False)
    rows(12_000, 2).to_csv(path / "holdout.csv", index=False)
    rows(6_000, 3).to_csv(path / "new.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        call(train, "--pipeline_config=x.config")
    return path


@pytest.fixture(scope="module")
def fitted(folder: Path) -> str:
    """The text of the file that the holdout gives, by page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run("--field=page")
        return path_of_calibration().read_text()


@pytest.fixture(autouse=True)
def _inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(folder)
    yield
    path_of_calibration().unlink(missing_ok=True)


def call(program: ModuleType, *arguments: str) -> None:
    program.main(flags.parse(program.FLAGS, ["program", *arguments]))


def run(*arguments: str) -> None:
    call(calibrate, "--pipeline_config=x.config", "--input_path=holdout.csv", *arguments)


def path_of_calibration() -> Path:
    return Path(file.path_of(v1.train.latest_checkpoint("model")))


def scored(*arguments: str) -> pd.DataFrame:
    given = ["--pipeline_config=x.config", "--input_path=new.csv", "--output_path=out.parquet"]
    call(predict, *given, *arguments)
    return pd.read_parquet("out.parquet")


def metrics(*arguments: str) -> Dict[str, float]:
    call(evaluate, "--pipeline_config=x.config", *arguments)
    found: Dict[str, float] = json.loads(Path("model/eval_result.txt").read_text())
    return found


def test_rates_hold_on_new_rows_wherever_the_checkpoint_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain, before = scored(), metrics()
    assert before["pcoc_ctr"] < 0.7
    capsys.readouterr()
    run("--field=page")
    table = capsys.readouterr().out
    assert re.search(r"^CTR, all impressions +12,000 .* before +0\.[3-6]", table, re.MULTILINE)
    assert re.search(r"^ +after +(1\.0|0\.9)", table, re.MULTILINE)
    assert "by page: 4 values" in table

    after = metrics()
    for task in ("ctr", "ctcvr", "cvr_masked"):
        assert after[f"pcoc_{task}"] == pytest.approx(1, abs=0.08)
    assert after["log_loss_ctr"] < before["log_loss_ctr"]
    assert after["calibration/capped_share"] < 0.01
    assert after["loss"] == before["loss"]

    by_checkpoint = scored()
    assert sorted(by_checkpoint) == sorted([*OUTPUTS, *(f"uncalibrated_{n}" for n in OUTPUTS)])
    page = pd.read_csv("new.csv")["page"]
    observed = pd.read_csv("new.csv")["click"].groupby(page).mean()
    np.testing.assert_allclose(by_checkpoint["probs_ctr"].groupby(page).mean(), observed, rtol=0.12)
    pipeline = load("x.config", (), "predict")
    frame = training.score_frame(pipeline, pd.read_csv("new.csv"))
    np.testing.assert_array_equal(frame[by_checkpoint.columns], by_checkpoint)

    call(export, "--pipeline_config=x.config", "--export_dir=calibrated")
    by_model = scored("--saved_model_dir=calibrated")
    (card,) = Path("calibrated").glob("*/assets/model_card.json")
    assert json.loads(card.read_text())["calibration"]["field"] == "page"
    pd.testing.assert_frame_equal(by_model[by_checkpoint.columns], by_checkpoint)

    # One flag undoes it, to the last bit.
    for arguments in ([], ["--saved_model_dir=calibrated"]):
        pd.testing.assert_frame_equal(scored("--uncalibrated", *arguments), plain)
    for name in OUTPUTS:
        np.testing.assert_array_equal(by_checkpoint[f"uncalibrated_{name}"], plain[name])
    assert metrics("--uncalibrated") == before
    call(export, "--pipeline_config=x.config", "--export_dir=own", "--uncalibrated")
    pd.testing.assert_frame_equal(scored("--saved_model_dir=own"), plain)


def test_calibrating_twice_replaces_and_never_stacks(fitted: str, messages: List[str]) -> None:
    path_of_calibration().write_text(fitted)
    run("--field=page")
    first, second = json.loads(fitted), json.loads(path_of_calibration().read_text())
    for content in (first, second):
        del content["made"]["date"]
    assert second == first
    assert not any("train_input_path" in message for message in messages)


def test_a_report_tells_the_calibrated_rates(fitted: str) -> None:
    path_of_calibration().write_text(fitted)
    pipeline = load("x.config", (), "evaluate")
    assert evaluate_and_report(pipeline, "page.html")["pcoc_ctr"] == pytest.approx(1, abs=0.08)
    assert re.search(r"Probabilities are calibrated \(ctr \w+, ctcvr \w+, by page\)", page())
    evaluate_and_report(pipeline, "page.html", uncalibrated=True)
    assert "Probabilities are calibrated" not in page()


def page() -> str:
    return Path("page.html").read_text()


def test_a_line_says_which_file_is_applied(fitted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path_of_calibration().write_text(fitted)
    lines: List[str] = []
    monkeypatch.setattr(
        calibrations.logging, "info", lambda text, *values: lines.append(text % values)
    )
    checkpoint = v1.train.latest_checkpoint("model")
    calibration = calibrations.calibration_of(load("x.config", (), "predict"), checkpoint)
    assert calibration is not None
    assert lines == [f"calibrated by {path_of_calibration()} ({calibration.words})"]


def test_the_file_tells_where_it_comes_from(fitted: str) -> None:
    made = json.loads(fitted)["made"]
    assert made["input_path"] == "holdout.csv"
    assert made["user_column"] == "user"  # that of the gauc metric
    assert made["field_values"] == 4
    of_ctr = made["scores"][0]
    held_out = pd.read_csv("holdout.csv")
    assert of_ctr["rows"] == len(held_out)
    assert of_ctr["positives"] == held_out["click"].sum()
    assert of_ctr["before"]["predicted_over_observed"][0] < 0.7
    # The CVR is judged where it is observed, on the clicked rows.
    judged = {one["task"]: one["rows"] for one in made["scores"]}
    assert judged == {"ctr": 12_000, "ctcvr": 12_000, "cvr": held_out["click"].sum()}


def test_the_training_rows_are_no_holdout(messages: List[str]) -> None:
    call(calibrate, "--pipeline_config=x.config", "--input_path=train.csv", "--method=platt")
    assert any("train.csv is part of train_input_path" in message for message in messages)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (
            "pages",
            "must be a column of data_config.input_fields; columns that fit: user, page, got",
        ),
        ("tags", "must hold one value in a row, and a feature reads several"),
        ("price", "must hold text or whole numbers"),
        ("note", "must be a column of a request, and no feature reads it"),
    ],
)
def test_a_field_that_does_not_fit_is_refused(column: str, reason: str) -> None:
    with pytest.raises(UserError, match=f"^--field: {reason}"):
        run(f"--field={column}")


def test_too_few_conversions_are_refused_and_nothing_is_written() -> None:
    few = pd.read_csv("holdout.csv")
    few.loc[few["buy"].cumsum() > 60, "buy"] = 0
    few.to_csv("few.csv", index=False)
    with pytest.raises(UserError, match=r"^CTCVR, all impressions: .*100 positives, got 60 among"):
        call(calibrate, "--pipeline_config=x.config", "--input_path=few.csv")
    assert not path_of_calibration().exists()


def test_missing_labels_count_where_they_are_asked_for() -> None:
    held_out = pd.read_csv("holdout.csv", dtype={"buy": "Int64"})
    held_out.loc[held_out["click"] == 0, "buy"] = pd.NA  # nobody asks them
    held_out.to_csv("asked.csv", index=False)
    call(calibrate, "--pipeline_config=x.config", "--input_path=asked.csv", "--method=platt")
    clicked = held_out.index[held_out["click"] == 1]
    held_out.loc[clicked[:7], "buy"] = pd.NA
    held_out.to_csv("asked.csv", index=False)
    count = f"{len(clicked):,}"
    with pytest.raises(UserError, match=f"label column 'buy': 7 of {count} rows have no value"):
        call(calibrate, "--pipeline_config=x.config", "--input_path=asked.csv")


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("easy_esmm.estimator.calibrate", "easy_esmm.calibration.fitted"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delitem(sys.modules, "easy_esmm.calibration.fit", raising=False)
    monkeypatch.setitem(sys.modules, "sklearn.isotonic", None)
    with pytest.raises(UserError, match=r"pip install 'easy_esmm\[calibrate\]'"):
        run()


def test_a_digest_tells_checkpoints_by_their_weights() -> None:
    def saved(folder: str, weight: float) -> str:
        with tf.Graph().as_default(), v1.Session() as session:
            variable = v1.get_variable("weight", initializer=weight)
            session.run(variable.initializer)
            return str(v1.train.Saver().save(session, f"{folder}/model.ckpt", 1))

    one, same, other = (
        file.digest(saved(*of)) for of in (("one", 0.5), ("same", 0.5), ("other", 0.25))
    )
    assert one == same != other


def test_a_holdout_must_be_named() -> None:
    with pytest.raises(UserError, match="--input_path: must name the holdout"):
        call(calibrate, "--pipeline_config=x.config")


def edited(text: str, change: Callable[[Dict[str, Any]], Any]) -> str:
    content = json.loads(text)
    change(content)
    return json.dumps(content)


def shifted(field: str, value: str) -> Callable[[Dict[str, Any]], Any]:
    """A shift of this value of the field alone."""

    def change(content: Dict[str, Any]) -> None:
        content["field"] = field
        content["tasks"]["ctcvr"]["shifts"] = {}
        content["tasks"]["ctr"]["shifts"] = {value: 0.1}

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.update(checkpoint="0" * 64), "is the calibration of another checkpoint"),
        (lambda c: c["tasks"].pop("ctr"), "must be of the tasks ctcvr, ctr, .* got ctcvr"),
        (lambda c: c.update(field="hour"), "its field 'hour' must be a column"),
        (lambda c: c.update(easy_esmm_calibration=9), "has format 9"),
        (shifted("", "7"), "has shifts of task 'ctr', and no field"),
        (shifted("page", "home"), "has a shift of task 'ctr' for 'home', which is no value"),
        (shifted("page", "007"), "has a shift of task 'ctr' for '007'"),
        (shifted("page", str(2**40)), "has a shift of task 'ctr' for '1099511627776'"),
        (shifted("user", "\ud800"), r"has a shift of task 'ctr' for '\\ud800'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(fitted: str, change: Any, reason: str) -> None:
    path_of_calibration().write_text(edited(fitted, change))
    expected = rf"^{re.escape(str(path_of_calibration()))}: {reason}"
    with pytest.raises(UserError, match=expected) as refused:
        call(export, "--pipeline_config=x.config", "--export_dir=none")
    assert str(refused.value).endswith("delete the file, or give --uncalibrated")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b""])
def test_a_damaged_file_is_told_from_none(content: bytes) -> None:
    path_of_calibration().write_bytes(content)
    with pytest.raises(UserError, match=r"calibration\.json: is no"):
        call(export, "--pipeline_config=x.config", "--export_dir=none")


def test_a_write_that_fails_leaves_the_earlier_file(
    fitted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path_of_calibration().write_text(fitted)

    def full(*_: Any, **__: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "no space")

    monkeypatch.setattr(tf.io.gfile, "rename", full)
    with pytest.raises(UserError, match=r"calibration\.json: cannot be written: no space"):
        file.write(Calibration({}), v1.train.latest_checkpoint("model"))
    assert path_of_calibration().read_text() == fitted
    assert not list(Path("model").glob("*unfinished*"))
