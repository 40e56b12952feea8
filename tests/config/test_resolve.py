"""The resolved config: nothing left implicit, and every problem at the written place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from easy_esmm.config import ConfigError
from easy_esmm.config import load as load_config
from easy_esmm.config.ranges import expand
from easy_esmm.protos.data_pb2 import DatasetConfig

# (old, new, edits=(), command="check") -> Pipeline or lines; see conftest.py.
Load = Any
Problems = Any


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f", ["f"]),
        ("f[1-3]", ["f1", "f2", "f3"]),
        ("f[08-11]", ["f08", "f09", "f10", "f11"]),
        ("[2-2]", ["2"]),
        ("f[1-3]x", ["f[1-3]x"]),
    ],
)
def test_range_is_written_out(name: str, expected: Any) -> None:
    assert expand(name) == expected


def test_features_bear_their_names(load: Load) -> None:
    features = load().config.feature_config.features
    assert [feature.feature_name for feature in features] == ["user", "item", "tags", "price"]


def test_flat_form_wins_over_the_other(load: Load) -> None:
    flat = "feature_configs { feature_name: 'user' input_names: 'item' embedding_dim: 3 "
    flat += "hash_bucket_size: 9 precision: 2 shared_names: ['item', 'tags', 'price'] }"
    config = load('model_dir: "model"', flat).config
    assert list(config.feature_configs) == []
    features = config.feature_config.features
    assert [feature.feature_name for feature in features] == ["user", "item", "tags", "price"]
    assert [list(feature.input_names) for feature in features] == [
        ["item"],
        ["item"],
        ["tags"],
        ["price"],
    ]
    assert [feature.embedding_dim for feature in features] == [3, 3, 3, 3]
    assert all(not feature.shared_names for feature in features)


def test_ranges_are_written_out_everywhere_but_in_the_written_config(load: Load) -> None:
    pipeline = load(
        '  label_fields: "click"\n}\nfeature_config {\n',
        '  label_fields: "click"\n'
        "  auto_expand_input_fields: true\n"
        '  input_fields { input_name: "f[1-3]" input_type: INT32 }\n'
        "}\n"
        'model_config { feature_groups { group_name: "more" feature_names: "f[1-3]" } }\n'
        'model_config { esmm { groups { input: "more" dnn { hidden_units: 2 } } } }\n'
        "feature_config {\n"
        '  features { input_names: "f1" shared_names: "f[2-3]" num_buckets: 4 embedding_dim: 2 }\n',
    )
    columns = pipeline.config.data_config.input_fields
    assert [column.input_name for column in columns][-3:] == ["f1", "f2", "f3"]
    assert {column.input_type for column in columns[-3:]} == {DatasetConfig.INT32}
    features = pipeline.config.feature_config.features
    assert [feature.feature_name for feature in features][:3] == ["f1", "f2", "f3"]
    group = pipeline.config.model_config.feature_groups[0]
    assert list(group.feature_names) == ["f1", "f2", "f3"]
    assert pipeline.written.data_config.input_fields[-1].input_name == "f[1-3]"


def test_range_of_columns_stays_a_name_without_auto_expand(problems_of: Problems) -> None:
    new = '  input_fields { input_name: "f[1-2]" }\n  label_fields: "click" label_fields: "f1"'
    assert problems_of('  label_fields: "click"', new) == [
        "x.config:17:25: data_config.label_fields[2]: must be a column of "
        'data_config.input_fields, got "f1"'
    ]


def test_older_names_of_csv_become_csv(load: Load) -> None:
    for name in ("CSVInputV2", "CSVInputEx"):
        data = load("data_config {", f"data_config {{ input_type: {name}").config.data_config
        assert data.input_type == DatasetConfig.CSVInput


def test_labels_are_dealt_in_order_conversion_first(load: Load) -> None:
    tower = 'ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: [8, 4] } }'
    old = f'{tower}\n    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn'
    esmm = load(old, "ctr_tower { }\n    cvr_tower { dnn").config.model_config.esmm
    assert (esmm.cvr_tower.tower_name, esmm.cvr_tower.label_name) == ("cvr", "buy")
    assert (esmm.ctr_tower.tower_name, esmm.ctr_tower.label_name) == ("ctr", "click")


def test_labels_that_only_towers_name_are_added(load: Load) -> None:
    data = load('  label_fields: "buy"\n  label_fields: "click"\n', "").config.data_config
    assert list(data.label_fields) == ["buy", "click"]


def test_towers_without_metrics_take_the_common_ones(load: Load) -> None:
    new = 'model_dir: "model" eval_config { metrics_set { gauc { uid_field: "user" } } }'
    esmm = load('model_dir: "model"', new).config.model_config.esmm
    for tower in (esmm.ctr_tower, esmm.cvr_tower):
        assert [metric.WhichOneof("metric") for metric in tower.metrics_set] == ["gauc"]


def test_towers_get_an_auc_where_nobody_names_a_metric(load: Load) -> None:
    esmm = load().config.model_config.esmm
    for tower in (esmm.ctr_tower, esmm.cvr_tower):
        assert [metric.WhichOneof("metric") for metric in tower.metrics_set] == ["auc"]


def test_later_problem_is_reported_where_the_field_was_written(load: Load, tmp_path: Path) -> None:
    flat = 'feature_configs { input_names: "user" embedding_dim: 3 hash_bucket_size: 9\n'
    flat += '  precision: 2 shared_names: ["item", "tags", "price"] }'
    pipeline = load('model_dir: "model"', flat)
    clone = pipeline.problem("feature_config.features[2].input_names[0]", "is not in x.csv", '"a"')
    assert str(clone).replace(f"{tmp_path}/", "") == (
        'x.config:4:39: feature_configs[0].shared_names[1]: is not in x.csv, got "a"'
    )
    inherited = pipeline.problem("feature_config.features[2].embedding_dim", "must be 4")
    assert str(inherited).replace(f"{tmp_path}/", "") == (
        "x.config:3:39: feature_configs[0].embedding_dim: must be 4"
    )


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("train", ["model_dir", "train_input_path"]),
        ("evaluate", ["eval_input_path", "model_dir"]),
        ("predict", []),
        ("export", []),
        ("check", []),
    ],
)
def test_each_command_needs_its_own_paths(
    command: str, expected: Any, problems_of: Problems
) -> None:
    paths = 'train_input_path: "train.csv"\neval_input_path: "test.csv"\nmodel_dir: "model"\n'
    assert problems_of(paths, "", command=command) == [
        f"x.config:1:1: {name}: must be set; or give --{name}" for name in expected
    ]


def test_towers_without_any_label_are_refused(base: str, tmp_path: Path) -> None:
    text = base.replace('  label_fields: "buy"\n  label_fields: "click"\n', "")
    path = tmp_path / "x.config"
    path.write_text(text.replace(' label_name: "click"', "").replace(' label_name: "buy"', ""))
    with pytest.raises(ConfigError) as caught:
        load_config(str(path))
    rule = "must be set, or data_config.label_fields must name two labels (conversion, click)"
    assert str(caught.value).replace(f"{tmp_path}/", "").split("\n") == [
        "x.config:8:1: data_config.label_fields: must name the label columns",
        f"x.config:26:5: model_config.esmm.ctr_tower.label_name: {rule}",
        f"x.config:27:5: model_config.esmm.cvr_tower.label_name: {rule}",
    ]
