"""docs/config_reference.md is what the schema says today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("grpc_tools", reason="needs grpcio-tools: pip install '.[test]'")
    monkeypatch.syspath_prepend(TOOLS)
    import config_reference

    return config_reference


def test_reference_is_up_to_date(reference: Any) -> None:
    assert reference.REFERENCE.read_text(encoding="utf-8") == reference.render(), "run `make docs`"


def test_every_field_and_value_of_the_schema_has_a_comment(reference: Any) -> None:
    from easy_esmm.protos.pipeline_pb2 import PipelineConfig

    comments = reference.read_comments()
    messages = reference._messages(PipelineConfig.DESCRIPTOR, "", set(), with_unsupported=True)
    missing = []
    for message, _ in messages:
        missing += [field.full_name for field in message.fields]
        for enum in message.enum_types:
            missing += [f"{enum.full_name}.{value.name}" for value in enum.values]
    assert len(missing) > 400  # the walk has found the schema
    assert [name for name in missing if not comments.get(name)] == []


def test_reference_shows_marks_types_defaults_and_rules(reference: Any) -> None:
    text = reference.render()
    dropout = next(line for line in text.splitlines() if line.startswith("| `dropout_ratio` "))
    assert "| list of float |" in dropout
    assert dropout.endswith("Must be in [0, 1): a rate of 1 removes every unit. |")
    assert '| `separator` | string | `","` |' in text
    assert "* `input_dim`, `input_shape`: columns of several numbers: use separator and " in text
    assert "* `tensor_fuse`: fusion of operations by a modified TensorFlow: leave it out" in text
    assert "*No effect*: workers of a cluster never wait for each other, and the GPUs of " in text
    assert "**Ours**; EasyRec does not know it." in text
