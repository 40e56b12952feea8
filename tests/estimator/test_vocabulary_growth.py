"""Training goes on with grown, re-sorted and cut vocabularies: by id, never by line number."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np
import pandas as pd
import pytest
from absl import logging

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.checkpoints import vocabularies
from easy_esmm.checkpoints.shapes import VOCABULARIES
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError

# ruff: noqa: E501  (a feature a line)
CONFIG = """
model_dir: "{folder}/model"
train_config {{
  num_steps: {steps} save_checkpoints_steps: 2 write_graph: false
  optimizer_config {{
    lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{ learning_rate: {rate} }} }} }}
    use_moving_average: true moving_average_decay: 0.5
  }}
}}
data_config {{
  batch_size: 4 num_epochs: 0 shuffle: false
  input_fields {{ input_name: "buy" input_type: INT32 }}
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "item" }}
  input_fields {{ input_name: "seen" }}
  input_fields {{ input_name: "city" }}
  label_fields: "buy"
  label_fields: "click"
}}
feature_config {{
  features {{ feature_name: "item" input_names: "item" embedding_dim: 3 embedding_name: "item" vocab_file: "{folder}/items.txt" }}
  features {{ feature_name: "seen" input_names: "seen" feature_type: TagFeature separator: " " embedding_dim: 3 embedding_name: "item" vocab_file: "{folder}/items.txt" }}
  features {{ feature_name: "city" input_names: "city" embedding_dim: 2 vocab_list: [{cities}] }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: ["item", "seen", "city"] }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: 4 use_bn: false }} }}
    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ hidden_units: 4 use_bn: false }} }}
  }}
}}
export_config {{ exporter_type: "none" }}
"""
ITEMS = ["<unknown>", "cup", "hat", "pen"]
ROWS = pd.DataFrame(
    {
        "buy": [0, 1, 0, 0, 1, 0, 0, 0],
        "click": [1, 1, 0, 0, 1, 0, 1, 0],
        "item": ["cup", "hat", "pen", "cup", "hat", "other", "pen", "hat"],
        "seen": ["hat pen", "", "cup", "pen other", "cup", "hat", "", "pen"],
        "city": ["Rome", "Oslo", "Rome", "Paris", "Oslo", "Rome", "Oslo", "Rome"],
    }
)
NO_RATE = 1e-30
"""A step of this size changes no weight."""
TABLE, CITY = "shared_embedding/item", "embedding/all/city"


def pipeline(
    folder: Path,
    items: Sequence[str],
    steps: int,
    rate: float = 0.1,
    cities: Sequence[str] = ("Rome", "Oslo"),
) -> Pipeline:
    (folder / "items.txt").write_text("".join(f"{item}\n" for item in items))
    text = CONFIG.format(
        folder=folder, steps=steps, rate=rate, cities=", ".join(f'"{city}"' for city in cities)
    )
    path = folder / "x.config"
    path.write_text(text)
    return configs.load(str(path))


def go_on(one: Pipeline, rows: pd.DataFrame = ROWS) -> training.Trained:
    return training.train(one, train_rows=rows, continue_train=True)


def scores(one: Pipeline) -> np.ndarray:
    return training.score_frame(one, ROWS.drop(columns=["buy", "click"])).to_numpy()


def with_weights(one: Pipeline) -> Pipeline:
    """The config without averages: predictions are of the weights, which no step has changed."""
    one.config.train_config.optimizer_config[0].use_moving_average = False
    return one


def values(folder: Path, step: int) -> Dict[str, np.ndarray]:
    reader = v1.train.load_checkpoint(str(folder / f"model/model.ckpt-{step}"))
    names = [n for n in reader.get_variable_to_shape_map() if n != VOCABULARIES]
    return {name: reader.get_tensor(name) for name in names}


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a training of four steps."""
    folder = tmp_path_factory.mktemp("trained")
    training.train(pipeline(folder, ITEMS, 4), train_rows=ROWS)
    return folder


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(trained_once / "model", tmp_path / "model")
    return tmp_path


def said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records)


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Any:
    """The log, from absl."""
    logger = logging.get_absl_logger()
    logger.addHandler(caplog.handler)
    caplog.set_level("INFO", logger="absl")
    yield caplog
    logger.removeHandler(caplog.handler)


def test_predictions_of_known_ids_stay_bit_equal_when_the_vocabulary_grows(
    trained: Path, heard: Any
) -> None:
    old = with_weights(pipeline(trained, ITEMS, 4))
    before = scores(old)
    go_on(pipeline(trained, [*ITEMS, "bag", "tie"], 5, rate=NO_RATE))
    grown = with_weights(pipeline(trained, [*ITEMS, "bag", "tie"], 5))
    np.testing.assert_array_equal(scores(grown), before)
    assert values(trained, 5)[TABLE].shape == (6, 3)
    assert "shared_embedding/item (feature item): 4 rows kept, 2 added" in said(heard)


