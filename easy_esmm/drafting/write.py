"""Writes the text of a drafted config."""

from __future__ import annotations

import re
from itertools import count
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple

from easy_esmm.data.sample import Sample
from easy_esmm.drafting.features import Feature
from easy_esmm.drafting.labels import Label
from easy_esmm.drafting.profile import Profile
from easy_esmm.protos.data_pb2 import DatasetConfig

_SCOPE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-]*")
_LARGEST_BATCH, _SMALLEST_BATCH, _STEPS_OF_AN_EPOCH = 1024, 32, 100


def config_text(
    data: str,
    eval_data: Optional[str],
    name: str,
    sample: Sample,
    settings: Mapping[str, Any],
    columns: Sequence[Profile],
    labels: Tuple[Label, Label],
    features: Sequence[Feature],
    left: Sequence[Tuple[str, str]],
    notes: Sequence[str],
) -> str:
    """A pipeline config that reads `data` with these features and trains in runs/`name`.

    `settings` are fields of `data_config`.
    """
    names = _feature_names(features)
    parts = [
        *(_comment(note) for note in notes),
        "",
        f"train_input_path: {quoted(data)}",
        f"eval_input_path: {quoted(eval_data)}"
        if eval_data
        else '# eval_input_path: "..."  # rows of later days, which training does not see',
        f"model_dir: {quoted('runs/' + name)}",
        "",
        *_TRAINING,
        "",
        *_data(sample, settings, columns, labels, features, [name for name, _ in left]),
        "",
        "feature_config {",
        *(line for feature in features for line in _feature(feature, names[feature])),
        "}",
        "",
        *_model(labels, [names[feature] for feature in features]),
    ]
    return "\n".join(parts) + "\n"


_TRAINING = (
    "train_config {",
    "  optimizer_config {",
    "    lazy_adam_optimizer { learning_rate { constant_learning_rate { learning_rate: 0.001 } } }",
    "  }",
    "  save_checkpoints_steps: 1000",
    "}",
)


def _data(
    sample: Sample,
    settings: Mapping[str, Any],
    columns: Sequence[Profile],
    labels: Tuple[Label, Label],
    features: Sequence[Feature],
    left: Sequence[str],
) -> Iterator[str]:
    yield "data_config {"
    yield f"  input_type: {sample.input_type}"
    for field, value in settings.items():
        yield f"  {field}: {_value(value)}"
    size = min(_LARGEST_BATCH, max(_SMALLEST_BATCH, sample.total // _STEPS_OF_AN_EPOCH))
    yield f"  batch_size: {2 ** (size.bit_length() - 1)}"
    yield "  num_epochs: 1"
    yield f"  label_fields: [{quoted(labels[1].column.name)}, {quoted(labels[0].column.name)}]"
    read = {name for feature in features for name in feature.inputs}
    read |= {label.column.name for label in labels}
    # Without names columns are known by their places, so that all must stand here.
    for column in columns:
        if column.name in read or not sample.has_names:
            unused = "  # left out" if column.name in left else ""
            kind = DatasetConfig.FieldType.Name(column.declared)
            name = quoted(column.name)
            yield f"  input_fields {{ input_name: {name} input_type: {kind} }}{unused}"
    yield "}"


def _feature(feature: Feature, name: str) -> Iterator[str]:
    yield f"  # {_one_line(' + '.join(feature.inputs))}: {_one_line(feature.why)}"
    inputs = ", ".join(quoted(one) for one in feature.inputs)
    parts = [f"input_names: [{inputs}]", f"feature_type: {feature.type}"]
    if name != feature.inputs[0]:
        parts.insert(0, f"feature_name: {quoted(name)}")
    parts += [f"{field}: {_value(value)}" for field, value in feature.settings]
    yield f"  features {{ {' '.join(parts)} }}"


def _model(labels: Tuple[Label, Label], names: Sequence[str]) -> Iterator[str]:
    click, conversion = (label.positives for label in labels)
    both = sum(a and b for a, b in zip(click, conversion))
    yield "model_config {"
    yield '  model_class: "ESMM"'
    yield f'  feature_groups {{ group_name: "all" feature_names: [{_names(names)}] }}'
    yield "  esmm {"
    # The towers start at these rates instead of at a half.
    for tower, name, label, rate in (
        ("ctr_tower", "ctr", labels[0], sum(click) / len(click)),
        ("cvr_tower", "cvr", labels[1], both / max(1, sum(click))),
    ):
        prior = f" label_prior: {rate:.4g}" if 0 < rate < 1 else ""
        yield f'    {tower} {{ tower_name: "{name}" label_name: {quoted(label.column.name)}{prior}'
        yield "      dnn { hidden_units: [128, 64] use_bn: false } }"
    yield "  }"
    yield "}"


def _names(names: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _feature_names(features: Sequence[Feature]) -> Dict[Feature, str]:
    """A name for each that can name a variable: the column's, or `column_N` where it cannot."""
    columns = [feature.inputs[0] for feature in features]
    free = (f"column_{n}" for n in count(1) if f"column_{n}" not in columns)
    return {
        feature: column if _SCOPE_NAME.fullmatch(column) else next(free)
        for feature, column in zip(features, columns)
    }


def quoted(text: str) -> str:
    r"""A string of the text format; control characters as octal escapes, such as `\001`."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    is_shown = character.isprintable() or ord(character) > 127
    return character if is_shown else f"\\{ord(character):03o}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_number, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: float) -> str:
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _comment(note: str) -> str:
    return f"# {_one_line(note)}"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
