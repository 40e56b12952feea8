"""The third gate: files against config, before the graph and without TensorFlow."""

from __future__ import annotations

import gzip
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.config import Problem
from easy_esmm.config.problems import Place
from easy_esmm.data import check_files
from easy_esmm.data.records import masked_crc
from easy_esmm.protos.tf_example_pb2 import Example


class FakePipeline:
    """As much of a Pipeline as the gate asks for."""

    def __init__(self, config: Any) -> None:
        self.config = config

    def problem(self, field: str, rule: str, value: Any = None, hint: Any = None) -> Problem:
        """A problem at the config's first place."""
        return Problem(Place("a.config", 1, 1), field, rule, value, hint)


@pytest.fixture
def check(make_config: Any, tmp_path: Path) -> Any:
    """Runs the gate on files of given contents; returns `field: rule; hint` lines."""

    def run(
        *files: Any, data: str = "", split: str = "eval", columns: Any = None, extra: Any = ()
    ) -> List[str]:
        suffix = "parquet" if "Parquet" in data else "csv"
        for old in tmp_path.glob(f"*.{suffix}"):
            old.unlink()
        for number, content in enumerate(files):
            path = tmp_path / f"{number}.{suffix}"
            if isinstance(content, pa.Table):
                pq.write_table(content, path)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content)
        pipeline: Any = FakePipeline(make_config(columns, data=data))
        problems = check_files(pipeline, split, str(tmp_path / f"*.{suffix}"), extra)
        start = len("a.config:1:1: ")
        return [str(problem)[start:].replace(f"{tmp_path}/", "") for problem in problems]

    return run


def test_files_that_fit_have_no_problem(check: Any) -> None:
    assert check("0,1,5,a\n", "", "\n0,1,6,b") == []
    assert check("text,id,click,more,buy\na,5,1,x,0\n", data="with_header: true") == []


def test_a_label_is_not_asked_for_in_a_prediction(check: Any) -> None:
    assert check("text,id\na,5\n", data="with_header: true", split="predict") == []


def test_no_match_is_a_problem_of_the_path(check: Any) -> None:
    (problem,) = check()
    assert problem.startswith("eval_input_path: *.csv: matches no file")


@pytest.mark.parametrize(
    ("files", "data"),
    [(("", "\n\n"), ""), (("buy,click,id,text\n", ""), "with_header: true")],
)
def test_files_without_a_row_are_a_problem(check: Any, files: Any, data: str) -> None:
    assert check(*files, data=data) == [
        "eval_input_path: no row in 2 file(s), the first being 0.csv"
    ]


def test_what_only_predict_asks_for_is_a_problem_of_its_flag(
    make_config: Any, tmp_path: Path
) -> None:
    def lines(rows: str, extra: Any, data: str = "with_header: true") -> List[str]:
        pipeline: Any = FakePipeline(make_config(data=data))
        problems = check_files(pipeline, "predict", str(tmp_path / rows), extra)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in problems]

    (tmp_path / "a.csv").write_text("id,text\n5,a\n")
    (tmp_path / "b.csv").write_text("buy,click,id,text\n")
    (problem,) = lines("none*.csv", [])
    assert problem.startswith("--input_path: none*.csv: matches no file")
    assert lines("b.csv", []) == ["--input_path: no row in 1 file(s), the first being b.csv"]
    assert lines("a.csv", ["txt", "click", "id"]) == [
        "--reserved_cols: a.csv: the header has no column 'txt' (it has id, text); did you mean "
        "text?",
        "--reserved_cols: a.csv: the header has no column 'click' (it has id, text)",
    ]
    users = 'input_type: ParquetInput user_rows { columns: "text" }'
    (problem,) = lines("a.csv", ["user_row"], users)
    assert problem.startswith("--reserved_cols: column 'user_row' (user_rows.row_column)")


def test_a_missing_column_is_named_with_its_nearest_name(check: Any) -> None:
    lines = "buy,clicks,id,text\n0,1,5,a\n"
    assert check(lines, lines, data="with_header: true") == [
        "data_config.input_fields[1].input_name: 0.csv: the header has no column 'click' "
        "(it has buy, clicks, id, text); did you mean clicks?"
    ]


def test_a_doubled_column_is_a_problem(check: Any) -> None:
    assert check("buy,click,id,text,id\n0,1,5,a,6\n", data="with_header: true") == [
        "data_config.input_fields[2].input_name: 0.csv: the header has column 'id' twice"
    ]


