"""Random rows that fit a config: every column that its features, labels and metrics read.

With `data_config.user_rows`, in two files: impressions, and their users.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional, Set

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import tensorflow as tf

from easy_esmm.config.tasks import task_specs
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

IDS = 20
CLICK_RATES = np.linspace(0.1, 0.9, IDS)
IMPRESSIONS_OF_A_USER = 8
NULLABLE = (DatasetConfig.ParquetInput, DatasetConfig.TFRecordInput)
INTEGER_TYPES = (DatasetConfig.INT32, DatasetConfig.INT64)
FLOAT_TYPES = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
DERIVED_TYPES = (
    FeatureConfig.ComboFeature,
    FeatureConfig.LookupFeature,
    FeatureConfig.ExprFeature,
)
"""Types whose columns have no order of ids and weights."""


def rows_path(config: PipelineConfig, folder: Path, split: str) -> Path:
    """Where the rows of a split are written in `folder`."""
    if config.data_config.input_type == DatasetConfig.TFRecordInput:
        return folder / f"{split}.tfrecord"
    if config.data_config.input_type != DatasetConfig.ParquetInput:
        return folder / f"{split}.csv"
    if config.data_config.HasField("user_rows"):
        return folder / f"{config.data_config.user_rows.impression_file_prefix}-{split}.parquet"
    return folder / f"{split}.parquet"


def write_rows(config: PipelineConfig, path: Path, size: int, seed: int) -> None:
    """Writes `size` rows in the format of `config.data_config` to `path`, and users beside it.

    Clicks depend on the first id column, conversions on the second, so that there is something to
    learn; labels keep conversions inside clicks.
    """
    random = np.random.default_rng(seed)
    is_grouped = config.data_config.HasField("user_rows")
    user = np.arange(size) // IMPRESSIONS_OF_A_USER if is_grouped else None
    columns = _columns(config, size, random, user)
    names = [field.input_name for field in config.data_config.input_fields]
    table = pa.table({name: columns[name] for name in names})
    if user is not None:
        _write_grouped(config, path, table, user)
        return
    if config.data_config.input_type == DatasetConfig.ParquetInput:
        pyarrow.parquet.write_table(table, path, row_group_size=100)
        return
    if config.data_config.input_type == DatasetConfig.TFRecordInput:
        with tf.io.TFRecordWriter(str(path), config.data_config.data_compression_type) as writer:
            for row in table.to_pylist():
                writer.write(_example(row))
        return
    options = pyarrow.csv.WriteOptions(
        include_header=config.data_config.with_header,
        delimiter=config.data_config.separator,
        quoting_style="none",
    )
    pyarrow.csv.write_csv(table, path, options)


def _example(row: Dict[str, Any]) -> bytes:
    """A row as tf.train.Example; None is an absent column."""
    features = {}
    for name, cell in row.items():
        values = cell if isinstance(cell, list) else [] if cell is None else [cell]
        if values and isinstance(values[0], str):
            texts = [value.encode() for value in values]
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
        elif values and isinstance(values[0], float):
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        elif values:
            whole = [int(value) for value in values]
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=whole))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _write_grouped(config: PipelineConfig, path: Path, table: pa.Table, user: np.ndarray) -> None:
    users = config.data_config.user_rows
    of_users = list(users.columns)
    row = pa.array(user.astype(np.int32))
    rows = table.drop_columns(of_users).append_column(users.row_column, row)
    pyarrow.parquet.write_table(rows, path, row_group_size=100)
    name = users.file_prefix + path.name[len(users.impression_file_prefix) :]
    first = np.flatnonzero(np.diff(user, prepend=-1))
    pyarrow.parquet.write_table(table.select(of_users).take(first), path.with_name(name))


def _columns(
    config: PipelineConfig, size: int, random: Any, user: Optional[np.ndarray]
) -> Dict[str, Any]:
    features: Dict[str, FeatureConfig] = {}
    weights: Set[str] = set()
    derived: Dict[str, FeatureConfig] = {}
    for feature in config.feature_config.features:
        if feature.feature_type in DERIVED_TYPES:
            derived.update(dict.fromkeys(feature.input_names, feature))
        else:
            features[feature.input_names[0]] = feature
            weights.update(feature.input_names[1:])
    ids: List[np.ndarray] = []
    columns: Dict[str, Any] = {}
    lengths = random.integers(0, 4, size)  # of every list, so that ids and weights fit
    of_users = set(config.data_config.user_rows.columns)
    for field in config.data_config.input_fields:
        feature = features.get(field.input_name)
        if feature is not None:
            which = random.integers(0, IDS, size)
            # A user's columns are those of his first row.
            is_of_users = user is not None and field.input_name in of_users
            ids.append(which[user * IMPRESSIONS_OF_A_USER] if is_of_users else which)
            columns[field.input_name] = _cells(config, field, feature, which, lengths, random)
        elif field.input_name in derived:
            feature = derived[field.input_name]
            columns[field.input_name] = _derived_cells(field, feature, size, lengths, random)
        elif field.input_name in weights:
            columns[field.input_name] = [list(random.uniform(0, 2, n)) for n in lengths]
        else:
            columns[field.input_name] = random.integers(0, 2, size)
    click = random.random(size) < CLICK_RATES[ids[0]]
    bought = click & (random.random(size) < CLICK_RATES[ids[1]])
    for label, happened in zip(task_specs(config.model_config).columns(), (click, bought)):
        columns[label] = happened.astype(int)
    if config.data_config.HasField("conversion_delay"):
        columns.update(_times(config.data_config.conversion_delay, bought, random))
    return columns


def _times(delay: DatasetConfig.ConversionDelay, bought: np.ndarray, random: Any) -> Dict[str, Any]:
    """Impressions over 30 days, and conversions up to 5 days later, before the cut."""
    end = int(delay.observed_until_time) or 1_769_817_600
    click_time = end - random.integers(0, 30 * 86_400, len(bought))
    conversion_time = np.minimum(end, click_time + random.integers(0, 5 * 86_400, len(bought)))
    columns = {
        delay.click_time: click_time,
        delay.conversion_time: pa.array(conversion_time, mask=~bought),
    }
    if delay.observed_until:
        columns[delay.observed_until] = np.full(len(bought), end)
    return columns


def _cells(
    config: PipelineConfig,
    field: DatasetConfig.Field,
    feature: FeatureConfig,
    which: np.ndarray,
    lengths: np.ndarray,
    random: Any,
) -> Any:
    has_nulls = config.data_config.input_type in NULLABLE
    if feature.feature_type == FeatureConfig.TagFeature:
        return _tags(feature, field.input_type, lengths, random)
    if feature.feature_type == FeatureConfig.SequenceFeature:
        return _sequences(feature, field.input_type, lengths, random)
    if feature.raw_input_dim > 1:
        parts = random.normal(size=[len(which), feature.raw_input_dim]).round(3)
        return [feature.separator.join(str(part) for part in row) for row in parts]
    if field.input_type == DatasetConfig.BOOL:
        return pa.array(which % 2 == 0)
    is_float = field.input_type in FLOAT_TYPES
    if feature.feature_type == FeatureConfig.RawFeature or is_float:
        return random.uniform(feature.min_val, max(feature.max_val, 60), len(which)).round(3)
    if field.input_type in INTEGER_TYPES:
        return which
    words = list(feature.vocab_list) or [f"{field.input_name}{i}" for i in range(IDS)]
    if feature.num_buckets:
        words = [str(i) for i in range(IDS)]
    values = [words[i % len(words)] for i in which]
    return pa.array([None if has_nulls and i == 0 else v for i, v in zip(which, values)])


def _derived_cells(
    field: DatasetConfig.Field,
    feature: FeatureConfig,
    size: int,
    lengths: np.ndarray,
    random: Any,
) -> Any:
    """A column that only features of several columns read."""
    which = random.integers(0, IDS, size)
    place = list(feature.input_names).index(field.input_name)
    if field.input_type in INTEGER_TYPES:
        return which
    if field.input_type in FLOAT_TYPES:
        return random.uniform(0, 60, size).round(3)
    if any(feature.combo_input_seps[place : place + 1]):
        separator = feature.combo_input_seps[place][0]
        return [separator.join(f"c{i}" for i in random.integers(0, IDS, n)) for n in lengths]
    if feature.feature_type == FeatureConfig.LookupFeature and place == 1:
        return [_map(feature, n, random) for n in lengths]
    return [f"{field.input_name}{i}" for i in which]


def _map(feature: FeatureConfig, entries: int, random: Any) -> str:
    """Entries of `key:id` under the texts that the key's column has."""
    keys = [f"{feature.input_names[0]}{i}" for i in random.integers(0, IDS // 10, 20 * entries)]
    pairs = [f"{key}{feature.kv_separator}{random.integers(0, IDS)}" for key in keys]
    return feature.separator[0].join(pairs)


def _tags(feature: FeatureConfig, input_type: int, lengths: np.ndarray, random: Any) -> Any:
    if input_type in INTEGER_TYPES:
        return [list(random.integers(0, IDS, n)) for n in lengths]
    cells = []
    for n in lengths:
        pieces = [f"t{i}" for i in random.integers(0, IDS, n)]
        if feature.kv_separator:
            pieces = [f"{p}{feature.kv_separator}{random.uniform(0, 2):.3f}" for p in pieces]
        cells.append(feature.separator.join(pieces))
    return cells


def _sequences(feature: FeatureConfig, input_type: int, lengths: np.ndarray, random: Any) -> Any:
    """Histories of one length in each row."""
    if input_type in INTEGER_TYPES:
        return [list(random.integers(0, IDS, n)) for n in lengths]
    of_numbers = feature.sub_feature_type == FeatureConfig.RawFeature
    inner = feature.raw_input_dim if of_numbers else 2
    prefix = "" if of_numbers or feature.num_buckets else "s"
    cells = []
    for n in lengths:
        ids = random.integers(0, IDS, [n, inner if feature.seq_multi_sep else 1])
        elements = [feature.seq_multi_sep.join(f"{prefix}{i}" for i in one) for one in ids]
        cells.append(feature.separator.join(elements))
    return cells
