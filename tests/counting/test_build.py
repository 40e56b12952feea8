"""Vocabularies are built of exactly what features look up, from rows of every format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import config as configs
from easy_esmm import data, flags, vocabulary
from easy_esmm.checkpoints import vocabularies
from easy_esmm.config import Pipeline
from easy_esmm.config.vocabulary_file import read_entries
from easy_esmm.counting.build import build, with_vocabularies
from easy_esmm.errors import UserError
from easy_esmm.features.embed import encode

# ruff: noqa: E501  (a feature a line)
CONFIG = """
model_dir: "model"
train_input_path: "{rows}"
train_config {{ num_steps: 1 optimizer_config {{ lazy_adam_optimizer {{ learning_rate {{ constant_learning_rate {{}} }} }} }} }}
data_config {{
  {format}
  batch_size: 2
  input_fields {{ input_name: "buy" input_type: INT32 }}
  input_fields {{ input_name: "click" input_type: INT32 }}
  input_fields {{ input_name: "word" }}
  input_fields {{ input_name: "number" input_type: INT64 }}
  input_fields {{ input_name: "tags" }}
  input_fields {{ input_name: "seen" }}
  input_fields {{ input_name: "map" }}
  label_fields: ["buy", "click"]
}}
feature_config {{
  features {{ feature_name: "word" input_names: "word" embedding_dim: 2 hash_bucket_size: 9 }}
  features {{ feature_name: "number" input_names: "number" embedding_dim: 2 hash_bucket_size: 9 }}
  features {{ feature_name: "tags" input_names: "tags" feature_type: TagFeature separator: ";" kv_separator: ":" max_seq_len: 2 embedding_dim: 2 hash_bucket_size: 9 }}
  features {{ feature_name: "seen" input_names: "seen" feature_type: SequenceFeature separator: "," embedding_dim: 2 hash_bucket_size: 9 }}
  features {{ feature_name: "found" input_names: ["word", "map"] feature_type: LookupFeature separator: ";" kv_separator: ":" embedding_dim: 2 hash_bucket_size: 9 }}
  features {{ feature_name: "crossed" input_names: ["word", "tags"] feature_type: ComboFeature embedding_dim: 2 hash_bucket_size: 9 }}
}}
model_config {{
  model_class: "ESMM"
  feature_groups {{ group_name: "all" feature_names: ["word", "number", "tags", "found", "crossed"] sequence_features {{ group_name: "read" seq_att_map {{ key: "word" hist_seq: "seen" }} }} }}
  esmm {{
    ctr_tower {{ tower_name: "ctr" label_name: "click" dnn {{ hidden_units: 4 }} }}
    cvr_tower {{ tower_name: "cvr" label_name: "buy" dnn {{ hidden_units: 4 }} }}
  }}
}}
"""
NAMES = ("word", "number", "tags", "seen", "found")
ROWS: Dict[str, List[Any]] = {
    "buy": [0] * 6,
    "click": [1] * 6,
    "word": ["red", " red", "猫", "", "red", "1e3"],
    "number": [1234567890123456789, -1, 0, 1234567890123456789, 7, 7],
    "tags": ["a:1;b:2;c:3", "", ";;a:1", "a b:1", "é:2;x:1", "a:1"],
    "seen": ["u,,v", "", "u", "v,u", ",", "w"],
    "map": ["red:1;blue:2", "red:1", "猫:x;猫:y", ":z", "red:1", "1e3:q"],
}
COUNTS = {
    # An empty text is a missing value, and is looked up nowhere; a blank counts.
    "word": {"red": 2, " red": 1, "猫": 1, "1e3": 1},
    "number": {"1234567890123456789": 2, "7": 2, "-1": 1, "0": 1},
    # Two of a row at most: max_seq_len. Empty pieces are none.
    "tags": {"a": 3, "b": 1, "a b": 1, "é": 1, "x": 1},
    # An empty element of a sequence is one, an empty sequence holds none.
    "seen": {"u": 3, "v": 2, "w": 1, "": 3},
    "found": {"1": 2, "x": 1, "y": 1, "q": 1},
}


def example(row: Dict[str, Any]) -> bytes:
    features = {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=[cell]))
        if isinstance(cell, int)
        else tf.train.Feature(bytes_list=tf.train.BytesList(value=[cell.encode()]))
        for name, cell in row.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def written(folder: Path, kind: str) -> Pipeline:
    """The rows in a format, and the config that reads them."""
    frame = pd.DataFrame(ROWS)
    path = folder / f"rows.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False, sep="\t")
        form = 'input_type: CSVInput with_header: true separator: "\\t"'
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pandas(frame), path)
        form = "input_type: ParquetInput"
    else:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for row in frame.to_dict("records"):
                writer.write(example(row))
        form = "input_type: TFRecordInput"
    config = folder / "x.config"
    config.write_text(CONFIG.format(rows=path, format=form))
    return configs.load(str(config))


@pytest.mark.parametrize("kind", ["csv", "parquet", "tfrecord"])
def test_counts_are_of_what_the_features_look_up(tmp_path: Path, kind: str) -> None:
    pipeline = written(tmp_path, kind)
    built = build(pipeline, str(tmp_path / "v"), features=NAMES)
    assert built.rows == 6
    for one, name in zip(built.vocabularies, NAMES):
        wanted = sorted(COUNTS[name].items(), key=lambda item: (-item[1], item[0].encode()))
        wanted = [(text, count) for text, count in wanted if text]  # no line can be empty
        assert one.features == (name,)
        assert read_entries(one.file) == [b"<unknown>", *(text.encode() for text, _ in wanted)]
        assert (one.chosen.total, one.chosen.distinct) == (
            sum(COUNTS[name].values()),
            len(COUNTS[name]),
        )
    # With these vocabularies every value that is there, but for empty ones, finds a row of its own.
    outside = dict.fromkeys(NAMES, 0)
    found = tmp_path / "y.config"
    found.write_text(
        text_format.MessageToString(with_vocabularies(pipeline.written, built.vocabularies))
    )
    config = configs.load(str(found)).config
    for columns in data.input_fn(config, "predict", config.train_input_path).batches():
        for name, encoded in encode(config, columns).items():
            if name in NAMES:
                outside[name] += int(encoded.out_of_range)
                zeros = np.count_nonzero(encoded.ids_to_read().numpy() == 0)
                assert zeros == int(encoded.out_of_range)
    assert outside == {**dict.fromkeys(NAMES, 0), "seen": COUNTS["seen"][""]}


def test_lists_and_their_nulls_are_counted_value_by_value(tmp_path: Path) -> None:
    pipeline = written(tmp_path, "parquet")
    rows = pd.DataFrame({**ROWS, "tags": [["a:1", "b:1"], [], None, ["a:1"], ["a:2"], ["b:1"]]})
    built = build(pipeline, str(tmp_path / "v"), rows=rows, features=["tags"])
    assert read_entries(built.vocabularies[0].file) == [b"<unknown>", b"a", b"b"]
    assert built.vocabularies[0].chosen.total == 5


def test_features_of_one_table_have_one_vocabulary(tmp_path: Path) -> None:
    pipeline = written(tmp_path, "csv")
    for feature in pipeline.config.feature_config.features:
        if feature.feature_name in ("tags", "seen"):
            feature.embedding_name = "thing"
    with pytest.raises(UserError, match="seen reads the table of embedding_name thing too"):
        build(pipeline, str(tmp_path / "v"), features=["tags"])
    built = build(pipeline, str(tmp_path / "v"), features=["tags", "seen"])
    (one,) = built.vocabularies
    assert one.features == ("tags", "seen")
    assert Path(one.file).name == "thing.txt"
    assert one.chosen.total == sum(COUNTS["tags"].values()) + sum(COUNTS["seen"].values())


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (["wrod"], "--features: must be names of features, got wrod; did you mean word?"),
        (["crossed"], "--features: crossed: a ComboFeature looks nothing up in a vocabulary"),
        ([], "--features: must name features, with commas, since none has a vocab_file yet"),
    ],
)
def test_what_has_no_vocabulary_is_refused(
    tmp_path: Path, features: List[str], message: str
) -> None:
    with pytest.raises(UserError) as error:
        build(written(tmp_path, "csv"), str(tmp_path / "v"), features=features)
    assert message in str(error.value)


def test_the_command_writes_files_a_config_and_what_they_cover(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "csv")
    call = [
        f"--pipeline_config={tmp_path / 'x.config'}",
        "--features=word,tags",
        f"--output_dir={tmp_path / 'v'}",
        "--min_count=2",
        f"--output_config={tmp_path / 'y.config'}",
    ]
    vocabulary.main(flags.parse(vocabulary.FLAGS, ["program", *call]))
    out = capsys.readouterr().out
    assert "rows: 6\n" in out
    assert "ids in the rows: 4 different, 1 kept, 3 dropped; 40.0000% of 5 occurrences" in out
    config = configs.load(str(tmp_path / "y.config")).config
    tables = vocabularies.of_config(config)
    assert tables["embedding/all/word"].entries == [b"<unknown>", b"red"]
    assert tables["embedding/all/tags"].entries == [b"<unknown>", b"a"]
    # Grown by another day, without --features: those that have a vocabulary.
    later = pd.DataFrame({**ROWS, "word": ["new", "new", "red", "", "", ""]})
    later.to_csv(tmp_path / "later.csv", index=False, sep="\t")
    again = [
        f"--pipeline_config={tmp_path / 'y.config'}",
        f"--input_path={tmp_path / 'later.csv'}",
        f"--output_dir={tmp_path / 'v2'}",
        "--min_count=2",
        f"--base={tmp_path / 'v'}",
    ]
    vocabulary.main(flags.parse(vocabulary.FLAGS, ["program", *again]))
    assert (tmp_path / "v2/word.txt").read_bytes() == b"<unknown>\nred\nnew\n"
    assert "3 lines (2 of --base, 1 new) for word" in capsys.readouterr().out
