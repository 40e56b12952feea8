"""The same histories from text and from lists, whatever the format of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import data
from easy_esmm.features import encode
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CONFIG = """
data_config {
  batch_size: 4 num_epochs: 1 shuffle: false input_type: %s
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "words" }
  input_fields { input_name: "items" %s }
  input_fields { input_name: "prices" %s }
  label_fields: "click"
}
feature_config {
  features { feature_name: "words" input_names: "words" feature_type: SequenceFeature
             separator: "|" embedding_dim: 2 vocab_list: ["a", "b"] max_seq_len: 3 }
  features { feature_name: "items" input_names: "items" feature_type: SequenceFeature
             embedding_dim: 2 num_buckets: 9 max_seq_len: 3 }
  features { feature_name: "prices" input_names: "prices" feature_type: SequenceFeature
             sub_feature_type: RawFeature max_seq_len: 3 }
}
model_config {
  model_class: "SimpleMultiTask"
  feature_groups { group_name: "all" feature_names: ["words", "items", "prices"] }
  simple_multi_task { task_towers { tower_name: "ctr" label_name: "click" } }
}
"""
# A whole one, an empty one, none, and one that is cut off.
WORDS: List[Optional[List[str]]] = [["b", "a"], [], None, ["a", "a", "b", "b"]]
ITEMS: List[Optional[List[int]]] = [[3, 4], [], None, [1, 2, 3, 4]]
PRICES: List[Optional[List[float]]] = [[0.5, 2.0], [], None, [1.0, 1.5, 2.0, 2.5]]
COLUMNS: Dict[str, Any] = {"words": WORDS, "items": ITEMS, "prices": PRICES}
CLICK = [1, 0, 0, 1]


def joined(column: List[Optional[List[Any]]]) -> List[str]:
    return ["|".join(map(str, row or [])) for row in column]


def csv(folder: Path) -> Any:
    path = folder / "rows.csv"
    rows = zip(CLICK, *(joined(column) for column in COLUMNS.values()))
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return str(path)


def parquet(folder: Path) -> Any:
    path = folder / "rows.parquet"
    pyarrow.parquet.write_table(pa.table({"click": CLICK, **COLUMNS}), path)
    return str(path)


def parquet_of_text(folder: Path) -> Any:
    path = folder / "rows.parquet"
    table = {name: joined(column) for name, column in COLUMNS.items()}
    pyarrow.parquet.write_table(pa.table({"click": CLICK, **table}), path)
    return str(path)


def tfrecord(folder: Path) -> Any:
    path = folder / "rows.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in range(len(CLICK)):
            feature = {"click": tf.train.Feature(int64_list=tf.train.Int64List(value=[CLICK[row]]))}
            if WORDS[row] is not None:
                words = [word.encode() for word in WORDS[row] or ()]
                feature["words"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=words))
                items = tf.train.Int64List(value=ITEMS[row])
                feature["items"] = tf.train.Feature(int64_list=items)
                prices = tf.train.FloatList(value=PRICES[row])
                feature["prices"] = tf.train.Feature(float_list=prices)
            example = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(example.SerializeToString())
    return str(path)


def frame(folder: Path) -> Any:
    return pd.DataFrame({"click": CLICK, **COLUMNS})


LISTS = ("input_type: INT64", "input_type: FLOAT")
SOURCES = {
    "CSV": (csv, "CSVInput", ("", "")),
    "Parquet lists": (parquet, "ParquetInput", LISTS),
    "Parquet text": (parquet_of_text, "ParquetInput", ("", "")),
    "TFRecord": (tfrecord, "TFRecordInput", LISTS),
    "DataFrame": (frame, "ParquetInput", LISTS),
}


@pytest.mark.parametrize("source", SOURCES)
def test_histories_are_the_same_from_every_source(source: str, tmp_path: Path) -> None:
    write, input_type, types = SOURCES[source]
    config = text_format.Parse(CONFIG % (input_type, *types), PipelineConfig())
    rows = write(tmp_path)
    ((columns, _),) = data.input_fn(config, "eval", rows)()
    encoded: Dict[str, Any] = encode(config, columns)
    lengths = [2, 0, 0, 3]
    for name, feature in encoded.items():
        np.testing.assert_array_equal(feature.places.lengths, lengths, err_msg=name)
    missing = [-1, -1, -1]
    np.testing.assert_array_equal(encoded["words"].ids, [[1, 0, -1], missing, missing, [0, 0, 1]])
    np.testing.assert_array_equal(encoded["items"].ids, [[3, 4, -1], missing, missing, [1, 2, 3]])
    prices = np.reshape(encoded["prices"].values, [4, 3])
    np.testing.assert_array_equal(prices, [[0.5, 2, 0], [0, 0, 0], [0, 0, 0], [1, 1.5, 2]])