def test_a_wrong_number_of_columns_is_told_with_both_numbers(check: Any) -> None:
    assert check("0,1,5,a\n", "0,1,5,a,b\n") == [
        "data_config.input_fields: 1.csv: the first row has 5 columns, input_fields declares 4"
    ]


def test_another_separator_is_suggested(check: Any) -> None:
    assert check("0\t1\t5\ta\n") == [
        "data_config.input_fields: 0.csv: the first row has 1 columns, input_fields declares 4; "
        r"separator: '\t' would give 4"
    ]
    assert check("buy;click;id;text\n0;1;5;a\n", data="with_header: true") == [
        "data_config.separator: 0.csv: the header has one column; separator: ';' would give 4"
    ]


def test_a_header_that_the_config_does_not_know_of_is_told(check: Any) -> None:
    for header in ("buy,click,id,text\n", "buy,click,id,text,more\n"):
        assert check(header + "0,1,5,a\n") == [
            "data_config.with_header: 0.csv: the first row holds the names of the columns; "
            "set with_header: true"
        ]


MEND = "the declared type may be wrong; else fix the row or set data_config.ignore_error"


def test_a_first_row_of_another_type_is_a_problem_of_the_declared_type(check: Any) -> None:
    assert check("0,1,abc,a\n", "0,1,abd,a\n") == [
        "data_config.input_fields[2].input_type: 0.csv:1: column 'id' (INT64): must be a "
        "whole number, got 'abc'; "
        f"{MEND}"
    ]
    assert check("0,1,abc,a\n", data="ignore_error: true") == []


def test_cells_of_the_first_rows_are_compared_with_the_declared_types(check: Any) -> None:
    rows = "text,id,click,buy\na,5,1,0\n\na,,1,0\na,b\nb,abc,1,no\nc,abd,0,0\n"
    assert check(rows, data="with_header: true") == [
        "data_config.input_fields[2].input_type: 0.csv:6: column 'id' (INT64): must be a "
        "whole number, got 'abc'; "
        f"{MEND}",
        "data_config.input_fields[0].input_type: 0.csv:6: column 'buy' (INT32): must be a "
        "whole number, got 'no'; "
        f"{MEND}",
    ]
    assert check(rows, data="with_header: true ignore_error: true") == []
    assert check(rows, data="with_header: true", split="predict") != []
    good = "0,1,5,a\n"
    assert check(99 * good + "0,1,x,a\n") != []
    assert check(101 * good + "0,1,x,a\n") == []


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("0,1,9223372036854775808,a", "column 'id' (INT64): must fit 64 bits"),
        ("0,1,NA,a", "column 'id' (INT64): must be a whole number, or empty where it is missing"),
        ("0,2,5,a", "column 'click' (INT32): must be in [0, 1]"),
    ],
)
def test_the_first_rows_are_refused_by_the_rule_that_the_reader_names(
    check: Any, row: str, rule: str
) -> None:
    [problem] = check(f"0,1,5,a\n{row}\n")
    assert f": 0.csv:2: {rule}, got " in problem


def test_blank_lines_above_the_header_are_named(check: Any) -> None:
    rows = "\n\nbuy,click,id,text\n0,1,5,a\n"
    assert check(rows, data="with_header: true") == [
        "data_config.with_header: 0.csv:1: the line is blank; the first line has to name the "
        "columns"
    ]


