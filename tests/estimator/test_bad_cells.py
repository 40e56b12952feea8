"""Cells that decode and that a feature cannot read: skipped with their row, or named with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import data
from easy_esmm.errors import UserError
from easy_esmm.estimator.bad_cells import find_bad_cell, validator_of
from easy_esmm.estimator.errors import user_errors
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

# ruff: noqa: E501  (a feature a line)
CONFIG = """
data_config {
  batch_size: 2 num_epochs: 1 shuffle: false
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "tags" }
  input_fields { input_name: "row" }
  input_fields { input_name: "word" }
  label_fields: "buy"
  label_fields: "click"
}
feature_config {
  features { feature_name: "tags" input_names: "tags" feature_type: TagFeature kv_separator: ":" embedding_dim: 2 hash_bucket_size: 9 }
  features { feature_name: "row" input_names: "row" embedding_dim: 2 num_buckets: 9 }
  features { feature_name: "word" input_names: "word" embedding_dim: 2 vocab_list: ["a", "b"] }
  features { feature_name: "unused" input_names: "word" feature_type: RawFeature }
}
model_config {
  feature_groups { group_name: "all" feature_names: ["tags", "row", "word"] }
  esmm { cvr_tower { label_name: "buy" } ctr_tower { label_name: "click" } }
}
"""
LINES = [
    "0,1,x:0.5|y:2,1,a",
    "0,1,x:0.5|y,2,a",
    "0,0,,3,other",
    "0,0,x:1,four,a",
    "0,0,x:much,5,a",
    "0,0,y:1,,b",
]
_WHOLE = ": must be a whole number (num_buckets)"
_FINITE = ": must hold finite numbers of at most 31 characters"
FAULTS = [
    "feature tags cannot read column 'tags' = 'x:0.5|y'",
    f"feature row cannot read column 'row' = 'four'{_WHOLE}",
    f"feature tags cannot read column 'tags' = 'x:much'{_FINITE}",
]


@pytest.fixture
def config(tmp_path: Path) -> PipelineConfig:
    path = tmp_path / "rows.csv"
    path.write_text("".join(f"{line}\n" for line in LINES))
    config = text_format.Parse(CONFIG, PipelineConfig())
    config.train_input_path = str(path)
    return config


def rows_of(dataset: Any) -> List[bytes]:
    """The cells of the column `row` of all batches."""
    return [cell for columns, _ in dataset for cell in columns["row"].numpy()]


def test_rows_that_a_feature_cannot_read_are_skipped_and_counted(config: PipelineConfig) -> None:
    config.data_config.ignore_error = True
    rows = data.input_fn(config, "train", validator=validator_of(config))
    assert rows_of(rows()) == [b"1", b"3", b""]
    assert rows.skipped.total == 3
    numbers = (2, 4, 5)
    places = [f"{config.train_input_path}:{n}: {fault}" for n, fault in zip(numbers, FAULTS)]
    assert list(rows.skipped.places) == places


def test_the_first_such_row_is_found_with_file_and_line(config: PipelineConfig) -> None:
    found = find_bad_cell(config, config.train_input_path)
    advice = "fix the row or set data_config.ignore_error"
    assert str(found) == f"{config.train_input_path}:2: {FAULTS[0]}; {advice}"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("0,0,x:much,1,a", FAULTS[2]),
        ("0,0,x:inf,1,a", FAULTS[2].replace("much", "inf")),
        ("0,0,x:nan,1,a", FAULTS[2].replace("much", "nan")),
        ("0,0,x:1e400,1,a", FAULTS[2].replace("much", "1e400")),
        ("0,0,x:0x10,1,a", FAULTS[2].replace("much", "0x10")),
        ("0,0,x:+2,1,a", FAULTS[2].replace("much", "+2")),
        ("0,0,x:." + 31 * "1" + ",1,a", FAULTS[2].replace("much", "." + 31 * "1")),
        ("0,0,x:1:2,1,a", "feature tags cannot read column 'tags' = 'x:1:2'"),
        ("0,0,x:1,1.5,a", FAULTS[1].replace("four", "1.5")),
        ("0,0,x:1,0x1,a", FAULTS[1].replace("four", "0x1")),
        ("0,0,x:1,+1,a", FAULTS[1].replace("four", "+1")),
    ],
)
def test_each_kind_of_bad_cell_is_found(config: PipelineConfig, line: str, fault: str) -> None:
    Path(config.train_input_path).write_text(f"{LINES[0]}\n{LINES[2]}\n{line}\n")
    found = str(find_bad_cell(config, config.train_input_path))
    assert found.startswith(f"{config.train_input_path}:3: {fault}; ")


@pytest.mark.parametrize("branch", ["ex2_Assert_1_AssertGuard_false_6825", "ex3_cond_true_10470"])
def test_a_cell_that_fails_inside_a_branch_is_looked_for(branch: str) -> None:
    """TensorFlow may run a branch as a function; the session's own error then lacks its name."""
    with pytest.raises(UserError, match="the row"), user_errors(lambda: UserError("the row")):
        _fail_in(branch)


