"""The interface of a file format whose rows are decoded in blocks."""

from __future__ import annotations

from typing import Protocol, Tuple

from easy_esmm.contract import Tensor
from easy_esmm.data.decode import Element


class RowFormat(Protocol):
    """The part of reading that `blocks` leaves to the format."""

    @property
    def spec(self) -> Element:
        """Structure and types of the elements."""

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        """(is every value legal, element) of rows [n] of bytes from the files of these indices.

        Raises InvalidArgumentError for rows that cannot be decoded.
        """

    def fault(self, row: bytes, file: int) -> str:
        """What is wrong with a row that `decode` does not take."""

    def path(self, file: int) -> str:
        """Path of the file of this index."""

    def place(self, file: int, number: int) -> str:
        """Where a row stands: the file and the row's number from 1."""

    def check_file(self, file: int) -> None:
        """Raises RowError if what seems to be a bad row is a damaged file."""