def test_new_rows_begin_as_those_of_a_new_table_with_moments_of_zero(
    trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    go_on(pipeline(trained, [*ITEMS, "bag", "tie"], 5))
    grown = values(trained, 5)
    new = tmp_path_factory.mktemp("new")
    untouched = ROWS[:4].assign(item="cup", seen="", city="Rome")
    training.train(pipeline(new, [*ITEMS, "bag", "tie"], 1), train_rows=untouched)
    np.testing.assert_array_equal(grown[TABLE][4:], values(new, 1)[TABLE][4:])
    assert np.abs(grown[TABLE][4:]).min() > 0
    average = grown[f"{TABLE}/ExponentialMovingAverage"]
    np.testing.assert_array_equal(average[4:], grown[TABLE][4:])
    for slot in ("Adam", "Adam_1"):
        assert (grown[f"{TABLE}/{slot}"][4:] == 0).all()
        assert np.abs(grown[f"{TABLE}/{slot}"][1:4]).min() > 0


@pytest.mark.slow
def test_a_vocabulary_that_has_not_changed_changes_nothing(
    trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    go_on(pipeline(trained, ITEMS, 8))
    straight = tmp_path_factory.mktemp("straight")
    training.train(pipeline(straight, ITEMS, 8), train_rows=ROWS)
    ours, theirs = values(trained, 8), values(straight, 8)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)


def test_rows_move_with_their_ids_when_the_file_is_sorted_anew(trained: Path, heard: Any) -> None:
    before = values(trained, 4)
    go_on(pipeline(trained, ["<unknown>", "pen", "bag", "cup", "hat"], 5, rate=NO_RATE))
    after = values(trained, 5)
    np.testing.assert_array_equal(after[TABLE][[3, 4, 1]], before[TABLE][[1, 2, 3]])
    assert '4 rows kept, 1 added; rows moved with their ids, first "pen" to line 2' in said(heard)


@pytest.mark.slow
def test_training_with_a_sorted_file_equals_training_with_the_first_one(
    trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(trained / "model", other / "model")
    go_on(pipeline(trained, ITEMS, 8))
    go_on(pipeline(other, ["<unknown>", "pen", "hat", "cup"], 8))
    ours, theirs = values(trained, 8), values(other, 8)
    for name, value in ours.items():
        moved = theirs[name][[0, 3, 2, 1]] if name.startswith(TABLE) else theirs[name]
        np.testing.assert_array_equal(moved, value, err_msg=name)


def test_ids_that_are_gone_are_refused_with_their_number_and_the_first(trained: Path) -> None:
    before = {path.name for path in (trained / "model").iterdir()}
    with pytest.raises(UserError, match=r'lacks 2 of 4, first "hat"; write new ids behind'):
        go_on(pipeline(trained, ["<unknown>", "cup", "bag"], 5))
    assert {path.name for path in (trained / "model").iterdir()} == before


def test_another_first_line_is_refused_since_unknown_values_read_it(trained: Path) -> None:
    with pytest.raises(UserError, match="must begin with the id that it began with"):
        go_on(pipeline(trained, ["cup", "<unknown>", "hat", "pen"], 5))


def test_a_list_in_the_config_grows_as_a_file_does(trained: Path) -> None:
    before = values(trained, 4)[CITY]
    go_on(pipeline(trained, ITEMS, 5, rate=NO_RATE, cities=("Rome", "Bonn", "Oslo")))
    np.testing.assert_array_equal(values(trained, 5)[CITY][[0, 2]], before)


def test_no_other_command_takes_a_vocabulary_of_equal_length_for_the_trained_one(
    trained: Path,
) -> None:
    exchanged = pipeline(trained, ["<unknown>", "hat", "cup", "pen"], 4)
    match = (
        r'feature item: 4 ids, 4 in training; the first difference is in line 2: "hat", "cup" in'
    )
    for command in (
        lambda: scores(exchanged),
        lambda: training.evaluate(exchanged, ROWS),
        lambda: training.export(exchanged, str(trained / "export")),
    ):
        with pytest.raises(UserError, match=match):
            command()
    longer = pipeline(trained, [*ITEMS, "bag"], 4)
    with pytest.raises(UserError, match="5 ids, 4 in training; they differ from line 5 on"):
        training.evaluate(longer, ROWS)


class Killed(Exception):
    """In the place of a signal."""


class _Kill(v1.train.SessionRunHook):  # type: ignore[misc]
    def after_create_session(self, session: Any, coord: Any) -> None:
        raise Killed


def test_a_training_killed_before_its_first_step_has_left_the_old_checkpoint_as_it_was(
    trained: Path,
) -> None:
    before = {p.name: p.read_bytes() for p in (trained / "model").glob("model.ckpt-4.*")}
    with pytest.raises(Killed):
        training.train(
            pipeline(trained, [*ITEMS, "bag"], 6),
            train_rows=ROWS,
            continue_train=True,
            hooks=[_Kill()],
        )
    after = {p.name: p.read_bytes() for p in (trained / "model").glob("model.ckpt-4.*")}
    assert after == before
    scores(pipeline(trained, ITEMS, 4))  # with the vocabulary of then
    go_on(pipeline(trained, [*ITEMS, "bag", "tie"], 6))  # and with yet another one
    assert values(trained, 6)[TABLE].shape == (6, 3)


def test_ids_are_kept_as_long_as_a_checkpoint_needs_them(trained: Path) -> None:
    def kept() -> List[str]:
        return sorted(p.read_text() for p in (trained / "model/vocabularies").glob("*.txt"))

    old, grown = "<unknown>\ncup\nhat\npen\n", "<unknown>\ncup\nhat\npen\nbag\n"
    assert kept() == ["<unknown>\ncup\nhat\npen\n", "Rome\nOslo\n"]
    go_on(pipeline(trained, [*ITEMS, "bag"], 5))
    assert kept() == [old, grown, "Rome\nOslo\n"]
    for path in (trained / "model").glob("model.ckpt-[024].*"):
        path.unlink()
    go_on(pipeline(trained, [*ITEMS, "bag"], 6))
    assert kept() == [grown, "Rome\nOslo\n"]


def test_ids_of_checkpoints_that_are_set_aside_are_kept_with_them(trained: Path) -> None:
    go_on(pipeline(trained, [*ITEMS, "bag"], 6))
    grown = vocabularies.Vocabulary("item", [one.encode() for one in [*ITEMS, "bag"]])
    training.train(
        pipeline(trained, ITEMS, 6),
        train_rows=ROWS,
        continue_train=True,
        checkpoint_path=str(trained / "model/model.ckpt-4"),
    )
    assert (trained / "model/set_aside/model.ckpt-6.index").exists()
    kept = trained / f"model/vocabularies/{grown.digest}.txt"
    assert kept.read_bytes() == grown.content


def test_a_refused_command_sets_no_checkpoint_aside(trained: Path) -> None:
    before = sorted(path.name for path in (trained / "model").iterdir())
    with pytest.raises(UserError, match="must hold every id"):
        training.train(
            pipeline(trained, ITEMS[:-1], 6),
            train_rows=ROWS,
            continue_train=True,
            checkpoint_path=str(trained / "model/model.ckpt-2"),
        )
    assert sorted(path.name for path in (trained / "model").iterdir()) == before


def test_kept_ids_that_were_changed_are_refused_and_not_compared_with(trained: Path) -> None:
    old = vocabularies.Vocabulary("item", [one.encode() for one in ITEMS])
    kept = trained / f"model/vocabularies/{old.digest}.txt"
    kept.write_text("".join(f"{one}\n" for one in sorted(ITEMS, reverse=True)), encoding="utf-8")
    with pytest.raises(UserError, match=f"whose ids are not in {kept}"):
        go_on(pipeline(trained, [*ITEMS, "bag"], 6))
    go_on(pipeline(trained, ITEMS, 6))  # with the same ids nothing is compared
    assert kept.read_bytes() == old.content


def test_of_a_checkpoint_of_an_earlier_version_the_first_lines_are_taken_and_it_is_said(
    trained_once: Path, trained: Path, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = values(trained, 4)[TABLE]
    real = vocabularies.v1.train.NewCheckpointReader

    class Earlier:
        """A reader of checkpoints as they were before they kept vocabularies."""

        def __init__(self, path: str) -> None:
            self._reader = real(path)

        def has_tensor(self, name: str) -> bool:
            return name != VOCABULARIES and bool(self._reader.has_tensor(name))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reader, name)

    shutil.rmtree(trained / "model/vocabularies")
    # Its config names the file that has grown since.
    kept = trained / "model/pipeline.config"
    text = kept.read_text()
    kept.write_text(text.replace(str(trained_once), str(trained)))
    with monkeypatch.context() as patch:
        patch.setattr(vocabularies.v1.train, "NewCheckpointReader", Earlier)
        go_on(pipeline(trained, [*ITEMS, "bag"], 5, rate=NO_RATE))
        np.testing.assert_array_equal(values(trained, 5)[TABLE][:4], before)
    assert (
        "of shared_embedding/item it is taken that they are the 4 of the first lines now"
        in said(heard)
    )
