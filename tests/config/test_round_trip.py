"""Random configs: our reader agrees with protobuf's own, and knows where everything stands."""

from __future__ import annotations

import random
from typing import Any, Dict, List

import pytest
from google.protobuf import json_format, text_format
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easy_esmm.config.parse import parse_text
from easy_esmm.config.support import is_closed_off, is_message, is_repeated
from easy_esmm.config.walk import settings as settings_of
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_LARGEST_FLOAT32 = (2 - 2**-23) * 2.0**127
# protobuf writes the largest float as 3.4028235e+38, which its own parser finds too large.
_FLOAT32 = st.floats(width=32, allow_nan=False).filter(lambda x: abs(x) != _LARGEST_FLOAT32)
_STRATEGIES: Dict[int, Any] = {
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_FLOAT: _FLOAT32,
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(allow_nan=False),
    FieldDescriptor.CPPTYPE_STRING: st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
    ),
}
_RELAXED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _fill(draw: Any, message: Any, depth: int) -> None:
    """Sets a few random fields of `message` to random values."""
    fields = [
        field
        for field in message.DESCRIPTOR.fields
        if not is_message(field) or (depth > 0 and not is_closed_off(field))
    ]
    for field in draw(st.lists(st.sampled_from(fields), max_size=4)) if fields else []:
        count = draw(st.integers(1, 3)) if is_repeated(field) else 1
        for _ in range(count):
            if is_message(field):
                holder = getattr(message, field.name)
                inside = holder.add() if is_repeated(field) else holder
                inside.SetInParent()
                _fill(draw, inside, depth - 1)
                continue
            if field.enum_type:
                value = draw(st.sampled_from([one.number for one in field.enum_type.values]))
            else:
                value = draw(_STRATEGIES[field.cpp_type])
            if is_repeated(field):
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)


@st.composite
def configs(draw: Any) -> PipelineConfig:
    config = PipelineConfig()
    _fill(draw, config, depth=5)
    return config


@_RELAXED
@given(configs(), st.booleans())
def test_random_config_survives_text_and_every_field_is_found(
    config: PipelineConfig, as_lists: bool
) -> None:
    text = text_format.MessageToString(config, use_short_repeated_primitives=as_lists)
    parsed = parse_text(text, "x.config")
    assert parsed.problems == ()
    assert parsed.config == config
    lines, before = text.split("\n"), (0, 0)
    for setting in settings_of(config):
        place = parsed.places.find(setting.path)
        # Text is printed in the order of the walk, so places must ascend: none is confused.
        assert (place.line, place.column) > before
        before = (place.line, place.column)
        found = lines[place.line - 1][place.column - 1 :]
        if not (as_lists and is_repeated(setting.field) and not is_message(setting.field)):
            assert found.startswith(setting.field.name)


@_RELAXED
@given(configs(), st.booleans())
def test_random_config_survives_json_and_every_field_is_found(
    config: PipelineConfig, as_written: bool
) -> None:
    text = json_format.MessageToJson(config, preserving_proto_field_name=as_written)
    parsed = parse_text(text, "x.json")
    assert parsed.problems == ()
    assert parsed.config == json_format.Parse(text, PipelineConfig())
    lines = text.split("\n")
    for setting in settings_of(config):
        place = parsed.places.find(setting.path)
        found = lines[place.line - 1][place.column - 1 :]
        if not is_repeated(setting.field):
            name = setting.field.name if as_written else setting.field.json_name
            assert found.startswith(f'"{name}"')


_TOKENS = ["{", "}", "[", "]", ":", ",", ";", "<", ">", "'a'", '"', "#", "3", "-1", "auc", "esmm"]


@pytest.mark.parametrize("seed", range(300))
def test_spoilt_text_is_accepted_exactly_where_protobuf_accepts_it(seed: int, base: str) -> None:
    spoilt = _spoil(base, random.Random(seed))
    expected = PipelineConfig()
    try:
        text_format.Merge(spoilt, expected)
    except text_format.ParseError:
        assert parse_text(spoilt, "x.config").problems != ()
        return
    parsed = parse_text(spoilt, "x.config")
    assert parsed.problems == ()
    assert parsed.config == expected


def _spoil(text: str, chance: random.Random) -> str:
    """Cuts, doubles, swaps or puts in one to three words of `text`."""
    words: List[str] = text.replace("\n", " \n ").split(" ")
    for _ in range(chance.randint(1, 3)):
        index, other = chance.randrange(len(words)), chance.randrange(len(words))
        action = chance.randrange(4)
        if action == 0:
            del words[index]
        elif action == 1:
            words.insert(other, words[index])
        elif action == 2:
            words[index], words[other] = words[other], words[index]
        else:
            words.insert(index, chance.choice(_TOKENS))
    return " ".join(words)
