"""The input formats by `data_config.input_type`."""

from __future__ import annotations

from typing import Dict, Optional, Sequence

from easy_esmm.data import storage
from easy_esmm.data.csv_format import CsvFormat
from easy_esmm.data.files import find_files
from easy_esmm.data.input_format import InputFormat
from easy_esmm.data.parquet_format import ParquetFormat
from easy_esmm.data.sample import Sample
from easy_esmm.data.tfrecord_format import TFRecordFormat
from easy_esmm.protos.data_pb2 import DatasetConfig

_LONGEST_START = 16

FORMATS: Dict[int, InputFormat] = {
    DatasetConfig.CSVInput: CsvFormat(),
    DatasetConfig.ParquetInput: ParquetFormat(),
    DatasetConfig.TFRecordInput: TFRecordFormat(),
}


def input_format(data: DatasetConfig) -> InputFormat:
    """The format of the files that a (resolved) config reads."""
    return FORMATS[data.input_type]


def read_sample(
    paths: str, rows: int, labels: Sequence[str], encoding: Optional[str] = None
) -> Sample:
    """At most `rows` first rows of the first file that a comma list of globs names.

    A file that no other format recognizes is read as CSV. `labels` are names that a header must
    hold, if it is one; `encoding` is that of CSV files, if it is known. Raises UserError if there
    is no file, no row, or no table in the file.
    """
    files = find_files(paths)
    with storage.open_file(files[0]) as file:
        start = file.read(_LONGEST_START)
    recognized = (one for one in FORMATS.values() if one.recognizes(start))
    chosen = next(recognized, FORMATS[DatasetConfig.CSVInput])
    return chosen.sample(files, rows, labels, encoding)
