"""The format CSVInput: text, a row in each line."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

from easy_esmm.data import csv_sample
from easy_esmm.data.csv_check import CHECKED_ROWS, csv_faults, have_values
from easy_esmm.data.fields import Fields
from easy_esmm.data.file_problems import FileProblems
from easy_esmm.data.input_format import InputFormat
from easy_esmm.data.lines import first_lines
from easy_esmm.data.passed import PassedColumns
from easy_esmm.data.passed_text import CsvPassed
from easy_esmm.data.sample import Sample
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


class CsvFormat(InputFormat):
    """Plain or gzip, with or without a header."""

    def check(self, files: Sequence[str], problems: FileProblems) -> int:
        rows, data, weight = 0, problems.data, problems.fields.weight
        weights: List[bool] = []
        are_whole = True  # what follows the first rows of a file may have weights
        for path in files:
            try:
                lines = first_lines(path, CHECKED_ROWS + 1, data.encoding, data.ignore_error)
            except UserError as error:
                problems.add(problems.path_field, str(error))
                continue
            are_whole &= len(lines) <= CHECKED_ROWS
            if not data.with_header:
                lines = [line for line in lines if line.text]
            rows += len(lines) > data.with_header
            for fault in csv_faults(lines, data, problems.fields) if lines else ():
                place = f"{path}:{fault.line}" if fault.line else path
                field = fault.field or (
                    fault.column and problems.field_of(fault.column, fault.part)
                )
                problems.add(field or "data_config", fault.rule, fault.hint, place, fault.value)
            if weight is not None:
                weights += have_values(lines, data, problems.fields, weight)
        if are_whole and weights and not any(weights):
            problems.add_empty_weight(f"the {len(weights)} row(s)")
        return rows

    def read(self, *arguments: Any) -> Any:
        from easy_esmm.data.csv import csv_dataset  # noqa: PLC0415 - TensorFlow, late

        return csv_dataset(*arguments)

    def passed(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> PassedColumns:
        return CsvPassed(files, data, fields)

    def sample(
        self,
        files: Sequence[str],
        rows: int,
        labels: Sequence[str],
        encoding: Optional[str] = None,
    ) -> Sample:
        return csv_sample.read_csv(files, rows, labels, encoding)