def _fail_in(branch: str) -> None:
    try:
        first = f"no number\n\t [[{{{{function_node encode_{branch}}}}}{{{{node Assert}}}}]]"
        raise tf.errors.InvalidArgumentError(None, None, first)
    except tf.errors.OpError:
        second = "Graph execution error:\n\nno number\n\t [[{{node Assert}}]]"
        raise tf.errors.InvalidArgumentError(None, None, second)  # noqa: B904


def test_nothing_is_found_where_every_row_can_be_read(config: PipelineConfig) -> None:
    good = [line for line in LINES if line.split(",")[3] in ("1", "3", "")]
    Path(config.train_input_path).write_text("\n".join(good))
    assert find_bad_cell(config, config.train_input_path) is None
    assert find_bad_cell(config, config.train_input_path, with_labels=False) is None


def test_rows_are_not_validated_where_bad_rows_are_errors(config: PipelineConfig) -> None:
    assert validator_of(config) is None
    assert len(rows_of(data.input_fn(config, "train")())) == len(LINES)


def test_the_position_of_a_validated_input_can_be_saved(
    config: PipelineConfig, tmp_path: Path
) -> None:
    config.data_config.ignore_error = True
    config.data_config.batch_size = 1
    rows = data.input_fn(config, "train", validator=validator_of(config))
    iterator = iter(rows())
    next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(str(tmp_path / "state"))
    expected = rows_of(iterator)
    resumed = iter(rows())
    tf.train.Checkpoint(iterator=resumed).restore(path)
    assert rows_of(resumed) == expected == [b"3", b""]


SEQUENCE = """
feature_config {
  features { feature_name: "past" input_names: "word" feature_type: SequenceFeature separator: ";" %s }
}
model_config { feature_groups { group_name: "other" sequence_features {
  seq_att_map { key: "row" hist_seq: "past" } } } }
"""


@pytest.mark.parametrize(
    ("settings", "cell", "rule"),
    [
        ("embedding_dim: 2 num_buckets: 9", "1;x", _WHOLE),
        ("sub_feature_type: RawFeature", "1;;2,5", _FINITE),
        ("sub_feature_type: RawFeature", "1;nan", _FINITE),
        ("sub_feature_type: RawFeature boundaries: [1, 2] embedding_dim: 2", "1;inf", _FINITE),
        ("sub_feature_type: RawFeature raw_input_dim: 2", "1;2;3", ""),
        ("sub_feature_type: RawFeature raw_input_dim: 2 seq_multi_sep: ':'", "1:2;3", ""),
    ],
)
def test_bad_elements_of_a_sequence_are_found(
    config: PipelineConfig, settings: str, cell: str, rule: str
) -> None:
    text_format.Merge(SEQUENCE % settings, config)
    del config.model_config.feature_groups[0].feature_names[:]  # the other group reads the column
    good = "1:2;3:4" if "seq_multi_sep" in settings else "1;2;3;4"
    config.data_config.separator = "/"
    lines = [f"0/1//1/{good}", "0/0//2/", f"0/0//3/{cell}"]
    Path(config.train_input_path).write_text("\n".join(lines))
    found = str(find_bad_cell(config, config.train_input_path))
    fault = f"feature past cannot read column 'word' = '{cell}'"
    assert found.startswith(f"{config.train_input_path}:3: {fault}{rule}; ")


def test_histories_of_unlike_length_are_found_with_the_row(config: PipelineConfig) -> None:
    text_format.Merge(SEQUENCE % "embedding_dim: 2 hash_bucket_size: 9", config)
    text_format.Merge(
        """feature_config { features { feature_name: "tags_in_order" input_names: "tags"
             feature_type: SequenceFeature separator: ";" embedding_dim: 2 hash_bucket_size: 9 } }
           model_config { feature_groups { group_name: "third" sequence_features {
             group_name: "clicks"
             seq_att_map { key: "row" hist_seq: "past" aux_hist_seq: "tags_in_order" } } } }""",
        config,
    )
    del config.model_config.feature_groups[0].feature_names[:]
    lines = ["0,1,a;b,1,c;d", "0,0,,2,", "0,0,,3,x", "0,0,a;b,4,c"]
    Path(config.train_input_path).write_text("\n".join(lines))
    fault = (
        "sequence_features clicks needs histories of one length, got column 'word' = 'c', "
        "column 'tags' = 'a;b'"
    )
    found = str(find_bad_cell(config, config.train_input_path))
    assert found.startswith(f"{config.train_input_path}:4: {fault}; ")
    config.data_config.ignore_error = True
    rows = data.input_fn(config, "train", validator=validator_of(config))
    assert rows_of(rows()) == [b"1", b"2", b"3"]
    assert list(rows.skipped.places) == [f"{config.train_input_path}:4: {fault}"]


