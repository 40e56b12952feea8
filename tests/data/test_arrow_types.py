"""Every Arrow type that means the same as a declared type gives the same values."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.data import input_fn
from easy_esmm.data.arrow_values import list_parts, typed_values, whole_array
from easy_esmm.data.fields import Column, Fields
from easy_esmm.data.parquet_plan import Plan, Source, list_columns, plan_files, schema_faults
from easy_esmm.data.parquet_types import element_type, is_readable
from easy_esmm.data.row_errors import RowError
from easy_esmm.data.row_groups import load_group
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from tests.data.messages import message_of

UTC = datetime.timezone.utc
WIDEST = 2**64 - 1
TYPES: Mapping[str, int] = dict(DatasetConfig.FieldType.items())


def column(kind: str, default: Any = None) -> Column:
    empty: Any = b"" if kind == "STRING" else False if kind == "BOOL" else 0
    return Column("x", TYPES[kind], empty if default is None else default)


def newer(name: str, *arguments: Any) -> List[Any]:
    """The type in a list; an empty one where pyarrow has no such type."""
    make = getattr(pa, name, None)
    return [make(*arguments)] if make is not None else []


def read(column: Column, array: Any) -> List[Any]:
    """The values as the reader has them."""
    assert is_readable(column.type, element_type(array.type))
    typed = typed_values(column, array)
    assert typed.bad == {}
    if typed.words is None:
        return list(typed.array.tolist())
    return [typed.words[place] for place in typed.array]


TEXTS = ["Oslo", None, "", "a text too long to stand inside a view", "Oslo"]
TEXT_TYPES = [
    *(pa.string(), pa.large_string(), *newer("string_view")),
    *(pa.binary(), pa.large_binary(), *newer("binary_view")),
    *(
        pa.dictionary(index, pa.string())
        for index in (pa.int8(), pa.uint16(), pa.int32(), pa.uint64())
    ),
    pa.dictionary(pa.int8(), pa.large_binary()),
]


@pytest.mark.parametrize("kind", TEXT_TYPES, ids=str)
def test_text_of_every_type_is_the_same_bytes(kind: Any) -> None:
    expected = [b"Oslo", b"none", b"", b"a text too long to stand inside a view", b"Oslo"]
    array = as_type(TEXTS, kind)
    assert read(column("STRING", b"none"), array) == expected
    assert read(column("STRING", b"none"), array[1:]) == expected[1:]


def as_type(cells: List[Any], kind: Any) -> Any:
    if not pa.types.is_dictionary(kind):
        return pa.array(cells, kind)
    entries = list(dict.fromkeys(cell for cell in cells if cell is not None))
    indices = [None if cell is None else entries.index(cell) for cell in cells]
    return pa.DictionaryArray.from_arrays(
        pa.array(indices, kind.index_type), pa.array(entries, kind.value_type)
    )


def test_bytes_of_one_length_are_text() -> None:
    assert read(column("STRING"), pa.array([b"ab", None], pa.binary(2))) == [b"ab", b""]


INTEGERS = [*(pa.int8(), pa.int16(), pa.int32(), pa.int64()), pa.uint8(), pa.uint32(), pa.uint64()]


@pytest.mark.parametrize(
    "kind", [*INTEGERS, pa.decimal128(10, 0), pa.decimal256(50, 0), *newer("decimal64", 10, 0)],
    ids=str,
)  # fmt: skip
def test_whole_numbers_of_every_type_are_integers_floats_or_their_digits(kind: Any) -> None:
    array = pa.array([7, None, 120], kind)
    for whole in ("INT32", "INT64"):
        assert read(column(whole, -1), array) == [7, -1, 120]
    for real in ("FLOAT", "DOUBLE"):
        assert read(column(real, -0.5), array) == [7.0, -0.5, 120.0]
    assert read(column("STRING"), array) == [b"7", b"", b"120"]


def test_digits_of_the_widest_integers_are_whole() -> None:
    expected = [b"18446744073709551615", b"", b"-9223372036854775808"]
    assert read(column("STRING"), pa.array([WIDEST, None], pa.uint64())) == expected[:2]
    assert read(column("STRING"), pa.array([-(2**63)], pa.int64())) == expected[2:]
    wide = pa.array([Decimal(10**37 + 1)], pa.decimal128(38, 0))
    assert read(column("STRING"), wide) == [b"10000000000000000000000000000000000001"]


def test_a_dictionary_of_integers_is_its_integers() -> None:
    wide = pa.array([5, WIDEST], pa.uint64())
    array = pa.DictionaryArray.from_arrays(pa.array([1, None, 0], pa.int8()), wide)
    assert read(column("STRING"), array) == [str(WIDEST).encode(), b"", b"5"]
    small = pa.DictionaryArray.from_arrays(pa.array([1, None, 0]), pa.array([5, 6]))
    assert read(column("INT32", 9), small) == [6, 9, 5]
    assert read(column("DOUBLE"), small) == [6.0, 0.0, 5.0]


def test_decimals_are_the_floats_nearest_to_their_digits() -> None:
    texts = ["0.1", "-123456789.123", "4503599627370497.503", "0.001", "1778584489986.953"]
    array = pa.array([*map(Decimal, texts), None], pa.decimal128(30, 3))
    assert read(column("DOUBLE", 9.0), array) == [*map(float, texts), 9.0]
    assert read(column("FLOAT", 9.0), array) == [*map(np.float32, texts), 9.0]


@pytest.mark.skipif(not hasattr(pa, "bool8"), reason="this pyarrow has no such type")
def test_any_byte_but_0_is_true_where_booleans_are_bytes() -> None:
    array = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([0, 1, 2, None], pa.int8()))
    assert read(column("BOOL"), array) == [False, True, True, False]


def test_half_floats_are_floats() -> None:
    array = pa.array([np.float16(0.1), None, np.float16(65504)], pa.float16())
    assert read(column("FLOAT", 3.0), array) == [float(np.float16(0.1)), 3.0, 65504.0]
    assert read(column("DOUBLE", 3.0), array)[0] == float(np.float16(0.1))


MOMENT = datetime.datetime(2024, 2, 29, 12, 0, 1, 500_000)
SECONDS = 1709208001
BEFORE = datetime.datetime(1969, 12, 31, 23, 59, 59, 750_000)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_are_seconds_since_1970_rounded_down_or_with_their_fraction(unit: str) -> None:
    array = pa.array([MOMENT, None, BEFORE], pa.timestamp(unit))
    assert read(column("INT64", -7), array) == [SECONDS, -7, -1]
    assert read(column("DOUBLE", -7.0), array) == [SECONDS + 0.5, -7.0, -0.25]


def test_a_time_with_a_zone_is_the_moment_that_it_is() -> None:
    east = datetime.timezone(datetime.timedelta(hours=9))
    array = pa.array([MOMENT.replace(tzinfo=east)], pa.timestamp("s", "Asia/Tokyo"))
    assert read(column("INT64"), array) == [SECONDS - 9 * 3600]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()], ids=str)
def test_a_date_is_the_second_that_it_begins_with(kind: Any) -> None:
    array = pa.array([datetime.date(2024, 2, 29), None, datetime.date(1969, 12, 31)], kind)
    assert read(column("INT64", -7), array) == [1709164800, -7, -86400]
    assert read(column("DOUBLE", -7.0), array) == [1709164800.0, -7.0, -86400.0]


LISTS = [[5, 6], None, [], [7]]
LIST_TYPES = [
    *(pa.list_(pa.int64()), pa.large_list(pa.int64())),
    *newer("list_view", pa.int64()),
    *newer("large_list_view", pa.int64()),
]


@pytest.mark.parametrize("kind", LIST_TYPES, ids=str)
def test_lists_of_every_type_are_read_from_where_they_begin(kind: Any) -> None:
    for start in (0, 1):
        elements, offsets = list_parts(pa.array(LISTS, kind)[start:])
        values = read(column("INT64"), elements)
        found = [values[a:b] for a, b in zip(offsets[:-1], offsets[1:])]
        assert found == [[5, 6], [], [], [7]][start:]


def test_lists_of_one_length_have_no_values_where_they_are_null() -> None:
    elements, offsets = list_parts(pa.array([[5, 6], None, [7, 8]], pa.list_(pa.int64(), 2)))
    assert read(column("INT64"), elements) == [5, 6, 7, 8]
    assert offsets.tolist() == [0, 2, 2, 4]


@pytest.mark.parametrize(
    "kind",
    [pa.large_string(), *newer("string_view"), pa.binary(), pa.dictionary(pa.int8(), pa.string())],
    ids=str,
)
def test_lists_hold_text_of_every_type(kind: Any) -> None:
    inner = as_type(["a", None, "b"], kind)
    elements, _ = list_parts(pa.ListArray.from_arrays(pa.array([0, 2, 3], pa.int32()), inner))
    assert read(column("STRING"), elements) == [b"a", b"", b"b"]


def test_a_null_among_the_entries_of_a_dictionary_is_a_missing_value() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None]))
    assert read(column("STRING", b"none"), array) == [b"a", b"none", b"none"]
    assert typed_values(column("STRING"), array).is_null.tolist() == [False, True, True]  # type: ignore[union-attr]
    other = pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["b"]))
    whole = whole_array(pa.chunked_array([array, other]))  # which pyarrow does not unify
    assert read(column("STRING"), whole) == [b"a", b"", b"", b"b"]


def test_a_file_of_text_views_is_read(tmp_path: Path) -> None:
    if not hasattr(pa, "string_view"):
        pytest.skip("this pyarrow has no views")
    try:
        pq.write_table(pa.table({"x": pa.array(TEXTS, pa.string_view())}), tmp_path / "a")
    except pa.ArrowNotImplementedError:
        pytest.skip("this pyarrow writes no views")
    plan = plan_files([str(tmp_path / "a")], fields_of(column("STRING")))
    (values,) = load_group(plan.sources[0], plan).values
    assert values.words is not None
    assert [values.words[i].decode() for i in values.array] == [text or "" for text in TEXTS]


def fields_of(*columns: Column, full_lists: Optional[Dict[str, str]] = None) -> Fields:
    return Fields(columns, (), None, ("x",), full_lists=full_lists or {})


@pytest.mark.parametrize(
    ("kind", "cells", "advice"),
    [
        ("INT64", pa.array(["1"]), "found string (it holds text: declare STRING)"),
        ("INT64", pa.array([1.5]), "found double (declare DOUBLE)"),
        ("INT64", pa.array([True]), "found bool (declare BOOL)"),
        ("STRING", pa.array([True]), "found bool (declare BOOL)"),
        ("STRING", pa.array([1.5]), "found double (declare DOUBLE)"),
        ("BOOL", pa.array([1]), "found int64 (declare INT64)"),
        ("INT64", pa.array([Decimal("1.5")]), "found decimal128(2, 1) (declare DOUBLE)"),
        ("STRING", pa.array([MOMENT]), "found timestamp[us] (a time: declare INT64, its whole "
         "seconds since 1970, or DOUBLE)"),
        ("INT64", pa.array([{"a": 1}]), "found struct<a: int64> (such values are not read)"),
        ("INT64", pa.array([datetime.timedelta(1)]), "found duration[us] (such values are not "
         "read)"),
    ],
)  # fmt: skip
def test_another_type_is_refused_with_what_to_declare(kind: str, cells: Any, advice: str) -> None:
    schema = pa.schema([("x", cells.type)])
    ((_, fault),) = schema_faults(schema, schema, fields_of(column(kind)))
    assert fault == f"column 'x' is declared {kind}, {advice}"


def test_a_doubled_column_is_not_called_absent(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["x", "x"]), path)
    with pytest.raises(UserError, match=r"a\.parquet: column 'x' stands there 2 times"):
        plan_files([path], fields_of(column("INT64")))


def faults_of(found: Any, fields: Fields) -> Dict[int, str]:
    table = pa.table({"x": found})
    source = Source("a", None, table.num_rows, 0, table=table)
    plan = plan_of(fields, table.schema, source)
    return load_group(source, plan).faults


def plan_of(fields: Fields, schema: Any, source: Source) -> Plan:
    from easy_esmm.data.parquet_plan import Plan

    return Plan(fields, list_columns(fields, schema), (source,), 0)


@pytest.mark.parametrize(
    ("kind", "cells", "rule"),
    [
        ("INT32", [1, 2**31], "does not fit, got 2147483648 (declare INT64)"),
        ("INT64", pa.array([1, WIDEST], pa.uint64()),
         f"does not fit, got {WIDEST} (declare STRING, its digits)"),
        ("INT64", pa.array([1, Decimal(2**63)], pa.decimal128(38, 0)),
         "does not fit, got 9223372036854775808 (declare STRING, its digits)"),
        ("INT64", pa.array([1, Decimal(2**70)], pa.decimal128(38, 0)),
         f"does not fit, got {2**70} (declare STRING, its digits)"),
        ("FLOAT", [1.0, 1e300], "does not fit, got 1e+300 (declare DOUBLE)"),
        ("FLOAT", [1.0, np.nan], "must be finite, got nan (a missing value is a null)"),
        ("FLOAT", [1.0, -np.inf], "must be finite, got -inf"),
        ("FLOAT", pa.array(np.array([1, np.inf], np.float16)), "must be finite, got inf"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_legal_is_told_with_the_true_reason(
    kind: str, cells: Any, rule: str
) -> None:
    expected = {1: f"column 'x' ({kind}): {rule}"}
    assert faults_of(cells, fields_of(column(kind))) == expected


def test_text_that_is_not_utf_8_is_a_bad_row_unless_it_is_declared_as_bytes() -> None:
    gbk = "北京".encode("gbk")
    raw = pa.array([b"a", gbk, None, gbk])
    text = pa.Array.from_buffers(pa.string(), 4, raw.buffers(), raw.null_count)
    rule = f"column 'x' (STRING): is no UTF-8 text, got {gbk!r} (write it as UTF-8 or as bytes)"
    assert faults_of(text, fields_of(column("STRING"))) == {1: rule, 3: rule}
    assert faults_of(raw, fields_of(column("STRING"))) == {}
    assert read(column("STRING"), raw) == [b"a", gbk, b"", gbk]


@pytest.mark.parametrize("cells", [[[1.5], [], [2.5, None], None], [["1"], [], [None], ["2"]]])
def test_a_null_among_the_numbers_of_a_list_is_a_bad_row(cells: Any) -> None:
    kind = "FLOAT" if isinstance(cells[0][0], float) else "STRING"
    fields = fields_of(column(kind), full_lists={"x": "feature 'f' reads it as numbers"})
    rule = f"column 'x' ({kind}): null in a list (feature 'f' reads it as numbers)"
    assert faults_of(pa.array(cells), fields) == {2: rule}
    assert faults_of(pa.array(cells), fields_of(column(kind))) == {}
    filled = Column("x", TYPES[kind], 9.0 if kind == "FLOAT" else b"9", has_default=True)
    assert faults_of(pa.array(cells), fields_of(filled, full_lists=dict(fields.full_lists))) == {}


def test_a_label_that_float_does_not_hold_is_told_so() -> None:
    label = Column("x", TYPES["DOUBLE"], 0.0)
    fields = Fields((), (label,), None, ("x",))
    expected = {1: "column 'x' (DOUBLE): does not fit FLOAT, got 1e+300"}
    assert faults_of([1.0, 1e300, None], fields) == expected
    text = Fields((), (Column("x", TYPES["STRING"], b""),), None, ("x",))
    rule = "column 'x' (STRING): must be a finite number, got 'many'"
    assert faults_of(["1", "many", " ", None], text) == {1: rule}


def test_a_label_that_its_type_does_not_hold_is_not_cut_to_its_last_bits() -> None:
    label = Column("x", TYPES["INT32"], 0)
    fields = Fields((), (label,), None, ("x",))
    rule = "column 'x' (INT32): does not fit, got 4294967297 (declare INT64)"
    assert faults_of([1, 2**32 + 1], fields) == {1: rule}


def test_a_missing_label_is_0_whatever_stands_for_it() -> None:
    for default in (0.0, float("nan")):
        label = Column("x", TYPES["DOUBLE"], default)
        table = pa.table({"x": pa.array([1.0, None])})
        source = Source("a", None, 2, 0, table=table)
        plan = plan_of(Fields((), (label,), None, ("x",)), table.schema, source)
        group = load_group(source, plan)
        assert [values.array.tolist() for values in group.values] == [[1.0, 0.0], [False, True]]
        assert group.faults == {}


def test_a_column_of_nulls_in_one_file_is_empty_lists_beside_lists(
    make_config: Any, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"x": pa.nulls(2)}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [[1, 2], [3]]}), tmp_path / "b.parquet")
    config = make_config({"x": "INT64"}, labels=(), data="input_type: ParquetInput")
    (batch,) = input_fn(config, "predict", str(tmp_path / "*.parquet"))()
    assert batch["x"].to_list() == [[], [], [1, 2], [3]]


def test_nulls_among_lists_of_one_length_are_not_called_a_damaged_file(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": pa.array([[1, 2], None], pa.list_(pa.int64(), 2))}), path)
    plan = plan_files([path], fields_of(column("INT64")))
    if pa.__version__ >= "22":  # which reads them
        (values,) = load_group(plan.sources[0], plan).values
        assert np.diff(values.offsets).tolist() == [2, 0]
        assert values.array.tolist() == [1, 2]
        return
    with pytest.raises(RowError, match="holds a null among lists of one length, which pyarrow"):
        load_group(plan.sources[0], plan)


FRAMES = {
    "numpy": (np.array([1.5, np.nan]), "DOUBLE", [1.5, 9.0]),
    "half": (np.array([1.5, np.nan], np.float16), "FLOAT", [1.5, 9.0]),
    "nullable": (pd.array([7, None], "Int64"), "INT64", [7, 9]),
    "unsigned": (pd.array([WIDEST, None], "UInt64"), "STRING", [str(WIDEST).encode(), b"9"]),
    "boolean": (pd.array([True, None], "boolean"), "BOOL", [True, False]),
    "string": (pd.array(["a", None], "string"), "STRING", [b"a", b"9"]),
    "arrow": (pd.array([7, None], pd.ArrowDtype(pa.int8())), "INT64", [7, 9]),
    "arrow NaN": (pd.arrays.ArrowExtensionArray(pa.array([1.5, np.nan])), "DOUBLE", [1.5, 9.0]),
    "nullable NaN": (pd.array([0.0, 1.0], "Float64") / pd.array([0.0, 1.0], "Float64"), "DOUBLE",
                     [9.0, 1.0]),
    "words": (pd.Categorical(["a", None]), "STRING", [b"a", b"9"]),
    "categories": (pd.Categorical([7, None]), "INT64", [7, 9]),
    "digits": (pd.Categorical([7, None]), "STRING", [b"7", b"9"]),
    "sparse": (pd.arrays.SparseArray([0.0, np.nan, 2.5]), "DOUBLE", [0.0, 9.0, 2.5]),
    "sparse counts": (pd.arrays.SparseArray([0, 4]), "INT64", [0, 4]),
    "objects": (np.array([7, None], object), "INT64", [7, 9]),
    "decimals": (np.array([Decimal("0.1"), None], object), "DOUBLE", [0.1, 9.0]),
    "large": (np.array([2**63 + 1, None], object), "STRING", [str(2**63 + 1).encode(), b"9"]),
    "empty text": (["a", "", None], "STRING", [b"a", b"9", b"9"]),
    "empty text in lists": ([["a", ""], []], "STRING", [[b"a", b""], []]),
    "lowest": ([-(2**63), 8], "INT64", [9, 8]),
    "lowest in lists": ([[-(2**63), 8], []], "INT64", [[9, 8], []]),
    "times": (np.array(["1970-01-02", "NaT"], "datetime64[ns]"), "INT64", [86400, 9]),
    "dates": (np.array([datetime.date(1970, 1, 2), None], object), "INT64", [86400, 9]),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_frames_hold_every_type(make_config: Any, name: str) -> None:
    cells, kind, expected = FRAMES[name]
    default = "" if kind == "BOOL" else 'default_val: "9"'
    config = make_config({"x": f"{kind} {default}"}, labels=())
    (batch,) = input_fn(config, "predict", pd.DataFrame({"x": cells}))()
    found = batch["x"]
    assert (found.to_list() if hasattr(found, "to_list") else found.numpy().tolist()) == expected


@pytest.mark.parametrize(
    "cells",
    [
        [[7, 8], None, []],
        [np.array([7, 8]), None, np.array([], int)],
        pd.arrays.ArrowExtensionArray(pa.array([[7, 8], None, []])),
        *(
            pd.arrays.ArrowExtensionArray(pa.array([[7, 8], None, []], kind))
            for kind in newer("list_view", pa.int8())
        ),
    ],
    ids=["lists", "arrays", "arrow", *(["views"] if hasattr(pa, "list_view") else [])],
)
def test_frames_hold_lists_of_every_kind(make_config: Any, cells: Any) -> None:
    config = make_config({"x": "INT64"}, labels=())
    (batch,) = input_fn(config, "predict", pd.DataFrame({"x": cells}))()
    assert batch["x"].to_list() == [[7, 8], [], []]


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (["a", None, 7, 8.5], "mixes types: str (row 1), int (row 3), float (row 4); make them "
         "one, as .astype(str) does"),
        ([1, float("nan"), True], "mixes types: int (row 1), bool (row 3); make them one, as "
         ".astype(str) does"),
        ([[1], 2], "mixes types: list of int (row 1), int (row 2); make them one, as .astype(str) "
         "does"),
        ([[1], [], [2, "a"]], "mixes types: list of int (row 1), list of str (row 3); make them "
         "one, as .astype(str) does"),
        ([MOMENT.date(), MOMENT], "mixes types: date (row 1), datetime (row 2); make them one, as "
         ".astype(str) does"),
        ([{"a": 1}], "is declared STRING, found struct<a: int64> (such values are not read)"),
    ],
)  # fmt: skip
def test_frames_say_what_an_object_column_holds(make_config: Any, cells: Any, rule: str) -> None:
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=object)})
    with pytest.raises(UserError) as caught:
        input_fn(make_config({"x": "STRING"}, labels=()), "predict", frame)()
    assert str(caught.value) == f"DataFrame: column 'x' {rule}"


def test_a_null_in_a_list_of_weights_is_a_bad_row_of_its_file(
    make_config: Any, tmp_path: Path
) -> None:
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": [[1, None]] * 2, "w": [[0.5, 0.5], [0.5, None]]}), path)
    config = make_config({"x": "INT64", "w": "FLOAT"}, labels=(), data="input_type: ParquetInput")
    del config.feature_config.features[:]
    config.feature_config.features.add(
        input_names=["x", "w"], feature_name="tags", feature_type="TagFeature"
    )
    config.model_config.feature_groups.add(group_name="all", feature_names=["tags"])
    assert message_of(input_fn(config, "predict", path)) == (
        f"{path}: row 2: column 'w' (FLOAT): null in a list (feature 'tags' reads it as numbers); "
        "fix the row or set data_config.ignore_error"
    )
