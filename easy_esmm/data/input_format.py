"""The interface of an input format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Optional, Sequence

from easy_esmm.data.fields import Fields
from easy_esmm.data.file_problems import FileProblems
from easy_esmm.data.negatives import NegativeRows
from easy_esmm.data.passed import PassedColumns
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.sample import Sample
from easy_esmm.data.settings import Reading
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

if TYPE_CHECKING:
    from easy_esmm.data.validated import RowValidator


class InputFormat(ABC):
    """Files of one `data_config.input_type`. Only `read` imports TensorFlow, when it is called."""

    @abstractmethod
    def check(self, files: Sequence[str], problems: FileProblems) -> int:
        """Adds what in the files cannot be read as declared; opens no more than their heads.

        Returns a number greater than 0 if any file holds a row.
        """

    @abstractmethod
    def read(
        self,
        files: Sequence[str],
        data: DatasetConfig,
        fields: Fields,
        reading: Reading,
        skipped: SkippedRows,
        validator: Optional[RowValidator] = None,
    ) -> Any:
        """The batches of the files' rows: a tf.data.Dataset with the elements of `input_fn`.

        Rows that `validator` refuses are corrupt. Raises UserError if a file cannot be read as
        declared.
        """

    def passed(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> PassedColumns:
        """The columns `fields.passed` of the files that `read` reads, rows in their order.

        With `reading.keeps_rows`, the elements of `read` hold what it needs: its `row_names`.
        """
        name = DatasetConfig.InputType.Name(data.input_type)
        raise UserError(f"--reserved_cols: {name} passes no columns through; leave it out")

    def count_rows(
        self, files: Sequence[str], negatives: Optional[NegativeRows] = None
    ) -> Optional[int]:
        """Rows that are read of all files, where that is known without reading all of them."""
        return None

    def recognizes(self, start: bytes) -> bool:
        """Whether a file with these first bytes has the format: `init` then calls `sample`."""
        return False

    def sample(
        self,
        files: Sequence[str],
        rows: int,
        labels: Sequence[str],
        encoding: Optional[str] = None,
    ) -> Sample:
        """At most `rows` first rows of the first file, for `init`; see `sample.read_sample`."""
        raise NotImplementedError
