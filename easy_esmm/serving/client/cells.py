"""Turns values into those of an input, exactly or not at all. The rules are those of data files.

A missing value (None, NaN, NA, NaT) becomes the mark of one, see `config.cells.missing_mark`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Callable, Dict, Optional, Sequence, Union

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from easy_esmm.errors import UserError

Array = NDArray[Any]
Values = Union[Array, Sequence[Any]]

_LARGEST_EXACT = {2: 2**11, 4: 2**24, 8: 2**53}
"""Bytes of a float -> up to here it has every whole number."""
_AS_INT64 = 'floats beyond that are rounded; keep whole numbers as integers: .astype("Int64")'
_LONGEST_SHOWN = 60


class Unfit(Exception):
    """A value that an input cannot take; str() is the rule that it breaks."""


def refuse(column: str, row: int, rule: Any, value: Any) -> UserError:
    """The error of a value; `row` counts from 0."""
    text = repr(value)
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[:_LONGEST_SHOWN]}..."
    return UserError(f"row {row}, column '{column}': {rule}, got {text}")


def is_missing(value: Any) -> bool:
    """Whether it is None, NaN, NA or NaT."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (float, np.floating, np.datetime64)) and bool(value != value)


def plain(values: Any) -> Values:
    """The values of a column of whatever library as a numpy array or a list."""
    if isinstance(values, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            times: Array = np.asarray(values, f"datetime64[{values.dtype.unit}]")  # in UTC
            return times
        is_numpy = isinstance(values.dtype, np.dtype)
        values = values.to_numpy() if is_numpy else values.to_numpy(dtype=object)
    if isinstance(values, np.ndarray):
        return values if values.dtype.kind in "biufM" else list(values)
    return list(values)


def converted(column: str, values: Values, dtype: Any) -> Array:
    """[rows] of the dtype; text as an object array of bytes. Raises UserError at the first misfit.

    Whole numbers must fit, floats become the nearest of their width and must be finite; text is
    UTF-8 or bytes, or the digits of a whole number; times are seconds since 1970.
    """
    quick = _of_one_type(values)
    if isinstance(quick, np.ndarray) and quick.dtype.kind in _QUICKLY:
        array: Optional[Array] = _QUICKLY[quick.dtype.kind](quick, dtype)
        if array is not None:
            return array
    cells = [
        _cell(column, row, value, dtype)
        for row, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values)
    ]
    return as_array(cells, dtype)


def as_array(cells: Sequence[Any], dtype: Any) -> Array:
    """Values of the dtype as an array [rows], also where each is bytes."""
    array = np.empty([len(cells)], dtype)
    array[:] = cells
    return array


def value_of(value: Any, dtype: Any) -> Any:
    """One value as an input of the dtype has it. Raises Unfit."""
    kind = np.dtype(dtype).kind
    if is_missing(value):
        return missing_mark(dtype)
    return _VALUE_OF[kind](value, dtype)


def missing_mark(dtype: Any) -> Any:
    """NaN, the lowest integer, empty text; False, as a boolean has none."""
    kind = np.dtype(dtype).kind
    if kind == "i":
        return int(np.iinfo(dtype).min)
    return {"f": float("nan"), "b": False, "O": b""}[kind]


def _of_one_type(values: Values) -> Values:
    """A list of Python's values of one type as an array, bytes in place of text; else as it is.

    Value by value a request of 500 rows and 23 columns of text takes 8 ms, and so 2.
    """
    if isinstance(values, np.ndarray):
        return list(values) if values.dtype == object else values
    kinds = {type(value) for value in values}
    try:
        if kinds == {str}:
            return as_array([value.encode() for value in values], object)
        if kinds in ({int}, {float}):
            return np.array(values, np.int64 if kinds == {int} else np.float64)
    except (UnicodeEncodeError, OverflowError):  # the first such value will be told
        pass
    return values


def _cell(column: str, row: int, value: Any, dtype: Any) -> Any:
    try:
        return value_of(value, dtype)
    except Unfit as rule:
        raise refuse(column, row, rule, value) from None


