"""Rejects rows that decode but that a feature cannot read, such as a tag whose weight is text."""

from __future__ import annotations

from typing import Any, Mapping, Protocol, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.decode import Element
from easy_esmm.data.row_format import RowFormat


class RowValidator(Protocol):
    """Tells whether cells can be read. Must hold no state: the input's position is saved."""

    def checks(self, columns: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Bool scalars: False, or an InvalidArgumentError, for a bad cell."""

    def fault(self, columns: Mapping[str, Tensor]) -> str:
        """What is wrong with a row [1], eagerly; empty if nothing is."""


class Validated:
    """A row format in which a row that the validator refuses is as one that does not decode."""

    def __init__(self, rows: RowFormat, validator: RowValidator) -> None:
        self._rows, self._validator = rows, validator

    @property
    def spec(self) -> Element:
        return self._rows.spec

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        is_legal, element = self._rows.decode(rows, files)
        # Not as control dependencies: TensorFlow leaves out a computation that nobody looks at.
        return tf.reduce_all([is_legal, *self._validator.checks(_columns(element))]), element

    def fault(self, row: bytes, file: int) -> str:
        try:
            is_legal, element = self._rows.decode(tf.constant([row]), tf.constant([file]))
        except (tf.errors.InvalidArgumentError, UnicodeDecodeError):
            return self._rows.fault(row, file)
        found = self._validator.fault(_columns(element)) if is_legal else ""
        return found or self._rows.fault(row, file)

    def path(self, file: int) -> str:
        return self._rows.path(file)

    def place(self, file: int, number: int) -> str:
        return self._rows.place(file, number)

    def check_file(self, file: int) -> None:
        self._rows.check_file(file)


def _columns(element: Element) -> Mapping[str, Any]:
    columns: Mapping[str, Any] = element[0] if isinstance(element, tuple) else element
    return columns
