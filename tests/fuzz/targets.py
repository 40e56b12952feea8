"""What is fuzzed: each target takes bytes, and raises nothing but what a user may be shown.

None needs TensorFlow, so that a case takes milliseconds.
"""

from __future__ import annotations

import gzip
import io
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from google.protobuf import json_format

from easy_esmm.aliccp.conversion import raw_block
from easy_esmm.calibration.calibration import Calibration, TaskCalibration, from_json, to_json
from easy_esmm.calibration.curve import Curve
from easy_esmm.config import Edit, edits_from_json
from easy_esmm.config.edit import apply
from easy_esmm.config.expression import BadExpression, parse_expression
from easy_esmm.config.parse import parse_text
from easy_esmm.config.pipeline import load_text
from easy_esmm.config.problems import Places
from easy_esmm.data.csv_cells import split_line
from easy_esmm.data.csv_head import file_layout
from easy_esmm.data.csv_sample import read_csv
from easy_esmm.data.examples import read_head
from easy_esmm.data.fields import needed_fields
from easy_esmm.data.files import find_files
from easy_esmm.data.line_blocks import START, LineBlocks
from easy_esmm.data.parquet_plan import plan_files
from easy_esmm.data.parquet_reader import load
from easy_esmm.data.records import masked_crc, read_chunk
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.tf_example_pb2 import Example

ROOT = Path(__file__).parents[2]
_BASE = (ROOT / "samples/esmm_quickstart.config").read_text()
_SHOWN = (UserError, RowError)


class Target(NamedTuple):
    """A reader of bytes from outside."""

    run: Callable[[bytes], None]
    seeds: Callable[[], List[bytes]]
    words: Tuple[bytes, ...] = ()
    """Pieces of the format that are put in."""


def _config(data: bytes, source: str) -> None:
    text = data.decode("utf-8", "replace")
    with suppress(UserError):
        load_text(text, source)


