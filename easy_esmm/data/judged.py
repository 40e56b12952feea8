"""Rows that decode, and that features cannot read all the same: a tag's weight is no number."""

from __future__ import annotations

from typing import Any, Mapping, Protocol, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.decode import Element
from easy_esmm.data.format import Format


class Judge(Protocol):
    """Who reads the cells of rows afterwards. Must hold no state: the input's position is saved."""

    def verdicts(self, columns: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """Bool scalars: False, or an InvalidArgumentError, for a bad cell."""

    def fault(self, columns: Mapping[str, Tensor]) -> str:
        """What is wrong with a row [1], eagerly; empty if nothing is."""


class Judged:
    """A format in which a row that its judge cannot read is as bad as one that does not decode."""

    def __init__(self, rows: Format, judge: Judge) -> None:
        self._rows, self._judge = rows, judge

    @property
    def spec(self) -> Element:
        return self._rows.spec

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        is_legal, element = self._rows.decode(rows, files)
        # Not as control dependencies: TensorFlow leaves out a computation that nobody looks at.
        return tf.reduce_all([is_legal, *self._judge.verdicts(_columns(element))]), element

    def fault(self, row: bytes, file: int) -> str:
        try:
            is_legal, element = self._rows.decode(tf.constant([row]), tf.constant([file]))
        except tf.errors.InvalidArgumentError:
            return self._rows.fault(row, file)
        found = self._judge.fault(_columns(element)) if is_legal else ""
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