def _integers(values: Array, dtype: Any) -> Any:
    """Integers as any type; None where some do not fit, or nothing is written so."""
    if dtype.kind == "O":
        return as_array([b"%d" % value for value in values.tolist()], object)
    if dtype.kind == "f":
        return values.astype(dtype)
    limits = np.iinfo(dtype if dtype.kind == "i" else np.int8)
    low, high = (limits.min, limits.max) if dtype.kind == "i" else (0, 1)
    if values.size and (int(values.min()) < low or int(values.max()) > high):
        return None
    return values.astype(dtype)


def _floats(values: Array, dtype: Any) -> Any:
    """Floats as floats, and as integers where they are exactly these; else None."""
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            numbers = values.astype(dtype)
        return None if np.isinf(numbers).any() else numbers
    if dtype.kind != "i":
        return None
    is_none = np.isnan(values)
    numbers = np.where(is_none, 0, values)
    largest = _LARGEST_EXACT.get(values.dtype.itemsize, 2**53)
    limit = min(largest, int(np.iinfo(dtype).max))
    if (np.abs(numbers) > limit).any() or (numbers != np.floor(numbers)).any():
        return None
    return np.where(is_none, missing_mark(dtype), numbers.astype(np.int64)).astype(dtype)


def _times(values: Array, dtype: Any) -> Any:
    """Seconds: whole, rounded down, or with their fraction."""
    if dtype.kind not in "if":
        return None
    unit = np.datetime_data(values.dtype)[0]
    if unit not in _UNITS_OF_A_SECOND:  # days, for example
        unit, values = "s", values.astype("datetime64[s]")
    is_none, units = np.isnat(values), _UNITS_OF_A_SECOND[unit]
    counts = np.where(is_none, 0, values.astype(np.int64))
    seconds = counts // units
    if dtype.kind == "f":
        seconds = seconds + (counts - seconds * units) / units
    elif seconds.size and np.abs(seconds).max() > np.iinfo(dtype).max:
        return None
    return np.where(is_none, missing_mark(dtype), seconds).astype(dtype)


_UNITS_OF_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_QUICKLY: Dict[str, Callable[[Array, Any], Any]] = {
    "i": _integers,
    "u": _integers,
    "f": _floats,
    "b": lambda values, dtype: values if dtype == np.bool_ else None,
    "M": _times,
    "O": lambda values, dtype: values if dtype.kind == "O" else None,
}


def _whole(value: Any, dtype: Any) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise Unfit("must be a whole number")
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value) or value != np.floor(value):
            raise Unfit("must be a whole number")
        size = np.asarray(value).itemsize
        if abs(float(value)) > _LARGEST_EXACT.get(size, 2**53):
            raise Unfit(f"must be a whole number within 2^53 ({_AS_INT64})")
    elif isinstance(value, Decimal):
        if not value.is_finite() or value != value.to_integral_value():
            raise Unfit("must be a whole number")
    elif not isinstance(value, (int, np.integer)):
        raise Unfit("must be a whole number")
    number = int(value)
    limits = np.iinfo(dtype)
    if not limits.min <= number <= limits.max:
        raise Unfit(f"must fit {limits.bits} bits")
    return number


def _float(value: Any, dtype: Any) -> float:
    is_number = isinstance(value, (int, float, np.integer, np.floating, Decimal))
    if not is_number or isinstance(value, bool):
        raise Unfit("must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not np.isfinite(number):
        raise Unfit("must be finite")
    with np.errstate(over="ignore"):
        rounded = dtype.type(number)
    if not np.isfinite(rounded):
        raise Unfit(f"must fit a {8 * dtype.itemsize}-bit float")
    return number


def _bool(value: Any, dtype: Any) -> bool:
    is_bool = isinstance(value, (bool, np.bool_))
    if is_bool or (isinstance(value, (int, np.integer)) and value in (0, 1)):
        return bool(value)
    raise Unfit("must be true, false, 1 or 0")


def _text(value: Any, dtype: Any) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise Unfit("must be text that UTF-8 can hold") from None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return b"%d" % int(value)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return b"%d" % int(value)
    raise Unfit("must be text, bytes or a whole number")


_VALUE_OF: Dict[str, Callable[[Any, Any], Any]] = {
    "i": _whole,
    "f": _float,
    "b": _bool,
    "O": _text,
}
