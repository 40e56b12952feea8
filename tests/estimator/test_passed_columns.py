"""What `predict --reserved_cols` writes is what it read, in every format and from either model."""

from __future__ import annotations

import csv
import datetime
import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm import config, training
from easy_esmm.config import ConfigError
from easy_esmm.errors import UserError

CONFIG = """
train_input_path: "train.csv"
model_dir: "model"
train_config {
  num_steps: 2
  optimizer_config { lazy_adam_optimizer { learning_rate { constant_learning_rate {} } } }
}
data_config {
  with_header: true batch_size: 4 num_epochs: 0 label_fields: ["buy", "click"]
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "x" }
  input_fields { input_name: "n" input_type: INT64 }
}
feature_config {
  features { input_names: "x" feature_type: IdFeature embedding_dim: 4 hash_bucket_size: 100 }
  features { input_names: "n" feature_type: RawFeature }
}
model_config {
  model_class: "ESMM"
  feature_groups { group_name: "all" feature_names: ["x", "n"] }
  esmm {
    ctr_tower { tower_name: "ctr" label_name: "click" dnn { hidden_units: 4 use_bn: false } }
    cvr_tower { tower_name: "cvr" label_name: "buy" dnn { hidden_units: 4 use_bn: false } }
  }
}
"""
ROWS = 9  # three batches
MODELS = ["", "exported"]
"""The checkpoint, and the SavedModel."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("passed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("train.csv").write_text(
            "click,buy,x,n\n" + "".join(f"{i % 2},0,u{i},{i}\n" for i in range(ROWS))
        )
        Path("x.config").write_text(CONFIG)
        training.train(config.load("x.config"))
        training.export(config.load("x.config"), "exported")
        yield folder


def score(path: str, names: Sequence[str], model: str, out: str, data: str = "") -> Any:
    """What is written, without the scores: a table of Parquet, or the rows of a CSV file."""
    header = "with_header: true" if "with_header" not in data else ""
    Path("y.config").write_text(CONFIG.replace("with_header: true", f"{header} {data}"))
    training.score(
        config.load("y.config"),
        path,
        out,
        saved_model=model,
        reserved_columns=names,
        output_columns=["probs_ctr"],
    )
    if out.endswith(".parquet"):
        table = pq.read_table(out)
        assert table.column_names == [*names, "probs_ctr"]
        assert np.isfinite(table["probs_ctr"].to_numpy()).all()
        return table.drop(["probs_ctr"])
    with open(out, newline="") as file:
        head, *rows = csv.reader(file)
    assert head == [*names, "probs_ctr"]
    return [row[:-1] for row in rows]


X = pa.array([f"u{i}" for i in range(ROWS)])
N = pa.array([i if i % 3 else None for i in range(ROWS)], pa.int64())


def nulled(values: List[Any], kind: Any = None) -> Any:
    """Values by turns with nulls, ROWS of them."""
    return pa.array([values[i // 2 % len(values)] if i % 2 else None for i in range(ROWS)], kind)


MOMENT = datetime.datetime(2024, 2, 29, 12, 0, 1, 500_000, tzinfo=datetime.timezone.utc)
OF_ANY_TYPE: Dict[str, Any] = {
    "int8": nulled([-7, 0], pa.int8()),
    "uint64": nulled([2**64 - 1], pa.uint64()),
    "float": nulled([0.1, float("nan"), 0.0], pa.float32()),
    "flag": nulled([True, False]),
    "text": nulled(["007", ""]),
    "bytes": nulled([b"\xff\x00"]),
    "decimal": nulled([Decimal("1.50")], pa.decimal128(9, 2)),
    "at": nulled([MOMENT], pa.timestamp("us", "Asia/Tokyo")),
    "day": nulled([MOMENT.date()]),
    "time": nulled([datetime.time(1, 2)]),
    "words": nulled(["a", "b"]).dictionary_encode(),
    "list": nulled([[1, None], []], pa.list_(pa.int16())),
    "struct": nulled([{"a": 1, "b": None}], pa.struct([("a", pa.int8()), ("b", pa.string())])),
    "nothing": pa.nulls(ROWS),
    "n": N,
    "x": X,
}


@pytest.mark.parametrize("model", MODELS)
def test_parquet_columns_keep_types_nulls_and_order(model: str) -> None:
    table = pa.table(OF_ANY_TYPE)
    pq.write_table(table[:5], "in-0.parquet", row_group_size=3)
    pq.write_table(table[5:], "in-1.parquet")
    names = list(OF_ANY_TYPE)
    parquet = "input_type: ParquetInput"
    found = score("in-*.parquet", names, model, "out.parquet", parquet)
    read = pa.concat_tables([pq.read_table(f"in-{i}.parquet") for i in (0, 1)])
    assert found.schema.types == read.schema.types
    for name in names:  # as text, in which NaN is equal to itself
        assert str(found[name].to_pylist()) == str(table[name].to_pylist()), name


def test_parquet_columns_are_text_in_a_csv_file() -> None:
    pq.write_table(pa.table(OF_ANY_TYPE), "in.parquet")
    names = ["text", "uint64", "float", "flag", "decimal", "day", "words", "list", "struct"]
    found = score("in.parquet", names, "", "out.csv", "input_type: ParquetInput")
    assert found[1] == ["007", str(2**64 - 1), "0.1", "true", "1.50", "2024-02-29", "a", "1|",
                        '{"a": 1, "b": null}']  # fmt: skip
    assert found[3][:4] == ["", str(2**64 - 1), "nan", "false"]
    assert found[0] == [""] * len(names)
    cells = [line.split(",")[0] for line in Path("out.csv").read_text().splitlines()]
    assert cells[1:5] == ["", '"007"', "", '""']  # a null, and empty text
    with pytest.raises(UserError, match="column bytes holds text that is not UTF-8"):
        score("in.parquet", ["bytes"], "", "out.csv", "input_type: ParquetInput")


@pytest.mark.parametrize("model", MODELS)
def test_rows_that_are_left_out_are_left_out_of_reserved_columns(model: str) -> None:
    wide = pa.array([2**63 if i in (0, 4, 5) else i for i in range(ROWS)], pa.uint64())
    pq.write_table(pa.table({"x": X, "n": wide, "key": nulled(["k"])}), "in.parquet")
    data = "input_type: ParquetInput ignore_error: true"
    found = score("in.parquet", ["n", "key"], model, "out.parquet", data)
    assert found["n"].to_pylist() == [1, 2, 3, 6, 7, 8]
    assert found["key"].to_pylist() == ["k", None, "k", None, "k", None]


TEXTS = ["007", "1.50", "+3", "", " b ", "a,b", 'say "x"', "é\rè", "nan"]


def write_csv(path: str, order: Sequence[str], header: bool = True, bad: int = -1) -> None:
    cells = {
        "click": ["1"] * ROWS, "buy": ["0"] * ROWS, "x": [f"u{i}" for i in range(ROWS)],
        "n": [f"{i:03d}" if i % 3 else "" for i in range(ROWS)], "key": TEXTS,
    }  # fmt: skip
    if bad >= 0:
        cells["n"][bad] = "many"
    write = gzip.open if path.endswith(".gz") else open
    with write(path, "wt", newline="") as file:
        rows = [list(order)] if header else []
        csv.writer(file).writerows([*rows, *zip(*(cells[name] for name in order))])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_text_of_csv_files_stays_as_it_stands(model: str, suffix: str) -> None:
    write_csv(f"in-0.{suffix}", ["x", "n", "key"])
    write_csv(f"in-1.{suffix}", ["key", "n", "x"])
    digits = [f"{i:03d}" if i % 3 else "" for i in range(ROWS)]
    expected = [[text, digit] for text, digit in zip(TEXTS, digits)] * 2
    assert score(f"in-?.{suffix}", ["key", "n"], model, "out.csv") == expected
    found = score(f"in-?.{suffix}", ["key", "n"], model, "out.parquet")
    assert found.schema.types == [pa.string(), pa.string()]
    assert found["key"].to_pylist() == [text or None for text in TEXTS] * 2
    assert found["n"].to_pylist() == [digit or None for digit in digits] * 2


def test_text_of_another_encoding_is_written_as_utf_8() -> None:
    Path("in.csv").write_bytes("x,n,城市\nu1,1,北京\nu2,2,\n".encode("gbk"))
    data = 'with_header: true encoding: "gbk"'
    assert score("in.csv", ["城市"], "", "out.csv", data) == [["北京"], [""]]


def test_csv_files_without_a_header_and_with_bad_rows() -> None:
    write_csv("in.csv", ["click", "buy", "x", "n"], header=False, bad=4)
    data = "with_header: false ignore_error: true"
    found = score("in.csv", ["n", "click"], "", "out.csv", data)
    kept = [i for i in range(ROWS) if i != 4]
    assert found == [[f"{i:03d}" if i % 3 else "", "1"] for i in kept]


def feature(value: Any) -> tf.train.Feature:
    if value is None:
        return tf.train.Feature()
    values = value if isinstance(value, list) else [value]
    if isinstance(values[0], int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    if isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    texts = [text.encode() for text in values]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))


@pytest.mark.parametrize("model", MODELS)
def test_values_of_tf_examples_keep_their_kind_and_are_null_where_they_are_absent(
    model: str,
) -> None:
    columns: Dict[str, List[Any]] = {
        "x": X.to_pylist(), "n": N.to_pylist(),
        "spent": [0.5 if i % 2 else None for i in range(ROWS)],
        "tags": [["a", "b"] if i % 2 else None for i in range(ROWS)],
    }  # fmt: skip
    with tf.io.TFRecordWriter("in.tfrecord") as file:
        for values in zip(*columns.values()):
            row = {name: feature(v) for name, v in zip(columns, values) if v is not None}
            file.write(
                tf.train.Example(features=tf.train.Features(feature=row)).SerializeToString()
            )
    found = score("in.tfrecord", list(columns), model, "out.parquet", "input_type: TFRecordInput")
    assert found.schema.types == [pa.string(), pa.int64(), pa.float32(), pa.list_(pa.string())]
    assert found.to_pydict() == columns
    text = score("in.tfrecord", ["tags", "n"], model, "out.csv", "input_type: TFRecordInput")
    assert text[:2] == [["", ""], ["a|b", "1"]]


def test_a_column_that_only_one_tfrecord_file_holds_is_null_in_the_others() -> None:
    for part in (0, 1):
        with tf.io.TFRecordWriter(f"in-{part}.tfrecord") as file:
            row = {"x": feature("a"), "n": feature(1), **({"key": feature(7)} if part else {})}
            example = tf.train.Example(features=tf.train.Features(feature=row))
            file.write(example.SerializeToString())
    data = "input_type: TFRecordInput"
    found = score("in-?.tfrecord", ["key"], "", "out.parquet", data)
    assert (found["key"].type, found["key"].to_pylist()) == (pa.int64(), [None, 7])
    with pytest.raises(ConfigError, match=r"^--reserved_cols: in-0.tfrecord: no column 'kez' in"):
        score("in-?.tfrecord", ["kez"], "", "never.csv", data)


def test_a_model_that_asks_for_columns_that_no_feature_reads_is_given_them() -> None:
    declared = 'input_fields { input_name: "more" input_type: INT64 }\n}\nfeature_config'
    text = CONFIG.replace("}\nfeature_config", declared)
    Path("z.config").write_text(text + "export_config { filter_inputs: false }")
    pipeline = config.load("z.config")
    training.export(pipeline, "wide")
    Path("in.csv").write_text("x,n,more\nu1,1,7\nu2,2,\n")
    scored = {}
    for reserved in ((), ("more",)):
        training.score(pipeline, "in.csv", "out.csv", saved_model="wide", reserved_columns=reserved)
        scored[reserved] = pd.read_csv("out.csv", dtype=str, keep_default_na=False)
    assert scored["more",].pop("more").tolist() == ["7", ""]
    assert scored["more",].equals(scored[()])


def test_frames_hand_their_columns_through() -> None:
    frame = pd.DataFrame(
        {"x": X.to_pylist(), "n": pd.array(N.to_pylist(), "Int64"), "at": [MOMENT] * ROWS},
        index=range(ROWS, 2 * ROWS),
    )
    batches = list(training.predict(config.load("x.config"), frame, extra_columns=["at", "n"]))
    found = pa.chunked_array([chunk for batch in batches for chunk in batch["n"].chunks])
    assert (found.type, found.to_pylist()) == (pa.int64(), N.to_pylist())
    assert [at for batch in batches for at in batch["at"].to_pylist()] == [MOMENT] * ROWS


def test_types_that_differ_between_files_are_widened_or_refused() -> None:
    base = pa.table({"x": X, "n": N})
    for part, keys in (("0", pa.nulls(ROWS)), ("1", nulled([3], pa.int8()))):
        pq.write_table(base.append_column("key", keys), f"in-{part}.parquet")
    pq.write_table(base.append_column("key", nulled([300], pa.int32())), "in-2.parquet")
    parquet = "input_type: ParquetInput"
    found = score("in-[012].parquet", ["key"], "", "out.parquet", parquet)
    expected = [None] * ROWS + nulled([3]).to_pylist() + nulled([300]).to_pylist()
    assert (found["key"].type, found["key"].to_pylist()) == (pa.int64(), expected)
    pq.write_table(base.append_column("key", nulled(["a"])), "in-3.parquet")
    with pytest.raises(UserError, match=r"'key' is int8 in in-1.parquet and int32 in in-2.parquet"):
        score("in-*.parquet", ["key"], "", "never.parquet", parquet)
    assert not Path("never.parquet").exists()


def test_words_of_several_files_and_files_of_empty_lists_have_one_type() -> None:
    for part, kind in (("0", pa.int8()), ("1", pa.int16())):
        words = nulled(["a", "b"]).cast(pa.dictionary(kind, pa.string()))
        lists = nulled([[]], pa.list_(pa.null())) if part == "0" else nulled([[7]])
        table = pa.table({"x": X, "n": N, "words": words, "lists": lists})
        pq.write_table(table, f"in-{part}.parquet")
    data = "input_type: ParquetInput"
    found = score("in-[01].parquet", ["words", "lists"], "", "out.parquet", data)
    assert found.schema.types == [pa.string(), pa.list_(pa.int64())]
    assert found["words"].to_pylist() == nulled(["a", "b"]).to_pylist() * 2
    assert found["lists"].to_pylist() == [*nulled([[]]).to_pylist(), *nulled([[7]]).to_pylist()]


@pytest.mark.parametrize("model", MODELS)
def test_an_input_of_bad_rows_only_is_an_error(model: str) -> None:
    wide = pa.array([2**63] * ROWS, pa.uint64())
    pq.write_table(pa.table({"x": X, "n": wide}), "in.parquet")
    data = "input_type: ParquetInput ignore_error: true"
    with pytest.raises(UserError, match=r"in.parquet holds no row that could be read"):
        score("in.parquet", ["n"], model, "never.csv", data)


@pytest.mark.parametrize("model", MODELS)
def test_names_that_collide_are_refused_before_anything_is_scored(model: str) -> None:
    Path("in.csv").write_text("x,n,probs_ctr\nu1,1,0.5\n")
    with pytest.raises(UserError, match="--reserved_cols: probs_ctr: the model's own scores"):
        score("in.csv", ["x", "probs_ctr"], model, "never.csv")
    with pytest.raises(UserError, match="--reserved_cols: x: named twice; name it once"):
        score("in.csv", ["x", "n", "x"], model, "never.csv")
    assert not Path("never.csv").exists()


def test_a_column_that_is_absent_or_doubled_is_a_problem_of_the_flag() -> None:
    Path("in.csv").write_text("x,n,key,key\nu1,1,a,b\n")
    for name, rule in (
        ("key", "the header has column 'key' twice"),
        ("kez", "has no column 'kez'"),
    ):
        with pytest.raises(ConfigError, match=f"^--reserved_cols: in.csv: .*{rule}"):
            score("in.csv", [name], "", "never.csv")
    pq.write_table(pa.table([X, N, X, X], names=["x", "n", "key", "key"]), "in.parquet")
    with pytest.raises(ConfigError, match=r"^--reserved_cols: in.parquet: column 'key' stands"):
        score("in.parquet", ["key"], "", "never.csv", "input_type: ParquetInput")
