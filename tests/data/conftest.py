"""Configs and datasets as plain values, for the tests of the data package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np
import pytest
from google.protobuf import text_format

from easy_esmm.contract import LabelColumn
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


class Rows(NamedTuple):
    """A dataset read to its end."""

    columns: Dict[str, List[Any]]
    labels: Dict[str, List[float]]
    sizes: List[int]


@pytest.fixture
def make_config() -> Callable[..., PipelineConfig]:
    """Makes a config: columns by name and type, the first of which are labels."""

    def make(
        columns: Optional[Dict[str, str]] = None,
        labels: Tuple[str, ...] = ("buy", "click"),
        data: str = "",
    ) -> PipelineConfig:
        columns = columns or {"buy": "INT32", "click": "INT32", "id": "INT64", "text": "STRING"}
        fields = "".join(
            f'input_fields {{ input_name: "{name}" input_type: {kind.split()[0]} '
            f"{' '.join(kind.split()[1:])} }}"
            for name, kind in columns.items()
        )
        inputs = [name for name in columns if name not in labels and name != "weight"]
        features = "".join(f'features {{ input_names: "{name}" }}' for name in inputs)
        label_fields = "".join(f'label_fields: "{name}"' for name in labels)
        text = f"data_config {{ {fields} {label_fields} {data} }} feature_config {{ {features} }}"
        # A model has two towers, whatever the labels of the columns.
        towers = zip(("cvr_tower", "ctr_tower"), (*labels, "buy", "click"))
        esmm = " ".join(f'{tower} {{ label_name: "{label}" }}' for tower, label in towers)
        return text_format.Parse(f"{text} model_config {{ esmm {{ {esmm} }} }}", PipelineConfig())

    return make


@pytest.fixture
def read() -> Callable[..., Rows]:
    """Reads a dataset (its first `batches` batches) into lists."""

    def run(dataset: Iterable[Any], batches: Optional[int] = None) -> Rows:
        rows = Rows({}, {}, [])
        for number, element in enumerate(dataset):
            columns, labels = element if isinstance(element, tuple) else (element, {})
            for into, tensors in ((rows.columns, columns), (rows.labels, labels)):
                for name, tensor in tensors.items():
                    values = tensor.value if isinstance(tensor, LabelColumn) else tensor
                    into.setdefault(name, []).extend(to_list(values))
            rows.sizes.append(len(to_list(next(iter(columns.values())))))
            if number + 1 == batches:
                break
        return rows

    return run


def to_list(tensor: Any) -> List[Any]:
    """The values of a tensor or a ragged tensor."""
    return tensor.to_list() if hasattr(tensor, "to_list") else list(np.asarray(tensor))


@pytest.fixture
def numbered(tmp_path: Path) -> Callable[..., str]:
    """Writes CSV files of `buy,click,id,text` whose ids count all rows; returns their glob."""

    def write(sizes: Iterable[int]) -> str:
        number = 0
        for part, size in enumerate(sizes):
            lines = []
            for _ in range(size):
                lines.append(f"{number % 2},{number % 3 % 2},{number},t{number}\n")
                number += 1
            (tmp_path / f"part{part}.csv").write_text("".join(lines))
        return str(tmp_path / "part*.csv")

    return write
