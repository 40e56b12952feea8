"""Checks a pipeline config and prints a summary of it, without importing TensorFlow.

    python -m easy_esmm.check --pipeline_config samples/esmm_quickstart.config
    python -m easy_esmm.check --from_easyrec theirs.config [--output same_numbers.config]

Prints OK with a summary, or the problems (at most 20) with file, line and column, and exits with
status 2. With --from_easyrec it lists before that, line by line, what a config written for EasyRec
does differently here, and the changes that reproduce EasyRec's numbers; --output writes the config
with these changes.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Iterator, List, Optional

from absl import flags as absl_flags
from google.protobuf import text_format

from easy_esmm import flags
from easy_esmm.atomic_file import atomic_write
from easy_esmm.config import Edit, Pipeline, load
from easy_esmm.config.easyrec_differences import differences
from easy_esmm.config.feature_types import type_of
from easy_esmm.config.groups import features_of, features_read, tables_of
from easy_esmm.config.models import is_single_task, tower_paths
from easy_esmm.config.negative_sampling import label_of_negatives, share_of_negatives
from easy_esmm.config.parse import parse
from easy_esmm.config.wide import feature_in_group
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

FLAGS = flags.define(
    *flags.CONFIG, "model_dir", "train_input_path", "eval_input_path", "batch_size"
)
for _name, _help in (
    ("from_easyrec", "a config written for EasyRec, to be compared with it"),
    ("output", "with --from_easyrec: file for the config that reproduces EasyRec's numbers"),
):
    absl_flags.DEFINE_string(_name, None, _help, flag_values=FLAGS)


def main(arguments: flags.Arguments) -> None:
    """Prints the summary of the config that the command line names."""
    if FLAGS.from_easyrec:
        if arguments.pipeline_config:
            raise UserError("--from_easyrec: names the config; leave --pipeline_config out")
        from_easyrec(FLAGS.from_easyrec, FLAGS.output)
    elif FLAGS.output:
        raise UserError("--output: must stand beside --from_easyrec")
    else:
        print(summary(arguments.load("check")))


def from_easyrec(path: str, output: Optional[str] = None) -> None:
    """Prints the differences of a config, and its summary; see the module.

    Raises:
      ConfigError: it does not pass; the differences are printed before.
      UserError: `output` is there already, or has the ending of another format.
    """
    if output and output.endswith(".json"):
        raise UserError(f"--output: must not end in .json: it is written as text, got {output}")
    if output and os.path.exists(output):
        raise UserError(f"--output: {output} is there already; name another")
    parsed = parse(path)
    found = differences(parsed.config, parsed.places)
    edits: Dict[str, Any] = {}
    print(f"{path}: {len(found)} settings differ from EasyRec" if found else f"{path}: as EasyRec")
    for difference in found:
        print(f"  {difference}")
        edits.update(difference.edits)
    if edits:
        print(f"EasyRec's numbers: --edit_config_json '{json.dumps(edits)}'")
    print(summary(load(path)))
    same = load(path, [Edit("--from_easyrec", at, value) for at, value in edits.items()])
    if output:
        with atomic_write(output) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
            file.write(text_format.MessageToString(same.written))
        print(f"written: {output}")


def summary(pipeline: Pipeline) -> str:
    """A few lines about a config: model, features, tables, notes."""
    return "\n".join([f"{pipeline.path}: OK", *_lines(pipeline)])


def _lines(pipeline: Pipeline) -> Iterator[str]:
    config = pipeline.config
    model = config.model_config
    towers = [tower for _, tower in tower_paths(model)]
    named = ", ".join(f"{tower.tower_name} (label {tower.label_name})".lstrip() for tower in towers)
    what = "one task" if is_single_task(model) else "towers"
    yield f"  model     {model.model_class}: {what} {named}"
    for group in model.feature_groups:
        names = list(dict.fromkeys(features_of(group)))
        yield f"  group     {group.group_name}: {_some(names)}"
    features = config.feature_config.features
    used = features_read(model)
    yield f"  features  {len(features)}, {len(used)} of them in groups"
    yield from _negatives(config)
    rows, numbers = _size(pipeline)
    yield f"  tables    {rows:,} rows, {numbers:,} numbers ({numbers * 4 / 2**20:,.1f} MB)"
    for note in pipeline.notes:
        yield f"  note      {note}"


def _negatives(config: PipelineConfig) -> Iterator[str]:
    """What training reads of the negatives, and how evaluations count them."""
    sampling = config.data_config.negative_sampling
    trained = share_of_negatives(config.data_config, training=True)
    if trained < 1:
        label = label_of_negatives(config)
        rows = f"the rows with {label} 0"
        yield f"  negatives training reads {sampling.rate:g} of {rows}; predictions are of all rows"
        if sampling.kept_share < 1:
            yield f"            of which its files hold {sampling.kept_share:g}"
    if sampling.eval_kept_share < 1:
        yield f"            an evaluation counts each as {1 / sampling.eval_kept_share:g} rows"


def _size(pipeline: Pipeline) -> tuple[int, int]:
    """Rows and numbers of all embedding tables together; lines of vocabulary files are counted."""
    sizes = {}
    config = pipeline.config
    features = {f.feature_name: f for f in config.feature_config.features}
    groups = config.model_config.feature_groups
    for home, name in (place for group in groups for place in tables_of(groups, group)):
        feature = feature_in_group(config.model_config, home, features[name])
        if feature.embedding_dim:
            # Without a name to share, a feature has a table in each of its groups.
            table = feature.embedding_name or f"{home}/{name}"
            sizes[table] = (type_of(feature).table_rows(feature), feature.embedding_dim)
    return sum(rows for rows, _ in sizes.values()), sum(rows * dim for rows, dim in sizes.values())


def _some(names: List[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown}, ... ({len(names)} features)"


if __name__ == "__main__":
    flags.run(main, FLAGS, __doc__)
