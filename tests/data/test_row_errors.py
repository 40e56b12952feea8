"""Bad rows: named with file, line, column and value, or skipped one by one and counted."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from easy_esmm.compat import estimator, v1
from easy_esmm.data import csv_fault, input_fn, row_error
from easy_esmm.data.csv_head import Layout
from easy_esmm.data.decode import decode_lines
from easy_esmm.data.fields import Column, Fields
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.protos.data_pb2 import DatasetConfig
from tests.data.messages import message_of

ADVICE = "; fix the row or set data_config.ignore_error"
COLUMNS = {
    "buy": "STRING",
    "click": "INT32",
    "id": "INT64",
    "x": "FLOAT",
    "b": "BOOL",
    "weight": "FLOAT",
    "text": "STRING",
}
GOOD = "1,0,7,0.5,true,1,a"


@pytest.fixture
def config(make_config: Any) -> Any:
    """All kinds of columns."""
    return make_config(COLUMNS, data='sample_weight: "weight"')


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1,0,abc,0.5,true,1,a", "column 'id' (INT64): must be a whole number, got 'abc'"),
        ("1,3000000000,7,0.5,true,1,a",
         "column 'click' (INT32): must fit 32 bits, got '3000000000'"),
        ("1,1.0,7,0.5,true,1,a", "column 'click' (INT32): must be a whole number, got '1.0'"),
        ("1,0,7,0.5x,true,1,a", "column 'x' (FLOAT): must be a number, got '0.5x'"),
        ("1,0,7,nan,true,1,a", "column 'x' (FLOAT): must be finite, or empty where it is missing, "
         "got 'nan'"),
        ("1,0,NA,1,true,1,a", "column 'id' (INT64): must be a whole number, or empty where it is "
         "missing, got 'NA'"),
        ("1,0,7,-inf,true,1,a", "column 'x' (FLOAT): must be finite, got '-inf'"),
        ("1,0,7,1e99,true,1,a", "column 'x' (FLOAT): must fit a 32-bit float, got '1e99'"),
        ("1,0,7,1,yes,1,a", "column 'b' (BOOL): must be true, false, 1 or 0, got 'yes'"),
        ("1,0,7,1,0,-1,a", "column 'weight' (FLOAT): must not be negative, got '-1'"),
        ("1,5,7,1,0,1,a", "column 'click' (INT32): must be in [0, 1], got '5'"),
        ("1,2,7,1,0,1,a", "column 'click' (INT32): must be in [0, 1], got '2'"),
        ("-1,0,7,1,0,1,a", "column 'buy' (STRING): must be in [0, 1], got '-1'"),
        ("1.01,0,7,1,0,1,a", "column 'buy' (STRING): must be in [0, 1], got '1.01'"),
        ("1,0,7,1,0,inf,a", "column 'weight' (FLOAT): must be finite, got 'inf'"),
        ("one,0,7,1,0,1,a", "column 'buy' (STRING): must be a number, got 'one'"),
        ("nan,0,7,1,0,1,a", "column 'buy' (STRING): must be finite, or empty where it is "
         "missing, got 'nan'"),
        ("1,0,7,1,0,1", "6 columns where 7 are expected (separator ',')"),
        ("1,0,7,1,0,1,a,b", "8 columns where 7 are expected (separator ',')"),
        ('1,0,7,1,0,1,a"b', 'the quotes are not balanced (a cell with quotes is quoted as a whole,'
         ' "" inside, and has no line break)'),
        ("1,0," + "9" * 99 + ",1,0,1,a",
         f"column 'id' (INT64): must fit 64 bits, got '{'9' * 60}...'"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_with_its_place_and_value(
    config: Any, tmp_path: Path, line: str, expected: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join([GOOD] * 1200 + ["", line] + [GOOD] * 5))
    assert message_of(input_fn(config, "eval", str(path))) == f"{path}:1202: {expected}{ADVICE}"
    assert message_of(input_fn(config, "train", str(path))) == f"{path}:1202: {expected}{ADVICE}"


def test_a_weight_that_float_does_not_hold_is_a_bad_row(make_config: Any, tmp_path: Path) -> None:
    columns = {"buy": "INT32", "click": "INT32", "w": "DOUBLE"}
    path = tmp_path / "a.csv"
    path.write_text("0,1,3e38\n0,1,1e300\n")
    message = message_of(
        input_fn(make_config(columns, data='sample_weight: "w"'), "eval", str(path))
    )
    rule = "column 'w' (DOUBLE): must fit a 32-bit float, got '1e300'"
    assert message == f"{path}:2: {rule}{ADVICE}"


def test_text_that_is_no_number_is_no_label_of_a_regression_either() -> None:
    layout = Layout(("y",), ",")
    fields = Fields((), (Column("y", DatasetConfig.STRING, b""),), None, ("y",))
    for cell, is_right in (("-2.5", True), ("many", False), ("1e39", False)):
        is_legal, (_, labels) = decode_lines(tf.constant(["7", cell]), layout, fields)
        assert bool(is_legal) == is_right
        assert not is_right or labels["y"].value.numpy().tolist() == [7, -2.5]
    rule = "column 'y' (STRING): must fit a 32-bit float, got '1e39'"
    assert csv_fault.fault(b"1e39", layout, fields) == rule


def test_line_numbers_count_the_header_and_hold_in_shards(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    lines = ["buy,click,id,text"] + ["0,0,1,a"] * 3000
    lines[2500] = "0,0,x,a"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    config = make_config(data="with_header: true")
    for shard in ((0, 1), (2500 % 3 - 1, 3)):
        assert message_of(input_fn(config, "eval", str(path), shard=shard)) == (
            f"{path}:2501: column 'id' (INT64): must be a whole number, got 'x'{ADVICE}"
        )


def test_ignore_error_skips_just_the_bad_rows_and_counts_them(
    make_config: Any, read: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = {5: "0,0,five,t", 6: "0,0,6", 1023: "0,0,,,", 1024: 'a"', 2999: "0,no,2999,t"}
    for part in ("a", "b"):
        lines = [bad.get(i, f"0,0,{i},t") if part == "a" else f"0,0,{i},t" for i in range(3000)]
        (tmp_path / f"{part}.csv").write_text("\n".join(lines))
    config = make_config(data="ignore_error: true batch_size: 128")
    make_dataset = input_fn(config, "eval", str(tmp_path / "*.csv"))
    with caplog.at_level(logging.WARNING):
        rows = read(make_dataset())
        make_dataset.skipped.log_summary()
    good = [i for i in range(3000) if i not in bad]
    assert rows.columns["id"] == [*good, *range(3000)]
    assert rows.sizes == [128] * (5995 // 128) + [5995 % 128]
    path = str(tmp_path / "a.csv")
    assert make_dataset.skipped.by_file == {path: 5}
    assert make_dataset.skipped.total == 5
    assert (
        sorted(make_dataset.skipped.places)[-1]
        == f"{path}:7: 3 columns where 4 are expected (separator ',')"
    )
    assert caplog.messages[-1] == f"5 rows skipped ({path}: 5)"


def test_training_skips_the_bad_row_in_every_epoch(
    make_config: Any, read: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"0,0,{'bad' if i == 77 else i},t\n" for i in range(2000)))
    config = make_config(data="ignore_error: true num_epochs: 3")
    make_dataset = input_fn(config, "train", str(path), batch_size=500)
    rows = read(make_dataset())
    assert sorted(rows.columns["id"]) == sorted([i for i in range(2000) if i != 77] * 3)
    assert rows.sizes == [500] * 11 + [497]
    assert make_dataset.skipped.by_file == {str(path): 3}


def test_training_on_bad_rows_only_ends_with_an_error(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("0;0;1;t\n" * 10)
    config = make_config(data="ignore_error: true")
    message = message_of(input_fn(config, "train", str(path)))
    assert "none of 1024 rows can be read, the last: 1 columns where 4 are expected" in message


def test_a_cut_gzip_file_is_an_error_and_not_the_end(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    content = gzip.compress("".join(f"0,0,{i},t{i * 7919}\n" for i in range(9000)).encode())
    path.write_bytes(content[: len(content) // 2])
    message = message_of(input_fn(make_config(), "eval", str(path)))
    assert message.startswith(f"{path}: the compressed file is not whole (Compressed file ended")


def test_a_damaged_gzip_file_is_an_error(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    content = bytearray(gzip.compress("".join(f"0,0,{i},t\n" for i in range(9000)).encode()))
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))
    message = message_of(input_fn(make_config(), "eval", str(path)))
    assert message.startswith(f"{path}: the compressed file is not whole (")


def test_a_flipped_byte_of_a_gzip_file_is_an_error_even_where_every_line_can_be_read(
    make_config: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv.gz"
    # Stored, not compressed: only the check sum at the end can tell that a digit is another.
    content = gzip.compress(b"0,0,1,t\n" * 3000, compresslevel=0)
    at = content.index(b"0,0,1,t")
    path.write_bytes(content[: at + 4] + b"7" + content[at + 5 :])
    message = message_of(input_fn(make_config(), "eval", str(path)))
    assert message.startswith(f"{path}: the compressed file is not whole (")


@pytest.mark.parametrize(
    ("content", "data", "rows"),
    [
        (gzip.compress(b"0,0,1,t\n" * 5000), "", 5000),
        (gzip.compress(b"0,0,1,t\r\n" * 5000), "", 5000),
        (gzip.compress(b"0,0,1,t\n\n0,0,1,t"), "", 2),
        (gzip.compress(b"buy,click,id,text\n" + b"0,0,1,t\n" * 5000), "with_header: true", 5000),
        (gzip.compress(b"0,0,1,t\n") + gzip.compress(b"0,0,1,t\n0,0,1,t\n"), "", 3),
        (gzip.compress(b"0,0,1,t\n") + gzip.compress(b"") + bytes(512), "", 1),
        (gzip.compress(b"0,0,1,") + gzip.compress(b"t\n0,0,1,t\n"), "", 2),
        (gzip.compress(b""), "", 0),
    ],
    # A name made from the bytes would hold the time of their compression.
    ids=[
        "lines",
        "windows",
        "blank line, no last end",
        "header",
        "two members",
        "empty member and padding",
        "a row in two members",
        "no row",
    ],
)
def test_a_whole_gzip_file_is_read_to_its_end(
    make_config: Any, read: Any, tmp_path: Path, content: bytes, data: str, rows: int
) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(content)
    found = read(input_fn(make_config(data=data), "eval", str(path))())
    assert found.columns.get("id", []) == [1] * rows
    assert set(found.columns.get("text", [])) <= {b"t"}


def test_what_follows_the_rows_of_a_gzip_file_is_damage(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"0,0,1,t\n" * 10) + b"0,0,1,t\n")
    message = message_of(input_fn(make_config(), "eval", str(path)))
    assert message.startswith(f"{path}: the compressed file is not whole (Not a gzipped file")


def test_a_bad_row_of_a_damaged_gzip_file_is_told_as_the_damage(
    make_config: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv.gz"
    content = gzip.compress(b"0,0,1,t\n" * 90000, compresslevel=0)
    path.write_bytes(content.replace(b"0,0,1,t", b"0,0,x,t", 1))
    message = message_of(input_fn(make_config(), "eval", str(path)))
    assert message.startswith(f"{path}: the compressed file is not whole (CRC check failed")


def test_the_message_survives_the_estimator(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("0,0,1,t\n" * 40 + "0,0,x,t\n")

    def model_fn(features: Any, labels: Any, mode: str) -> Any:
        weight = v1.get_variable("weight", [], initializer=v1.zeros_initializer())
        loss = tf.reduce_mean(tf.cast(features["id"], tf.float32) * weight)
        train_op = v1.train.GradientDescentOptimizer(0.1).minimize(
            loss, global_step=v1.train.get_global_step()
        )
        return estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)

    model = estimator.Estimator(model_fn, str(tmp_path / "model"))
    with pytest.raises(tf.errors.OpError) as caught:
        model.train(input_fn(make_config(), "train", str(path)))
    message = f"{path}:41: column 'id' (INT64): must be a whole number, got 'x'{ADVICE}"
    assert str(row_error(caught.value)) == message


def test_other_errors_are_not_taken_for_row_errors() -> None:
    assert row_error(ValueError("something else")) is None


def test_only_the_first_skipped_rows_are_named() -> None:
    skipped = SkippedRows()
    for number in range(100):
        skipped.add("a.csv", [number], lambda: f"a.csv:{number}")  # noqa: B023  called at once
    assert skipped.total == 100
    assert skipped.places == tuple(f"a.csv:{number}" for number in range(5))


def test_the_limit_is_of_different_rows_and_the_error_names_files_and_counts() -> None:
    skipped = SkippedRows(limit=3)
    for path, number in (("a.csv", 1), ("a.csv", 2), ("b.csv", 1), ("a.csv", 1), ("a.csv", 2)):
        skipped.add(path, [number], str)
    assert skipped.total == 5
    with pytest.raises(RowError) as caught:
        skipped.add("a.csv", [7], lambda: "a.csv:7: column 'id' (INT64): must be a whole number")
    assert str(row_error(caught.value)) == (
        "a.csv:7: column 'id' (INT64): must be a whole number\n"
        "4 rows could not be read (a.csv: 3, b.csv: 1), more than data_config.max_errors (3): "
        "mend the files, or allow more"
    )


@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_run_ends_at_one_bad_row_more_than_max_errors(
    config: Any, read: Any, tmp_path: Path, split: str
) -> None:
    config.data_config.MergeFrom(
        DatasetConfig(ignore_error=True, num_epochs=5, max_errors=2, shuffle=False)
    )
    path = tmp_path / "a.csv"
    lines = [GOOD] * 3000
    lines[1500] = lines[2500] = "1,0,abc,0.5,true,1,a"
    path.write_text("\n".join(lines))
    inputs = input_fn(config, split, str(path))
    for _ in range(2):  # two evaluations, or two trainings, of the same rows
        read(inputs())
    lines[2900] = lines[1500]
    path.write_text("\n".join(lines))
    message = message_of(input_fn(config, split, str(path)))
    # Blocks are decoded side by side, so that any of the three may be the last one that was found.
    assert message in [
        f"{path}:{line}: column 'id' (INT64): must be a whole number, got 'abc'\n"
        f"3 rows could not be read ({path}: 3), more than data_config.max_errors (2): "
        "mend the files, or allow more"
        for line in (1501, 2501, 2901)
    ]


def test_a_saved_position_stays_good_when_max_errors_is_raised(
    make_config: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("0,1,7,a\n")
    identities = {
        input_fn(make_config(data=data), "train", str(tmp_path / "a.csv")).identity()
        for data in ("ignore_error: true", "ignore_error: true max_errors: 9")
    }
    assert len(identities) == 1
