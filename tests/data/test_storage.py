"""Files of another file system: TensorFlow's `ram://` stands for `gs://`, `s3://` and `hdfs://`."""

from __future__ import annotations

import gzip
import io
from typing import Any, Dict

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn
from easy_esmm.data.files import find_files
from easy_esmm.data.storage import open_file, size
from easy_esmm.errors import UserError
from easy_esmm.simulation.truth import MARK

IDS = list(range(3000))
LINES = b"".join(b"%d,%d,%d,t%d\n" % (i % 2, i % 2, i, i) for i in IDS)
TABLE = pa.table(
    {
        "buy": [i % 2 for i in IDS],
        "click": [i % 2 for i in IDS],
        "id": IDS,
        "text": [f"t{i}" for i in IDS],
    }
)


def parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=700)
    return buffer.getvalue()


def tfrecord(path: str) -> bytes:
    with tf.io.TFRecordWriter(path) as writer:
        for i in IDS:
            values = {name: _ints(n) for name, n in (("buy", i % 2), ("click", i % 2), ("id", i))}
            values["text"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"t%d" % i]))
            example = tf.train.Example(features=tf.train.Features(feature=values))
            writer.write(example.SerializeToString())
    with tf.io.gfile.GFile(path, "rb") as file:
        return bytes(file.read())


def _ints(value: int) -> Any:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def put(files: Dict[str, bytes]) -> None:
    for path, content in files.items():
        with tf.io.gfile.GFile(path, "wb") as file:
            file.write(content)


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("plain.csv", LINES, ""),
        ("packed.csv.gz", gzip.compress(LINES), ""),
        ("head.csv", b"buy,click,id,text\n" + LINES, "with_header: true"),
        ("rows.parquet", parquet(TABLE), "input_type: ParquetInput"),
        ("rows.tfrecord", tfrecord("ram://made/a"), "input_type: TFRecordInput"),
        ("rows.tfrecord.gz", gzip.compress(tfrecord("ram://made/b")), "input_type: TFRecordInput"),
    ],
)
def test_remote_files_are_read_as_local_ones(
    make_config: Any, read: Any, name: str, content: bytes, data: str
) -> None:
    put({f"ram://bucket/{name}/part-{part}-{name}": content for part in (0, 1)})
    config = make_config(data=f"{data} num_epochs: 1")
    pattern = f"ram://bucket/{name}/part-*"
    rows = read(input_fn(config, "eval", pattern)())
    assert rows.columns["id"] == IDS + IDS
    assert rows.columns["text"] == [b"t%d" % i for i in IDS + IDS]
    assert sorted(read(input_fn(config, "train", pattern)()).columns["id"]) == sorted(IDS + IDS)


def test_a_cut_remote_gzip_file_is_named(make_config: Any) -> None:
    path = "ram://bucket/cut.csv.gz"
    put({path: gzip.compress(LINES)[:-3000]})
    with pytest.raises(tf.errors.OpError, match=f"{path}: the compressed file is not whole"):
        for _ in input_fn(make_config(), "eval", path)():
            pass


def test_a_path_with_the_scheme_file_is_local(make_config: Any, read: Any, numbered: Any) -> None:
    pattern = numbered([10, 5])
    rows = read(input_fn(make_config(), "eval", f"file://{pattern}")())
    assert rows.columns["id"] == list(range(15))


def test_remote_globs_follow_the_rules_of_local_ones() -> None:
    put({f"ram://b/d/{name}": b"1\n" for name in ("b.csv", "a.csv", "_SUCCESS")})
    assert find_files("ram://b/d/*") == ("ram://b/d/a.csv", "ram://b/d/b.csv")
    assert find_files("ram://b/d/b.csv, ram://b/d/*.csv") == ("ram://b/d/b.csv", "ram://b/d/a.csv")
    with pytest.raises(UserError, match="ram://b/d: a folder; name the files"):
        find_files("ram://b/d")


def test_planted_truth_is_refused_from_afar_too() -> None:
    put({"ram://b/t/rows.parquet": parquet(TABLE.replace_schema_metadata(MARK))})
    with pytest.raises(UserError, match="planted truth"):
        find_files("ram://b/t/*")


def test_a_remote_file_can_be_read_from_any_place() -> None:
    put({"ram://b/letters": b"abcdefgh"})
    assert size("ram://b/letters") == 8
    with open_file("ram://b/letters") as file:
        file.seek(-3, 2)
        assert file.read() == b"fgh"
        file.seek(1)
        assert file.read(2) == b"bc"
        file.seek(1, 1)
        assert (file.read(2), file.tell()) == (b"ef", 6)
    with pytest.raises(FileNotFoundError, match="ram://b/none: no such file"):
        open_file("ram://b/none")
