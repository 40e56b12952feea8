"""Files of vectors by id: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.data.vectors import find_fault, read_vectors
from easy_esmm.errors import UserError

TEXTS: Dict[str, Tuple[str, List[bytes]]] = {
    "as_glove_writes_it": ("a 1 2\nb 3 4\n", [b"a", b"b"]),
    "as_word2vec_writes_it": ("2 2\na 1 2 \nb 3 4 \n", [b"a", b"b"]),
    "with_tabs_and_without_a_last_line_end": ("a\t1\t2\nb\t3\t4", [b"a", b"b"]),
    "ids_that_are_numbers": ("007 1 2\n7 3 4\n", [b"007", b"7"]),
    "ids_that_look_like_missing_values": ("NA 1 2\nnan 3 4\n", [b"NA", b"nan"]),
    "ids_with_quotes_and_of_another_script": ('"a 1 2\nü 3 4\n', [b'"a', "ü".encode()]),
    "blank_lines": ("a 1 2\n\nb 3 4\n\n", [b"a", b"b"]),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text_files(case: str, tmp_path: Path) -> None:
    text, ids = TEXTS[case]
    path = tmp_path / "vectors.txt"
    path.write_text(text, encoding="utf-8")
    assert find_fault(str(path), 2) == ""
    vectors = read_vectors(str(path), 2)
    assert vectors.ids is not None
    assert vectors.ids.tolist() == ids
    assert vectors.values.dtype == np.float32
    assert vectors.values.tolist() == [[1, 2], [3, 4]]


def test_a_file_of_one_number_an_id_has_no_first_line_of_two_numbers(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("5 1.5\n6 2.5\n")
    vectors = read_vectors(str(path), 1)
    assert vectors.ids is not None
    assert (vectors.ids.tolist(), vectors.values.tolist()) == ([b"5", b"6"], [[1.5], [2.5]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold a line for each id, and is empty"),
        ("a 1 2 3\n", "must hold vectors of embedding_dim = 2 numbers, and has 3"),
        ("a 1 2\nb 3\n", r"must be a file that can be read \(line 2 has 1 numbers\)"),
        ("2 2\na 1 2\nb 3 4 5\n", r"must be a file that can be read \(line 3 has 3 numbers\)"),
        ("a 1 2\nb 3 x\n", r"must be a file that can be read \(line 2 has 'x' for a number\)"),
        ("a 1 2\nb nan 4\n", r"\(line 2 has 'nan' for a number\)|does not for id \"b\""),
        ("a 1 2\nb 1e39 4\n", 'must hold finite numbers .*, and does not for id "b"'),
        ("a 1 2\nb 3 4\na 5 6\n", 'must hold each id once, and holds "a" more often'),
    ],
)
def test_what_is_wrong_with_a_text_file_is_told(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=rf"vectors\.txt: .*(?:{message})"):
        read_vectors(str(path), 2)


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_bytes(b"a 1 2\n\xe4 3 4\n")
    with pytest.raises(UserError, match="can't decode byte 0xe4"):
        read_vectors(str(path), 2)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["a", ""], None),
        (["a", "b"], [b"a", b"b"]),
        ([7, 2**63 - 1], [b"7", b"9223372036854775807"]),
        (pa.array(["a", "b"]).dictionary_encode(), [b"a", b"b"]),
    ],
)
@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float32(), 2)])
def test_parquet_files(ids: Any, expected: Any, kind: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "vectors.parquet")
    vectors = pa.array([[1.0, 2.0], [3.0, 4.0]], kind)
    pq.write_table(pa.table({"more": [0, 0], "id": ids, "vector": vectors}), path)
    assert find_fault(path, 2) == ""
    assert find_fault(path, 3) == "must hold vectors of embedding_dim = 3 numbers, and has 2"
    if expected is None:
        with pytest.raises(UserError, match="must hold no empty id"):
            read_vectors(path, 2)
        return
    found = read_vectors(path, 2)
    assert found.ids is not None
    assert (found.ids.tolist(), found.values.tolist()) == (expected, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a"]}, "must have the columns id and vector, and has id"),
        ({"id": ["a"], "vector": [1.0]}, "must have lists in the column vector, and has double"),
        ({"id": ["a", None], "vector": [[1.0, 2.0]] * 2}, "column id has 1 empty cells"),
        ({"id": [1.5], "vector": [[1.0, 2.0]]}, "must be of texts or integers, and is of double"),
        ({"id": ["a", "b"], "vector": [[1.0, 2.0], None]}, 'vector of id "b" has 0 numbers'),
        ({"id": ["a", "b"], "vector": [[1.0, 2.0], [1.0]]}, 'vector of id "b" has 1 numbers'),
        ({"id": ["a"], "vector": [[1.0, None]]}, 'finite numbers .* does not for id "a"'),
        ({"id": pa.array([], pa.string()), "vector": pa.array([], pa.list_(pa.float32()))}, "none"),
    ],
)
def test_what_is_wrong_with_a_parquet_file_is_told(
    columns: Any, message: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "vectors.parquet")
    pq.write_table(pa.table(columns), path)
    with pytest.raises(UserError, match=message):
        read_vectors(path, 2)


def test_matrices_are_by_row(tmp_path: Path) -> None:
    path = str(tmp_path / "vectors.npy")
    np.save(path, np.array([[1, 2], [3, 4]]))
    vectors = read_vectors(path, 2)
    assert vectors.ids is None
    assert vectors.values.tolist() == [[1, 2], [3, 4]]
    np.save(path, np.array([[1.0, 2.0], [np.inf, 4.0]]))
    with pytest.raises(UserError, match=r"must hold finite numbers .* does not for row 1"):
        read_vectors(path, 2)
    np.save(path, np.array([1.0, 2.0]))
    assert find_fault(path, 2) == "must hold a matrix, and has the shape (2,)"
    np.save(path, np.array([[{}, None]]), allow_pickle=True)
    assert "must be a file that can be read" in find_fault(path, 2)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    assert find_fault(str(tmp_path / "none.npy"), 2) == "must be an existing file"
    assert find_fault(str(tmp_path), 2) == "must be an existing file"
