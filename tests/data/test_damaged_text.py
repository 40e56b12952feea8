"""Damaged gzip files are read up to the damage at most; no file may change while it is read."""

from __future__ import annotations

import gzip
import os
import socket
import struct
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn, row_error
from easy_esmm.data.files import find_files
from easy_esmm.data.line_blocks import START, LineBlocks
from easy_esmm.data.records import LONGEST, masked_crc, read_chunk
from easy_esmm.data.row_errors import RowError
from easy_esmm.data.stamps import UNCHANGED
from easy_esmm.errors import UserError
from tests.data.messages import message_of

HEADER = "buy,click,id,text\n"
LINES = [f"0,1,{number},t{number * 7919 % 1000}\n" for number in range(5000)]
SKIPPING = "with_header: true ignore_error: true"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def run(content: bytes) -> Path:
        path = tmp_path / "a.csv.gz"
        path.write_bytes(content)
        return path

    return run


def test_a_cut_gzip_file_is_read_to_its_last_whole_line_where_errors_are_ignored(
    make_config: Any, read: Any, write: Any
) -> None:
    # A member that is stored as it stands: what is there can be counted.
    head = gzip.compress((HEADER + "".join(LINES[:3000])).encode(), compresslevel=0)
    tail = gzip.compress("".join(LINES[3000:]).encode(), compresslevel=0)
    cut = 2000
    path = write(head + tail[: tail.index(b"0,1,") + cut])
    whole = "".join(LINES[3000:])[:cut].count("\n")
    inputs = input_fn(make_config(data=SKIPPING), "eval", str(path))
    assert read(inputs()).columns["id"] == list(range(3000 + whole))
    line = 3000 + whole + 2
    fault = "the compressed file is cut short here, and what followed is lost"
    assert inputs.skipped.places == (f"{path}:{line}: {fault}",)
    assert inputs.skipped.by_file == {str(path): 1}
    trained = input_fn(make_config(data=f"{SKIPPING} num_epochs: 3"), "train", str(path))
    assert sorted(read(trained()).columns["id"]) == sorted(3 * list(range(3000 + whole)))
    assert trained.skipped.total == 3


def test_a_wrong_check_sum_is_told_behind_the_rows_that_it_makes_doubtful(
    make_config: Any, read: Any, write: Any
) -> None:
    content = bytearray(gzip.compress((HEADER + "".join(LINES)).encode()))
    content[-6] ^= 4  # the sum itself
    path = write(bytes(content))
    inputs = input_fn(make_config(data=SKIPPING), "eval", str(path))
    assert read(inputs()).columns["id"] == list(range(5000))
    (place,) = inputs.skipped.places
    assert place.startswith(f"{path}:5002: the compressed file is damaged (CRC check failed")
    assert place.endswith("): rows before may be wrong, others are lost")


def test_a_file_that_is_not_gzip_stays_an_error(make_config: Any, write: Any) -> None:
    path = write((HEADER + LINES[0]).encode())
    with pytest.raises(UserError, match="its content is not gzip, though its name"):
        next(iter(input_fn(make_config(data=SKIPPING), "eval", str(path))()))


CHANGES: Dict[str, Tuple[Callable[[Path], Any], str]] = {
    "cut": (lambda path: os.truncate(path, 8), "has changed since it was opened: it had 64 bytes "
            f"and now has 8; {UNCHANGED}"),
    "rewritten": (lambda path: os.utime(path, ns=(1, 1)), "has changed since it was opened: it was "
                  f"written again; {UNCHANGED}"),
    "removed": (Path.unlink, "is not there any more ("),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_csv_file_that_changes_while_it_is_read_is_an_error(
    make_config: Any, tmp_path: Path, change: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(LINES[:6]))
    blocks = LineBlocks(make_config().data_config)
    rows, _, behind, _ = blocks(str(path).encode(), np.array(START))
    assert len(rows) == 6
    change_file, expected = CHANGES[change]
    change_file(path)
    with pytest.raises(RowError) as caught:
        blocks(str(path).encode(), behind)
    assert str(row_error(caught.value)).startswith(f"{path}: {expected}")


def test_a_tfrecord_file_that_is_cut_between_two_records_while_it_is_read_is_an_error(
    make_config: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.tfrecord"
    _write_records(path, 5)
    data = "ignore_error: true input_type: TFRecordInput"
    dataset = input_fn(make_config(data=data), "eval", str(path))()
    size = path.stat().st_size
    os.truncate(path, size // 5 * 3)
    message = message_of(lambda: dataset)
    assert message == (
        f"{path}: has changed since it was opened: it had {size} bytes and now has "
        f"{size // 5 * 3}; {UNCHANGED}"
    )


def test_only_files_are_read(tmp_path: Path) -> None:
    pipe, name = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(name))
        for path, kind in ((pipe, "named pipe"), (name, "socket"), (Path("/dev/zero"), "device")):
            with pytest.raises(UserError, match=f"^{path}: is a {kind}, and rows are read from"):
                find_files(str(path))


def test_a_record_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    head = struct.pack("<Q", LONGEST + 1)
    path = tmp_path / "a.tfrecord"
    path.write_bytes(head + struct.pack("<I", masked_crc(head)))
    with path.open("rb") as file:
        chunk = read_chunk(file, 0, 0, 10)
    assert chunk.is_end
    assert chunk.faults == [
        (1, 0, "it is longer than 67108864 bytes, and so is none that is meant")
    ]


def _write_records(path: Path, count: int) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number in range(count):
            example = tf.train.Example()
            for name, value in (("buy", 0), ("click", 1), ("id", number)):
                example.features.feature[name].int64_list.value.append(value)
            example.features.feature["text"].bytes_list.value.append(b"t")
            writer.write(example.SerializeToString())
