"""No field of the schema is forgotten: a sample sets it, or setting it is refused or noted.

That what a sample sets has an effect is for test_every_field_matters.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

import pytest

from easy_esmm import config as configs
from easy_esmm.config.problems import Places
from easy_esmm.config.rules.fields import check_fields
from easy_esmm.config.support import (
    NO_EFFECT,
    field_mark,
    is_message,
    is_repeated,
    value_mark,
)
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

SAMPLES = Path(__file__).resolve().parents[2] / "samples"

ELSEWHERE = {
    "ChorusCVR.groups": "as ESMM's: tests/models/test_chorus_cvr.py",
    "DDPO.groups": "as ESMM's: tests/models/test_ddpo.py",
    "NISE.groups": "as ESMM's: tests/models/test_nise.py",
    "DCMT.groups": "as ESMM's: tests/models/test_dcmt.py",
    "ESCM2.groups": "as ESMM's: tests/models/test_escm2.py",
    "ESMM_AITM.groups": "as ESMM's: tests/models/test_trunks.py",
    "ESMM_MMoE.groups": "as ESMM's: tests/models/test_trunks.py",
    "ESMM_PLE.groups": "as ESMM's: tests/models/test_trunks.py",
    "ClickSpace.groups": "as ESMM's: tests/models/test_click_space.py",
    "Division.groups": "as ESMM's: tests/models/test_division.py",
    "DelayedFeedback.fake_negative_weighted": "tests/models/test_late_conversions.py",
    "DelayedFeedback.waiting_window": "tests/models/test_late_conversions.py",
    "WaitingWindow.window_days": "tests/models/test_late_conversions.py",
    "ExportConfig.asset_files": "names a file of the user's: tests/test_commands.py",
    "FeatureConfig.embedding_frozen": "of a user's file: tests/estimator/test_pretrained.py",
    "FeatureConfig.embedding_init_file": "a file of the user's: tests/estimator/test_pretrained.py",
    "Optimizer.adam_async_optimizer": "EasyRec's other name of a rule: tests/optimizers",
    "Optimizer.adam_asyncw_optimizer": "EasyRec's other name of a rule: tests/optimizers",
    "TrainConfig.fine_tune_by_feature": "wants no map: tests/checkpoints/test_fine_tune_by_id.py",
}
"""Supported fields that no sample sets, and where they are tested instead."""

Path_ = Tuple[Any, ...]
"""Fields from PipelineConfig down to one of a message's."""


def reachable() -> Iterator[Path_]:
    """The shortest way to each field of each message, messages before what they hold."""
    known: Set[str] = set()
    waiting: List[Tuple[Any, Path_]] = [(PipelineConfig.DESCRIPTOR, ())]
    while waiting:
        message, above = waiting.pop(0)
        for field in message.fields:
            yield (*above, field)
            mark = field_mark(field)
            is_open = mark is None or mark.kind == NO_EFFECT
            if is_message(field) and is_open and field.message_type.full_name not in known:
                known.add(field.message_type.full_name)
                waiting.append((field.message_type, (*above, field)))


FIELDS: Dict[str, Path_] = {
    f"{path[-1].containing_type.name}.{path[-1].name}": path for path in reachable()
}
SUPPORTED = sorted(name for name, path in FIELDS.items() if field_mark(path[-1]) is None)
MARKED = sorted(set(FIELDS) - set(SUPPORTED))


def set_in_samples() -> Tuple[Set[str], Set[str]]:
    """(`Message.field` of all that samples set, `Enum.VALUE` of all values that they use)."""
    fields: Set[str] = set()
    values: Set[str] = set()

    def walk(message: Any) -> None:
        for field, value in message.ListFields():
            fields.add(f"{message.DESCRIPTOR.name}.{field.name}")
            for one in value if is_repeated(field) else [value]:
                if is_message(field):
                    walk(one)
                elif field.enum_type is not None:
                    name = field.enum_type.values_by_number[one].name
                    values.add(f"{field.enum_type.name}.{name}")

    for path in sorted(SAMPLES.glob("*.config")):
        walk(configs.load(str(path)).written)
    return fields, values


def with_value(path: Path_) -> PipelineConfig:
    """A config that sets the last field of a path, to something else than its default."""
    config = PipelineConfig()
    message: Any = config
    for field in path[:-1]:
        inner = getattr(message, field.name)
        message = inner.add() if is_repeated(field) else inner
        if not is_repeated(field):
            message.SetInParent()
    field = path[-1]
    if is_message(field):
        inner = getattr(message, field.name)
        inner.add() if is_repeated(field) else inner.SetInParent()
    elif is_repeated(field):
        getattr(message, field.name).append(another(field, None))
    else:
        setattr(message, field.name, another(field, field.default_value))
    return config


def another(field: Any, default: Any) -> Any:
    """A value of the field's type that is not `default`."""
    if field.enum_type is not None:
        return next(value.number for value in field.enum_type.values if value.number != default)
    if field.cpp_type == field.CPPTYPE_STRING:
        return f"{default or ''}x"
    if field.cpp_type == field.CPPTYPE_BOOL:
        return not default
    return (default or 0) + 1


def test_every_supported_field_is_set_by_a_sample() -> None:
    fields, _ = set_in_samples()
    assert len(SUPPORTED) > 150  # the walk has found the schema
    assert {*ELSEWHERE} <= {*SUPPORTED} - fields, "take off what a sample sets"
    assert [name for name in SUPPORTED if name not in {*fields, *ELSEWHERE}] == []


def test_every_supported_value_of_an_enumeration_is_used_by_a_sample() -> None:
    _, used = set_in_samples()
    enums = {path[-1].enum_type.full_name: path[-1].enum_type for path in FIELDS.values()
             if path[-1].enum_type is not None and field_mark(path[-1]) is None}  # fmt: skip
    supported = {
        f"{enum.name}.{value.name}"
        for enum in enums.values()
        for value in enum.values
        if value_mark(value) is None
    }
    assert sorted(supported - used) == []


@pytest.mark.parametrize("name", MARKED)
def test_setting_any_other_field_is_refused_or_noted_with_the_reason(name: str) -> None:
    path = FIELDS[name]
    mark = field_mark(path[-1])
    assert mark is not None
    problems, notes = check_fields(with_value(path), Places("x.config"))
    bare = ".".join(field.name for field in path)
    found = notes if mark.kind == NO_EFFECT else problems
    texts = [p.rule for p in found if p.field_path.replace("[0]", "") == bare]
    assert len(texts) == 1, (name, problems, notes)
    assert mark.text
    assert texts[0].endswith(mark.text)