@pytest.mark.parametrize(
    ("rest", "fault"), [(b"", "Compressed file ended"), (b"\xff" * 50, "Error -3 while decompr")]
)
def test_a_damaged_gzip_file_is_a_problem(
    tmp_path: Path, make_config: Any, rest: bytes, fault: str
) -> None:
    head = gzip.compress(b"0,1,5,a\n")[:10]
    (tmp_path / "a.csv.gz").write_bytes(head + rest)
    pipeline: Any = FakePipeline(make_config())
    (problem,) = check_files(pipeline, "eval", str(tmp_path / "a.csv.gz"))
    assert f"a.csv.gz: the compressed file is not whole ({fault}" in str(problem)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", gzip.compress(b"0,1,5,a\n"), "its content is gzip; name it a.csv.gz"),
        ("a.csv", "0,1,5,a\n".encode("utf-16"), "its text is UTF-16; save it as UTF-8"),
        ("a.csv", "0,1,5,a\n".encode("utf-16-be"), "its text is UTF-16; save it as UTF-8"),
        ("a.csv", "0,1,5,a\n".encode("utf-16-le"), "its text is UTF-16; save it as UTF-8"),
        ("a.csv", "0,1,5,a\n".encode("utf-32"), "its text is UTF-32; save it as UTF-8"),
        ("a.csv", "0,1,5,a\n".encode("utf-32-be"), "its text is UTF-32; save it as UTF-8"),
        ("a.csv.gz", gzip.compress("0".encode("utf-16")), "its text is UTF-16; save it as UTF-8"),
        ("a.csv", b"PAR1 and more", "a Parquet file; set data_config.input_type: ParquetInput"),
        (
            "a.csv.gz",
            b"0,1,5,a\n",
            "its content is not gzip, though its name ends with .gz; name it without",
        ),
    ],
    ids=[
        "gzip",
        "utf-16",
        "big endian",
        "little endian",
        "utf-32",
        "utf-32 without mark",
        "in gzip",
        "parquet",
        "not gzip",
    ],
)
def test_a_file_that_is_no_csv_is_told_as_what_it_is(
    make_config: Any, tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    (tmp_path / name).write_bytes(content)
    pipeline: Any = FakePipeline(make_config())
    (problem,) = check_files(pipeline, "eval", str(tmp_path / name))
    shown = str(problem).replace(f"{tmp_path}/", "")
    assert shown == f"a.config:1:1: eval_input_path: {name}: {expected}"


def test_a_row_in_the_place_of_the_header_is_told_once(check: Any) -> None:
    header = "with_header: true"
    rule = "data_config.with_header: 0.csv: the first line names no column that is read"
    assert check("0,1,5,a\n0,0,6,b\n", data=header) == [
        f"{rule} (it is 0, 1, 5, a); if it is a row, set with_header: false"
    ]
    assert check("u,v,w\na,b,c\n", data=header) == [
        f"{rule} (it is u, v, w); if it is a row, set with_header: false and declare all 3 columns "
        "in input_fields, in their order"
    ]
    assert len(check("Buy,Click,ID,Text\n0,1,5,a\n", data=header)) == 4


WEIGHTED = {"buy": "INT32", "click": "INT32", "id": "INT64", "weight": "FLOAT"}
NO_WEIGHT = (
    "data_config.sample_weight: %scolumn 'weight' has no value in any of the %s, and a row without "
    "a sample weight weighs 0: nothing would be learned or measured; fill it in, set its "
    "default_val, or leave data_config.sample_weight out"
)


def test_a_weight_that_no_row_of_short_files_has_is_a_problem(check: Any) -> None:
    data = 'sample_weight: "weight"'
    first, second = "0,1,5,\n0,1,5, \n", "0,1,6,\n"
    assert check(first, second, data=data, columns=WEIGHTED) == [NO_WEIGHT % ("", "3 row(s)")]
    text = {**WEIGHTED, "weight": "STRING"}
    assert check(first, second, data=data, columns=text) == [NO_WEIGHT % ("", "3 row(s)")]
    assert check("0,1,5,\n" * 200 + "0,1,5,2\n", data=data, columns=WEIGHTED) == []
    assert check(first, "0,1,6,0\n", data=data, columns=WEIGHTED) == []
    declared = {**WEIGHTED, "weight": 'FLOAT default_val: "1"'}
    assert check(first, data=data, columns=declared) == []
    assert check(first, data=data, columns=WEIGHTED, split="predict") == []


def test_cells_of_a_row_with_others_than_the_columns_are_left_to_the_reader(check: Any) -> None:
    assert check("0,1,5,1\n0,1,a,b,c\n0,x\n", columns=WEIGHTED) == []


def test_a_weight_that_no_row_of_parquet_files_has_is_a_problem(check: Any) -> None:
    data = 'input_type: ParquetInput sample_weight: "weight"'
    columns = {"buy": [0, 0], "click": [0, 1], "id": [5, 6]}
    empty = pa.table({**columns, "weight": pa.nulls(2, pa.float32())})
    some = pa.table({**columns, "weight": pa.array([None, 2], pa.float32())})
    assert check(empty, empty, data=data, columns=WEIGHTED) == [NO_WEIGHT % ("", "4 row(s)")]
    assert check(empty, some, data=data, columns=WEIGHTED) == []


def test_a_weight_that_no_row_of_a_frame_has_is_a_problem(make_config: Any) -> None:
    frame = pd.DataFrame({"buy": [0, 0], "click": [0, 1], "id": [5, 6], "weight": [np.nan] * 2})
    pipeline: Any = FakePipeline(make_config(WEIGHTED, data='sample_weight: "weight"'))
    (problem,) = check_files(pipeline, "train", frame)
    assert str(problem).endswith(NO_WEIGHT % ("DataFrame: ", "2 row(s)"))
    frame["weight"] = [np.nan, 0.5]
    assert check_files(pipeline, "train", frame) == []


def test_parquet_schemas_are_compared_with_the_declared_types(check: Any) -> None:
    good = {"buy": [0], "click": [1], "id": [5], "text": ["a"]}
    data = "input_type: ParquetInput"
    assert check(pa.table(good), data=data) == []
    assert check(pa.table({**good, "id": ["5"]}), data=data) == [
        "data_config.input_fields[2].input_type: 0.parquet: column 'id' is declared INT64, "
        "found string (it holds text: declare STRING)"
    ]
    del good["click"]
    assert check(pa.table({**good, "Click": [1]}), data=data) == [
        "data_config.input_fields[1].input_name: 0.parquet: no column 'click' "
        "(there are buy, id, text, Click); did you mean Click?"
    ]


def test_parquet_files_must_be_whole_hold_rows_and_agree(check: Any) -> None:
    data, columns = "input_type: ParquetInput", {"buy": "INT32", "click": "INT32", "h": "INT64"}
    empty = pa.table({name: pa.array([], pa.int64()) for name in columns})
    assert check(empty, data=data, columns=columns) == [
        "eval_input_path: no row in 1 file(s), the first being 0.parquet"
    ]
    one = pa.table({"buy": [0], "click": [1], "h": [5]})
    lists = pa.table({"buy": [0], "click": [1], "h": [[5]]})
    assert check(one, lists, data=data, columns=columns) == [
        "data_config.input_fields[2].input_type: 1.parquet: column 'h' is a list in some of the "
        "files only"
    ]
    (problem,) = check(one, b"PAR1 but not really", data=data, columns=columns)
    assert problem.startswith("eval_input_path: 1.parquet: not a whole Parquet file (")


def record(**columns: Any) -> bytes:
    """A row as a TFRecord: the frame made by hand, the check sums by `records`."""
    example = Example()
    for name, value in columns.items():
        kind = {int: "int64_list", float: "float_list", str: "bytes_list"}[type(value)]
        into = getattr(example.features.feature[name], kind).value
        into.append(value.encode() if isinstance(value, str) else value)
    data = example.SerializeToString()
    length = struct.pack("<Q", len(data))
    sums = [struct.pack("<I", masked_crc(part)) for part in (length, data)]
    return length + sums[0] + data + sums[1]


RECORDS = "input_type: TFRecordInput"
ROW = {"buy": 0, "click": 1, "id": 5, "text": "a"}


def test_the_first_tf_examples_are_compared_with_the_config(check: Any) -> None:
    assert check(record(**ROW), b"", data=RECORDS) == []
    rare = {"buy": "INT32", "click": "INT32", "id": "INT64", "rare": 'STRING default_val: ""'}
    assert check(record(**ROW), data=RECORDS, columns=rare) == []
    assert check(record(**{**ROW, "id": "5"}), data=RECORDS) == [
        "data_config.input_fields[2].input_type: 0.csv: column 'id' is declared INT64, found text "
        "(declare STRING)"
    ]
    other = {"buy": 0, "Click": 1, "id": 5, "text": "a"}
    assert check(record(**other), data=RECORDS) == [
        "data_config.input_fields[1].input_name: 0.csv: no column 'click' in the first 1 row(s) "
        "(there are Click, buy, id, text); a column that few rows have needs a default_val; did "
        "you mean Click?"
    ]


def test_tfrecord_files_must_be_whole_and_hold_rows(check: Any) -> None:
    assert check(b"", data=RECORDS) == [
        "eval_input_path: no row in 1 file(s), the first being 0.csv"
    ]
    (problem,) = check(b"buy,click,id,text and more", data=RECORDS)
    assert problem.startswith("eval_input_path: 0.csv: record 1 (byte 0): its length is damaged")
    assert problem.endswith("; is it a TFRecord file, compressed as declared?")


def test_a_csv_file_without_a_header_has_no_other_columns_than_the_declared(check: Any) -> None:
    assert check("0,1,5,a\n", "0,1,6,b\n", extra=["text", "txt"]) == [
        "data_config.input_fields: 0.csv: no column 'txt' (without a header there are buy, click, "
        "id, text); did you mean text?"
    ]


USERS = 'input_type: ParquetInput user_rows { columns: ["text", "city"] }'
USER_COLUMNS = {"buy": "INT32", "click": "INT32", "id": "INT64", "text": "STRING", "city": "STRING"}
ROWS = {"buy": [0], "click": [1], "user_row": [0], "id": [5]}
USER = {"text": ["a"], "city": ["b"], "key": ["c"]}


@pytest.fixture
def check_users(make_config: Any, tmp_path: Path) -> Any:
    """Runs the gate on a pair of files: tables as columns, None for no file."""

    def run(rows: Any, users: Any, name: str = "impressions-0", extra: Any = ()) -> List[str]:
        for old in tmp_path.glob("*.parquet"):
            old.unlink()
        pq.write_table(pa.table(rows), tmp_path / f"{name}.parquet")
        if users is not None:
            pq.write_table(pa.table(users), tmp_path / "users-0.parquet")
        pipeline: Any = FakePipeline(make_config(USER_COLUMNS, data=USERS))
        found = check_files(pipeline, "eval", str(tmp_path / f"{name}.parquet"), extra)
        start = len("a.config:1:1: ")
        return [str(problem)[start:].replace(f"{tmp_path}/", "") for problem in found]

    return run


def test_impressions_and_users_that_fit_have_no_problem(check_users: Any) -> None:
    assert check_users(ROWS, USER, extra=["key"]) == []


def test_an_impressions_file_needs_a_users_file(check_users: Any) -> None:
    assert check_users(ROWS, None) == [
        "data_config.user_rows.file_prefix: impressions-0.parquet: no users file stands beside it "
        "('users' in place of 'impressions')"
    ]
    assert check_users(ROWS, USER, name="rows-0") == [
        "data_config.user_rows.impression_file_prefix: rows-0.parquet: the name of an impressions "
        "file must begin with 'impressions'"
    ]


def test_columns_on_the_wrong_side_are_told(check_users: Any) -> None:
    users = {"text": ["a"], "id": [5]}
    rows = {"buy": [0], "click": [1], "user_row": [0], "city": ["b"]}
    assert check_users(rows, users) == [
        "data_config.input_fields[2].input_name: impressions-0.parquet: no column 'id' (there are "
        "buy, click, user_row, city); the users file has it: name it in "
        "data_config.user_rows.columns",
        "data_config.input_fields[4].input_name: users-0.parquet: no column 'city' (there are "
        "text, id); the impressions file has it: take it out of data_config.user_rows.columns",
    ]


def test_columns_in_neither_file_are_told_with_their_nearest_name(check_users: Any) -> None:
    assert check_users({**ROWS, "Id": [5]}, {"text": ["a"], "City": ["b"]}, extra=["other"]) == [
        "data_config.input_fields: impressions-0.parquet: no column 'other' (there are buy, click, "
        "user_row, id, Id)",
        "data_config.input_fields[4].input_name: users-0.parquet: no column 'city' (there are "
        "text, City); did you mean City?",
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0"], "must hold one whole number in a row, found string"),
        ([0.5], "must hold one whole number in a row, found double"),
        ([[0]], "must hold one whole number in a row, found list<element: int64>"),
    ],
)
def test_the_row_column_holds_whole_numbers(check_users: Any, cells: Any, expected: str) -> None:
    assert check_users({**ROWS, "user_row": cells}, USER) == [
        f"data_config.user_rows.row_column: impressions-0.parquet: column 'user_row' {expected}"
    ]


def test_a_missing_row_column_is_told(check_users: Any) -> None:
    rows = {"buy": [0], "click": [1], "id": [5], "guest": [0]}
    assert check_users(rows, USER) == [
        "data_config.user_rows.row_column: impressions-0.parquet: no column 'user_row' (there are "
        "buy, click, id, guest)"
    ]


def test_the_gate_does_not_import_tensorflow() -> None:
    code = "import sys; from easy_esmm.data import check_files; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
