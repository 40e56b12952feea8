"""The format TFRecordInput: tf.Examples, a row each."""

from __future__ import annotations

from typing import Any, Sequence

from easy_esmm.data.examples import common_head, head_faults, passed_faults, read_head
from easy_esmm.data.fields import Fields
from easy_esmm.data.file_problems import FileProblems
from easy_esmm.data.input_format import InputFormat
from easy_esmm.data.passed import PassedColumns
from easy_esmm.data.passed_text import ExamplePassed
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


class TFRecordFormat(InputFormat):
    """Plain or gzip."""

    def check(self, files: Sequence[str], problems: FileProblems) -> int:
        heads = []
        for path in files:
            try:
                head = read_head(path, problems.data)
            except UserError as error:
                problems.add(problems.path_field, str(error))
                continue
            heads.append(head)
            for column, fault in head_faults(head, problems.fields):
                problems.add_column(column, fault, list(head.kinds), path)
        whole = common_head(heads)
        for column, fault in () if problems.found else passed_faults(whole, problems.fields):
            problems.add_column(column, fault, list(whole.kinds), files[0])
        return whole.rows

    def read(self, *arguments: Any) -> Any:
        from easy_esmm.data.tfrecord import tfrecord_dataset  # noqa: PLC0415 - TensorFlow, late

        return tfrecord_dataset(*arguments)

    def passed(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> PassedColumns:
        return ExamplePassed(files, data, fields)