class TestParquetAndFrames:
    """Rows of Parquet files and DataFrames are judged as those of text files."""

    @pytest.fixture
    def table(self) -> pa.Table:
        columns = zip(*(line.split(",") for line in LINES))
        names = ("buy", "click", "tags", "row", "word")
        table = {name: list(cells) for name, cells in zip(names, columns)}
        return pa.table({**table, **{n: list(map(int, table[n])) for n in ("buy", "click")}})

    @pytest.fixture
    def parquet(self, config: PipelineConfig, table: pa.Table, tmp_path: Path) -> PipelineConfig:
        pq.write_table(table, tmp_path / "rows.parquet", row_group_size=4)
        config.data_config.input_type = DatasetConfig.ParquetInput
        config.train_input_path = str(tmp_path / "rows.parquet")
        return config

    def test_bad_rows_are_skipped_and_counted(self, parquet: PipelineConfig) -> None:
        parquet.data_config.ignore_error = True
        rows = data.input_fn(parquet, "train", validator=validator_of(parquet))
        assert rows_of(rows()) == [b"1", b"3", b""]
        path = parquet.train_input_path
        places = [f"{path}: row {n}: {fault}" for n, fault in zip((2, 4, 5), FAULTS)]
        assert list(rows.skipped.places) == places

    def test_the_first_bad_row_is_found(self, parquet: PipelineConfig) -> None:
        found = str(find_bad_cell(parquet, parquet.train_input_path))
        assert found.startswith(f"{parquet.train_input_path}: row 2: {FAULTS[0]}; ")

    def test_the_first_bad_row_of_a_frame_is_found(
        self, config: PipelineConfig, table: pa.Table
    ) -> None:
        frame = table.to_pandas()
        found = str(find_bad_cell(config, frame[2:], with_labels=False))
        assert found.startswith(f"DataFrame: row 2: {FAULTS[1]}; ")

    def test_bad_rows_of_lists_are_found(self, parquet: PipelineConfig, table: pa.Table) -> None:
        lists = pa.array([["1", "2"], [], ["3"], ["4", "nan"], None, ["5"]])
        pq.write_table(table.append_column("past", lists), parquet.train_input_path)
        parquet.data_config.input_fields.add(input_name="past")
        past = parquet.feature_config.features.add(input_names=["past"], raw_input_dim=1)
        past.feature_name, past.feature_type = "past", FeatureConfig.SequenceFeature
        past.sub_feature_type = FeatureConfig.RawFeature
        parquet.model_config.feature_groups[0].feature_names[:] = ["past", "word"]
        found = str(find_bad_cell(parquet, parquet.train_input_path))
        assert "rows.parquet: row 4: feature past cannot read column 'past' = " in found

    @pytest.mark.parametrize("of_users", [True, False])
    def test_bad_rows_of_users_and_of_their_impressions_are_found(
        self, parquet: PipelineConfig, table: pa.Table, tmp_path: Path, of_users: bool
    ) -> None:
        users, place, fault = ["row"], "impressions.parquet: row 5", FAULTS[2]
        if of_users:
            users, place = ["tags"], "users.parquet: row 5"
            good = pa.array([str(number) for number in range(6)])
            table = table.set_column(3, "row", good)
        parquet.data_config.user_rows.columns.extend(users)
        rows = table.drop(users).append_column("user_row", pa.array([0, 2, 4, 4, 2, 5]))
        rows = (
            rows if of_users else rows.set_column(2, "tags", pa.array([*["y:1"] * 4, "x:much", ""]))
        )
        pq.write_table(rows, tmp_path / "impressions.parquet")
        pq.write_table(table.select(users), tmp_path / "users.parquet")
        parquet.train_input_path = str(tmp_path / "impressions.parquet")
        found = str(find_bad_cell(parquet, parquet.train_input_path))
        assert f"{place}: {fault}; " in found
