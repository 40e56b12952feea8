"""What differs between two configs, and whether the weights of a model then mean something else."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from google.protobuf import text_format

from easy_esmm.config import Edit, load
from easy_esmm.config.changes import changes, changes_since
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

SAMPLE = Path(__file__).parents[2] / "samples" / "esmm.config"


def config(edits: Dict[str, str]) -> PipelineConfig:
    given = [Edit("a test", path, value, is_text=True) for path, value in edits.items()]
    return load(str(SAMPLE), given, "check").config


def found(edits: Dict[str, str]) -> Tuple[List[str], List[str]]:
    """What the edits change: what moves the meaning of weights, and what does not."""
    all_changes = changes(config({}), config(edits))
    moving = [str(change) for change in all_changes if change.moves_meaning]
    return moving, [str(change) for change in all_changes if not change.moves_meaning]


def test_equal_configs_have_no_changes() -> None:
    assert changes(config({}), config({})) == []


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        (
            {
                "model_config.esmm.ctr_tower.label_name": "conversion",
                "model_config.esmm.cvr_tower.label_name": "click",
            },
            [
                "model_config.esmm.ctr_tower.label_name: click -> conversion",
                "model_config.esmm.cvr_tower.label_name: conversion -> click",
            ],
        ),
        (
            {"model_config.esmm.cvr_tower.dnn.activation": "tanh"},
            ["model_config.esmm.cvr_tower.dnn.activation: default -> tanh"],
        ),
    ],
)
def test_what_moves_the_meaning_of_weights_is_told_apart(
    edits: Dict[str, str], expected: List[str]
) -> None:
    assert found(edits) == (expected, [])


def test_features_that_read_each_others_columns_are_told_apart() -> None:
    before, after = config({}), config({})
    first, second = (f for f in after.feature_config.features if f.feature_name in ("101", "205"))
    first.input_names[:], second.input_names[:] = ["205"], ["101"]
    assert [str(change) for change in changes(before, after) if change.moves_meaning] == [
        "feature_config.features[101].input_names: ['101'] -> ['205']",
        "feature_config.features[205].input_names: ['205'] -> ['101']",
    ]


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("data_config.batch_size", "77", "data_config.batch_size: 1024 -> 77"),
        (
            "model_config.embedding_regularization",
            "0.25",
            "model_config.embedding_regularization: default -> 0.25",
        ),
        (
            "model_config.esmm.cvr_tower.label_prior",
            "0.25",
            "model_config.esmm.cvr_tower.label_prior: 0.1 -> 0.25",
        ),
    ],
)
def test_what_weights_are_moved_by_is_told_only(path: str, value: str, shown: str) -> None:
    moving, others = found({path: value})
    assert moving == []
    assert others == [shown]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("train_config.num_steps", "77"),
        ("train_config.save_checkpoints_steps", "77"),
        ("model_dir", "elsewhere"),
        ("train_input_path", "tomorrow.csv"),
    ],
)
def test_how_long_and_on_what_a_model_is_trained_is_no_change(path: str, value: str) -> None:
    assert found({path: value}) == ([], [])


def test_another_choice_is_told_though_all_in_it_has_its_default() -> None:
    before, after = PipelineConfig(), PipelineConfig()
    for one, name in ((before, "lazy_adam_optimizer"), (after, "adam_optimizer")):
        getattr(one.train_config.optimizer_config.add(), name).SetInParent()
    (change,) = changes(before, after)
    path = "train_config.optimizer_config[0].optimizer"
    assert str(change) == f"{path}: lazy_adam_optimizer -> adam_optimizer"
    layers = [one.model_config.backbone.blocks.add() for one in (before, after)]
    layers[0].input_layer.SetInParent()
    layers[1].keras_layer.SetInParent()
    path = "model_config.backbone.blocks[0].layer"
    (change,) = (c for c in changes(before, after) if c.moves_meaning)
    assert str(change) == f"{path}: input_layer -> keras_layer"


def test_order_of_columns_matters_where_files_have_no_header() -> None:
    before, after = config({}), config({})
    fields = after.data_config.input_fields
    first, second = (fields[i].input_name for i in (0, 1))
    fields[0].input_name, fields[1].input_name = second, first
    types = fields[0].input_type, fields[1].input_type
    fields[1].input_type, fields[0].input_type = types
    for has_header in (False, True):
        before.data_config.with_header = after.data_config.with_header = has_header
        moving = [c for c in changes(before, after) if c.moves_meaning]
        assert [(c.before, c.after) for c in moving] == ([] if has_header else [(first, second)])
    # Files of other types name their columns.
    before.data_config.with_header = after.data_config.with_header = False
    after.data_config.input_type = DatasetConfig.ParquetInput
    assert not [c for c in changes(before, after) if c.moves_meaning]


def test_a_column_that_is_added_or_gone_moves_none_of_the_others() -> None:
    before, more = config({}), config({})
    before.data_config.with_header = more.data_config.with_header = False
    columns = [*more.data_config.input_fields]
    del more.data_config.input_fields[:]
    new = DatasetConfig.Field(input_name="new")
    more.data_config.input_fields.extend([*columns[:1], new, *columns[1:]])
    assert not [c for c in changes(more, before) if c.moves_meaning]
    assert not [c for c in changes(before, more) if c.moves_meaning]


def test_a_default_that_is_written_out_is_no_change() -> None:
    before, after = config({}), config({})
    assert not after.data_config.HasField("separator")
    after.data_config.separator = after.data_config.separator
    assert after.data_config.HasField("separator")
    assert changes(before, after) == []


def test_where_ids_stand_is_told_only_and_a_long_value_is_cut() -> None:
    before, after = config({}), config({})
    feature = next(f for f in after.feature_config.features if f.feature_name == "101")
    feature.vocab_list[:] = ["a" * 40, "b" * 40]
    (change,) = changes(before, after)
    assert (change.path, change.moves_meaning) == ("feature_config.features[101].vocab_list", False)
    assert change.after == "['" + "a" * 40 + "', '" + "b" * 11 + "..."


def test_a_feature_that_no_group_reads_may_change(tmp_path: Path) -> None:
    before = config({})
    after = PipelineConfig()
    after.CopyFrom(before)
    after.feature_config.features.add(feature_name="unread", input_names=["click"])
    assert changes(before, after) == []
    after.model_config.feature_groups[0].feature_names.append("unread")
    assert [c.path for c in changes(before, after)] == [
        "feature_config.features[unread].feature_name",
        "feature_config.features[unread].input_names",
        "model_config.feature_groups[0].feature_names",
    ]


def test_a_config_is_compared_with_the_file_beside_a_training(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.config"
    written = load(str(SAMPLE), [Edit("a test", "data_config.batch_size", "9", is_text=True)])
    path.write_text(text_format.MessageToString(written.written), encoding="utf-8")
    (change,) = changes_since(str(path), load(str(SAMPLE)))
    assert (change.path, change.before) == ("data_config.batch_size", "9")


def test_a_group_that_no_block_reads_may_come_and_go(tmp_path: Path) -> None:
    sample = SAMPLE.with_name("esmm_backbone.config")
    written = load(str(sample), []).written
    name = written.feature_config.features[0].feature_name
    written.model_config.feature_groups.add(group_name="unread", feature_names=[name])
    path = tmp_path / "pipeline.config"
    path.write_text(text_format.MessageToString(written), encoding="utf-8")
    assert changes_since(str(path), load(str(sample), [])) == []
