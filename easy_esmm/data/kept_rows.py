"""Elements that hold their rows as they stand, beside what is decoded of them."""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.decode import Element
from easy_esmm.data.passed import FILE, ROW
from easy_esmm.data.row_format import RowFormat


class KeptRows:
    """A row format whose columns hold the bytes of each row and the number of its file, too.

    Its elements must be without labels.
    """

    def __init__(self, rows: RowFormat) -> None:
        self._rows = rows
        self.fault, self.path = rows.fault, rows.path
        self.place, self.check_file = rows.place, rows.check_file

    @property
    def spec(self) -> Element:
        texts, numbers = tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.int64)
        return {**self._rows.spec, ROW: texts, FILE: numbers}

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        is_legal, columns = self._rows.decode(rows, files)
        return is_legal, {**columns, ROW: rows, FILE: files}
