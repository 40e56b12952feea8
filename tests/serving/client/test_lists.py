"""Lists in requests mean what they mean in files: the same as `predict` makes of the same rows."""

from __future__ import annotations

import re
from typing import Any, Dict, List

import numpy as np
import pandas as pd
import pytest
from google.protobuf import text_format

from easy_esmm import data
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.client.inputs import inputs_of
from easy_esmm.serving.client.lists import ListColumns, list_columns
from easy_esmm.serving.client.signatures import TensorSpec
from easy_esmm.serving.client.tables import table_of
from easy_esmm.serving.requests import request

TEXT = """
data_config {
  input_type: ParquetInput batch_size: 10
  input_fields { input_name: "user" input_type: INT64 }
  input_fields { input_name: "tags" }
  input_fields { input_name: "weights" input_type: FLOAT }
  input_fields { input_name: "shops" input_type: INT64 }
  input_fields { input_name: "sizes" input_type: DOUBLE }
  input_fields { input_name: "seen" }
}
feature_config {
  features { input_names: "user" hash_bucket_size: 9 }
  features { input_names: "tags" input_names: "weights" feature_type: TagFeature separator: ";|"
             hash_bucket_size: 9 }
  features { input_names: "shops" feature_type: TagFeature num_buckets: 9 }
  features { input_names: "sizes" feature_type: RawFeature raw_input_dim: 2 separator: "," }
  features { input_names: "seen" feature_type: SequenceFeature separator: "##" hash_bucket_size: 9 }
}
"""
ROWS: List[Dict[str, Any]] = [
    {"user": 7, "tags": ["a", "b"], "weights": [0.1, 1e-7], "shops": [3, 1], "sizes": [0.1, 2.0],
     "seen": ["x", "", "z"]},
    {"user": None, "tags": ["a", None, "c"], "weights": [0.5, 0.25, 1.0], "shops": [],
     "sizes": [1 / 3, 1e30], "seen": []},
    {"user": 1, "tags": None, "weights": None, "shops": [2, None], "sizes": [4.0, 5.0],
     "seen": [None, "y"]},
]  # fmt: skip


def config(**export: bool) -> PipelineConfig:
    parsed = text_format.Parse(TEXT, PipelineConfig())
    for name, value in export.items():
        setattr(parsed.export_config, name, value)
    return parsed


def of_files(parsed: PipelineConfig) -> Dict[str, Any]:
    frame = pd.DataFrame(ROWS).astype({"user": "Int64"})
    (batch,) = data.input_fn(parsed, "predict", frame).batches()
    return dict(request(parsed, batch))


@pytest.mark.parametrize("as_frame", [False, True])
@pytest.mark.parametrize("matrices", [False, True])
def test_a_request_is_that_of_a_file_with_the_same_rows(matrices: bool, as_frame: bool) -> None:
    parsed = config(auto_multi_value=matrices)
    expected = of_files(parsed)
    specs = {name: TensorSpec(array.dtype, (-1,) * array.ndim) for name, array in expected.items()}
    rows = pd.DataFrame(ROWS).astype({"user": "Int64"}) if as_frame else ROWS
    found = inputs_of(table_of(rows), specs, list_columns(parsed), list(specs))
    assert expected["tags"].ndim == (2 if matrices else 1)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype, name
        if array.dtype == object and name in ("weights", "sizes"):  # the same digits otherwise
            assert numbers(found[name]) == numbers(array)
        else:
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def numbers(texts: Any) -> List[List[np.float32]]:
    """Those in each joined text, as the graph reads them."""
    return [[np.float32(piece) for piece in re.split(b"[;,]", text) if piece] for text in texts]


KNOWN = list_columns(config())


def text(name: str, *cells: Any, lists: ListColumns = KNOWN) -> List[bytes]:
    spec = TensorSpec(np.dtype(object), (-1,))
    table = table_of({name: list(cells)})
    return list(inputs_of(table, {name: spec}, lists, [name])[name])


def matrix(dtype: Any, *cells: Any, lists: ListColumns = KNOWN) -> List[List[Any]]:
    spec = TensorSpec(np.dtype(dtype), (-1, -1))
    table = table_of({"tags": list(cells)})
    return list(inputs_of(table, {"tags": spec}, lists, ["tags"])["tags"].tolist())