def _edits(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    config = PipelineConfig()
    config.CopyFrom(_config_to_edit())
    with suppress(UserError):
        apply(edits_from_json(text), config, Places("x.config"))
    path, _, value = text.partition("=")
    apply([Edit("--x", path, value, is_text=True)], config, Places("x.config"))


@cache
def _config_to_edit() -> PipelineConfig:
    return parse_text(_BASE, "x.config").config


def _expression(data: bytes) -> None:
    with suppress(BadExpression):
        parse_expression(data.decode("utf-8", "surrogateescape"), {"age": False, "b": True})


def _csv(data: bytes) -> None:
    """The first byte says whether the file is gzip, and has a header."""
    flags, content = (data[0], data[1:]) if data else (0, b"")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.csv.gz" if flags & 1 else "a.csv")
        path.write_bytes(content)
        with suppress(UserError):
            read_csv([str(path)], 50, ["buy"])
        for ignore_error in (False, True):
            config = _rows_config(ignore_error=ignore_error, with_header=bool(flags & 2))
            settings = config.data_config
            with suppress(*_SHOWN):
                file_layout(str(path), settings, needed_fields(config, with_labels=True))
                rows = _lines(path, settings, SkippedRows() if ignore_error else None)
                for row in rows:
                    split_line(row.decode("utf-8", "replace"), ",")


def _lines(path: Path, settings: Any, skipped: Any) -> List[bytes]:
    blocks, place, rows = LineBlocks(settings, skipped=skipped), np.array(START), []
    while True:
        found, _, place, is_over = blocks(str(path).encode(), place)
        if is_over:
            return rows
        rows += found.tolist()


def _tfrecord(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.gz" if data[:2] == b"\x1f\x8b" else "a.tfrecord")
        path.write_bytes(data)
        with suppress(UserError):
            read_head(str(path), _rows_config(ignore_error=True).data_config)
    chunk = read_chunk(io.BytesIO(data), 0, 0, 3)
    while not chunk.is_end:
        chunk = read_chunk(io.BytesIO(data), chunk.offset, chunk.number, 3)


def _parquet(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        path.write_bytes(data)
        with suppress(*_SHOWN):
            plan = plan_files(
                find_files(str(path)), needed_fields(_rows_config(), with_labels=True)
            )
            for number in range(len(plan.sources)):
                for skips in (False, True):
                    with suppress(*_SHOWN):
                        load(plan, number, skips_damage=skips, validator=None)


def _calibration(data: bytes) -> None:
    with suppress(UserError):
        from_json(data.decode("utf-8", "surrogateescape"))


def _aliccp(data: bytes) -> None:
    for kind in (raw_block.SKELETON, raw_block.COMMON):
        raw_block.parse(data, kind)
        for line in data.split(b"\n")[:5]:
            raw_block.why_malformed(line, kind)


def _rows_config(**settings: Any) -> PipelineConfig:
    config = PipelineConfig()
    for name, kind in (("buy", "INT32"), ("click", "INT32"), ("id", "INT64"), ("text", "STRING")):
        config.data_config.input_fields.add(input_name=name, input_type=kind)
    config.data_config.label_fields.extend(["buy", "click"])
    for name in ("id", "text"):
        config.feature_config.features.add(input_names=[name])
    config.model_config.esmm.cvr_tower.label_name = "buy"
    config.model_config.esmm.ctr_tower.label_name = "click"
    config.data_config.encoding = "utf-8"
    for name, value in settings.items():
        setattr(config.data_config, name, value)
    return config


def _samples(ending: str = "") -> List[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "samples").glob(f"*{ending}.config"))]


def _json_config() -> List[bytes]:
    paths = sorted((ROOT / "samples").glob("esmm_*.config"))
    configs = [parse_text(path.read_text(), "x.config").config for path in paths]
    return [
        json_format.MessageToJson(one, preserving_proto_field_name=True).encode() for one in configs
    ]


def _csv_seeds() -> List[bytes]:
    text = 'buy,click,id,text\n0,1,7,a\n1,1,,"b, ""c"""\r\n,0,-3,\xe9\n\n0,0,9,x\n'.encode()
    return [b"\2" + text, b"\0" + text, b"\3" + gzip.compress(text), b"\1" + gzip.compress(text, 0)]


def _record_seeds() -> List[bytes]:
    example = Example()
    for name, value in (("buy", 0), ("click", 1), ("id", 7)):
        example.features.feature[name].int64_list.value.append(value)
    example.features.feature["text"].bytes_list.value.extend([b"a", b"b"])
    record = example.SerializeToString()
    head = len(record).to_bytes(8, "little")
    framed = b"".join(
        (head, masked_crc(head).to_bytes(4, "little"), record,
         masked_crc(record).to_bytes(4, "little"))
    )  # fmt: skip
    return [framed * 3, gzip.compress(framed * 3), b""]


def _parquet_seeds() -> List[bytes]:
    table = pa.table(
        {
            "buy": pa.array([0, 1, None] * 10, pa.int32()),
            "click": pa.array([0, 1, 1] * 10, pa.int32()),
            "id": pa.array(range(30), pa.int64()),
            "text": ["a", "b", None] * 10,
        }
    )
    lists = table.set_column(2, "id", pa.array([[1, 2], [], None] * 10, pa.list_(pa.int64())))
    found = []
    for rows, compression, sums in ((table, "zstd", True), (lists, "none", False)):
        into = io.BytesIO()
        pq.write_table(
            rows, into, row_group_size=10, compression=compression, write_page_checksum=sums
        )
        found.append(into.getvalue())
    return found


def _calibration_seeds() -> List[bytes]:
    curve = Curve((-1.0, 1.0), (-2.0, 2.0), (1.0, 1.0))
    task = TaskCalibration("spline", curve, {"a": 0.5})
    made = {"ctr": task, "ctcvr": task}
    return [to_json(Calibration(made, "field", "model.ckpt-1", {"rows": 7})).encode()]


def _aliccp_seeds() -> List[bytes]:
    skeleton = b"1,0,0,bff,2,216:\x3a1.0\x01301\x029351\x031.0\n"
    features = b"\x01".join((b"205\x02410\x031.0", b"301\x029\x030.5"))
    rows = b"1,1,0,bff,2," + features + b"\n2,0,0,bff,2," + features + b"\n"
    return [skeleton, rows, b"bff,2," + features + b"\n"]


_FIELDS = tuple(
    name.encode()
    for name in (
        "model_config {", "feature_config {", "data_config {", "input_fields {", "esmm {",
        "embedding_dim: ", "hash_bucket_size: ", "feature_type: SequenceFeature ", "boundaries: [",
        "[", "<", ">", "# x\n", "'", "hidden_units: [", "expression: \"", "backbone {", "blocks {",
        "train_input_path: \"\\000\"", "dnn {", "losses {", "metrics_set {", "max_partitions: 3 ",
    )
)  # fmt: skip
_PATHS = tuple(
    name.encode()
    for name in (
        "feature_config.features[", "]", "feature_name=", "data_config.input_fields[0:3]", ".", "[",
        "*", "train_config.num_steps", ":", "input_names=", "[>", "<=", "model_config.esmm", "{}",
    )
)  # fmt: skip
_MATH = tuple(
    name.encode()
    for name in ("age", "b", "(", ")", "**", "*", "log(", "where(", "<", "==", "if", "lambda",
                 "and ", "not ", "max(", "1e999", "''", "[", ".", ":=")
)  # fmt: skip

_CELLS = (b",", b'""', b"\r\n", b"buy,click,id,text\n", b"\xef\xbb\xbf")

TARGETS: Dict[str, Target] = {
    "config": Target(lambda data: _config(data, "x.config"), _samples, _FIELDS),
    "json": Target(lambda data: _config(data, "x.json"), _json_config, (b"null", b'":', b"{}")),
    "edits": Target(
        _edits,
        lambda: [
            b'{"train_config.num_steps": 7, "feature_config.features[0].embedding_dim": 3}',
            b'{"feature_config.features[feature_name=101]": {"embedding_dim": 8}}',
            b"data_config.input_fields[1:3].input_type=INT64",
        ],
        _PATHS,
    ),
    "expression": Target(
        _expression, lambda: [b"log(age + 1) * b", b"where(age < 3, 1.5, -age)"], _MATH
    ),
    "csv": Target(
        _csv, _csv_seeds, (b",", b'""', b"\r\n", b"buy,click,id,text\n", b"\xef\xbb\xbf")
    ),
    "tfrecord": Target(_tfrecord, _record_seeds),
    "parquet": Target(_parquet, _parquet_seeds),
    "calibration": Target(_calibration, _calibration_seeds, (b'"knots"', b"null", b"Infinity")),
    "aliccp": Target(_aliccp, _aliccp_seeds, (b"\x01", b"\x02", b"\x03", b":", b"1.0")),
}
