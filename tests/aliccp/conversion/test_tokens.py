"""Numbers parsed many at a time, against Python's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from easy_esmm.aliccp.conversion.tokens import (
    ShortWords,
    Text,
    decimals,
    hex_keys,
    integers,
    separators,
    slow_decimal,
)


def text_of(tokens):
    """(text, ends, lengths) of tokens separated by commas."""
    encoded = [token.encode("latin-1") for token in tokens]
    lengths = np.array([len(token) for token in encoded], np.int64)
    ends = np.cumsum(lengths + 1) - 1
    return Text(b",".join(encoded) + b"\n"), ends, lengths


DIGITS = st.text("0123456789", min_size=1, max_size=16)
NEARLY = st.text("0123456789.eE-+x_/: \xb2\xff", max_size=18)


@given(st.lists(DIGITS, min_size=1, max_size=20))
@example(["0", "00000000", "99999999", "100000000", "9999999999999999", "0000000000000001"])
def test_digits_are_the_number_that_int_reads(tokens):
    values, is_number = integers(*text_of(tokens))
    assert is_number.all()
    assert values.tolist() == [int(token) for token in tokens]


@given(st.lists(NEARLY, min_size=1, max_size=20))
@example(["", "12345678901234567", "-1", "1x", "x1", "1.0", "12345678x", "x2345678", "\xb2"])
def test_only_1_to_16_ascii_digits_are_a_number(tokens):
    _, is_number = integers(*text_of(tokens))
    assert is_number.tolist() == [
        1 <= len(token) <= 16 and all(c in "0123456789" for c in token) for token in tokens
    ]


WEIGHTS = st.floats(0, 1e6).map(lambda value: f"{value:.5f}")
DECIMALS = st.one_of(
    WEIGHTS,
    st.sampled_from(
        ["1.0", "1", "1.", "0.69315", "8.19", "1.00000000", "1e-5", "-2.5", "10.39721"]
    ),
    st.from_regex(r"\A[0-9]{1,7}\.[0-9]{0,7}\Z"),
    st.from_regex(r"\A-?[0-9]{1,3}(\.[0-9]{0,3})?([eE]-?[0-9]{1,2})?\Z"),
)


@settings(max_examples=300)
@given(st.lists(DECIMALS, min_size=1, max_size=20))
def test_decimals_are_the_float32_of_the_number_that_float_reads(tokens):
    values, is_number = decimals(*text_of(tokens))
    wanted = np.array([float(token) for token in tokens])
    fits = np.abs(wanted) < 3.4e38
    np.testing.assert_array_equal(is_number, fits)
    np.testing.assert_array_equal(values[fits], wanted[fits].astype(np.float32))


@settings(max_examples=300)
@given(st.lists(NEARLY, min_size=1, max_size=20))
@example([".5", ".", "", "1..0", "1.0.", "nan", "inf", "1_0", "1e400", "-", "--1", "1.x", "0x1.0"])
def test_what_is_no_finite_number_is_none(tokens):
    _, is_number = decimals(*text_of(tokens))
    assert is_number.tolist() == [
        slow_decimal(token.encode("latin-1")) is not None for token in tokens
    ]


@pytest.mark.parametrize("token", [b"nan", b"inf", b"1_0", b".5", b"", b" 1", b"1e39", b"+1"])
def test_words_that_float_would_read_are_no_values(token):
    assert slow_decimal(token) is None


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=10), st.booleans())
def test_sixteen_hexadecimal_digits_are_a_key(numbers, is_upper):
    tokens = [f"{number:016X}" if is_upper else f"{number:016x}" for number in numbers]
    text, ends, _ = text_of(tokens)
    keys, is_key = hex_keys(text, ends)
    assert is_key.all()
    assert keys.tolist() == numbers


def test_one_letter_beyond_f_makes_a_key_none():
    text, ends, _ = text_of(["0123456789abcdef", "0123456789abcdeg", "g123456789abcdef"])
    assert hex_keys(text, ends)[1].tolist() == [True, False, False]


def test_short_words_are_known_by_their_place_and_only_whole():
    words = ShortWords(["101", "109_14", "127_14", "127"])
    tokens = ["127", "109_14", "12", "1277", "127_14", "27_14", "", "101", "109_14_14"]
    assert words.places(*text_of(tokens)).tolist() == [3, 1, -1, -1, 2, -1, -1, 0, -1]


def test_separators_are_found_and_nothing_else_of_the_grammar():
    data = b"1,0a\x02b_\x031.5-e\x01\n"
    places, found = separators(Text(data))
    assert [data[place] for place in places] == found.tolist() == [44, 2, 3, 1, 10]