def test_text_that_is_joined_already_stays_as_it_is() -> None:
    assert text("tags", "a;b", ["a", "b"], ("c",), np.array([1, 2])) == [
        b"a;b", b"a;b", b"c", b"1;2"]  # fmt: skip


def test_numbers_are_written_to_the_last_bit() -> None:
    (found,) = text("weights", [1 / 3, np.float32(0.1), 2])
    assert [float(piece) for piece in found.split(b";")] == [1 / 3, 0.1, 2.0]


@pytest.mark.parametrize(
    ("name", "cell", "rule"),
    [
        ("tags", ["a", "b|c"], r"row 0, column 'tags': a value of a list must hold none of ';\|'"),
        ("seen", [""], "must not be a list of one empty text"),
        ("tags", [1.0], "a float would be an id of another text than an integer"),
        ("sizes", [1.0, None], "a list of numbers must not miss any"),
        ("weights", [float("inf")], "must be finite, got inf"),
        ("tags", [["a"]], "must be text, bytes or a whole number"),
        ("user", ["a"], "column 'user': the model takes text, got lists; join the values"),
    ],
)
def test_what_text_cannot_say_is_refused(name: str, cell: Any, rule: str) -> None:
    with pytest.raises(UserError, match=rule):
        text(name, cell)


def test_without_the_config_a_separator_is_enough_for_ids_and_a_gap_is_refused() -> None:
    by_hand = ListColumns({"tags": "|"})
    assert text("tags", ["a", 2], lists=by_hand) == [b"a|2"]
    with pytest.raises(UserError, match="a list must not miss a value: leave it out, with its w"):
        text("tags", ["a", None], lists=by_hand)
    with pytest.raises(UserError, match=r"give Client the pipeline_config .*separators=\{'tags'"):
        text("tags", ["a"], lists=ListColumns())


def test_a_matrix_is_as_wide_as_its_longest_row_and_filled_up_behind() -> None:
    assert matrix(object, ["a", "b"], None, ["c"]) == [[b"a", b"b"], [b"", b""], [b"c", b""]]
    assert matrix(np.int64, [3], [1, 2]) == [[3, -1], [1, 2]]
    assert matrix(object, None, []) == [[b""], [b""]]
    found = np.array(matrix(np.float32, [0.5], [1, 2]))
    np.testing.assert_array_equal(found, [[0.5, np.nan], [1, 2]])


@pytest.mark.parametrize(
    ("dtype", "cell", "rule"),
    [
        (object, "a;b", "row 0, column 'tags': must be a list, as the model takes several values"),
        (np.float32, [1.0, None], "a list of numbers must not miss any"),
        (np.int64, ["1"], "in a list: must be a whole number, got '1'"),
    ],
)
def test_what_a_matrix_cannot_say_is_refused(dtype: Any, cell: Any, rule: str) -> None:
    with pytest.raises(UserError, match=rule):
        matrix(dtype, cell)


def test_a_last_value_that_looks_like_padding_is_refused_where_it_may_count() -> None:
    with pytest.raises(UserError, match="a list must not end with a missing value"):
        matrix(object, ["a", None], lists=ListColumns())


def test_weights_are_as_many_as_their_ids_or_refused_with_the_row() -> None:
    (weights, ids), *_ = KNOWN.ids_of.items()
    specs = {name: TensorSpec(np.dtype(object), (-1,)) for name in (ids, weights)}
    rows = [{ids: ["1", "2"], weights: [1, 2]}, {ids: ["1"], weights: [1, 2]}]
    rule = f"row 1, column '{weights}': must hold as many values as column '{ids}' \\(1\\), got "
    with pytest.raises(UserError, match=rule):
        inputs_of(table_of(rows), specs, KNOWN, [ids, weights])
    found = inputs_of(table_of(rows[:1]), specs, KNOWN, [ids, weights])
    assert [found[name][0].count(b";") + found[name][0].count(b"|") for name in found] == [1, 1]


def test_a_list_where_one_number_is_wanted_is_refused() -> None:
    spec = TensorSpec(np.dtype(np.int64), (-1,))
    with pytest.raises(UserError, match="column 'user': the model takes one int64, got lists"):
        inputs_of(table_of([{"user": [1]}]), {"user": spec}, KNOWN, ["user"])
