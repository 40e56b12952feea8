"""Encodes a text column as 16-bit codes: two bytes a row, however long its texts are."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

OTHER = 0
"""Code of all values that came when there was no code left."""
CODES = 2**16


class CodedColumn:
    """Gives codes to values as they come: a value that is frequent comes early."""

    def __init__(self, codes: int = CODES) -> None:
        """`codes`: at most so many, `OTHER` included."""
        self._codes = codes
        self._code_of: Dict[Any, int] = {}
        self._batches: List[NDArray[np.uint16]] = []

    def add(self, values: NDArray[Any]) -> None:
        """The values of a batch [batch]: bytes, integers or booleans.

        The lowest integer of the type is a missing value, as empty bytes are.
        """
        local, distinct = pd.factorize(values)
        lowest = np.iinfo(values.dtype).min if values.dtype.kind == "i" else b""
        texts = [b"" if value == lowest else value for value in distinct.tolist()]
        known = np.array([self._code(value) for value in texts], np.uint16)
        self._batches.append(known[local])

    def coded(self) -> Tuple[NDArray[np.uint16], List[str]]:
        """(code of each row, text of each code)."""
        codes = np.concatenate(self._batches) if self._batches else np.zeros(0, np.uint16)
        return codes, ["other values", *(_text(value) for value in self._code_of)]

    def _code(self, value: Any) -> int:
        code = self._code_of.get(value)
        if code is None:
            if len(self._code_of) + 1 >= self._codes:
                return OTHER
            code = self._code_of[value] = len(self._code_of) + 1
        return code


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
