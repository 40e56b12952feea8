"""Lines are cut in Python as TensorFlow's op cuts them."""

from __future__ import annotations

from typing import List, Optional

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easy_esmm.data.csv_cells import split_line

MOST_CELLS = 10


def cells_of_the_op(line: str, separator: str) -> Optional[List[str]]:
    """What the op makes of a line, None where it refuses it for another reason than its width."""
    for width in range(1, MOST_CELLS + 1):
        try:
            cells = tf.io.decode_csv([line], [""] * width, field_delim=separator)
        except tf.errors.InvalidArgumentError as error:
            if "Expect" not in str(error):
                return None
            continue
        return [cell.numpy()[0].decode() for cell in cells]
    raise AssertionError(line)


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a,b", ["a", "b"]),
        (" a , b,", [" a ", " b", ""]),
        ('"a,b",""', ["a,b", ""]),
        ('"say ""hi""",2', ['say "hi"', "2"]),
        ('a, "b"', None),
        ('"a" ,b', None),
        ('"a', None),
        ('a"b', None),
    ],
)
def test_quotes_enclose_whole_cells_and_blanks_stay(line: str, cells: Optional[List[str]]) -> None:
    assert split_line(line, ",") == cells


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    st.sampled_from([",", "\t", "|", "\001"]).flatmap(
        lambda separator: st.tuples(
            st.text(['"', separator, " ", "a", "é"], min_size=1, max_size=MOST_CELLS - 1),
            st.just(separator),
        )
    )
)
def test_lines_are_cut_as_the_op_cuts_them(drawn: tuple[str, str]) -> None:
    line, separator = drawn
    assert split_line(line, separator) == cells_of_the_op(line, separator)
