"""Drafts the config: reads a sample, finds labels and features, writes the text."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from easy_esmm.config import Problem
from easy_esmm.config.pipeline import load_text
from easy_esmm.data.check import check_files
from easy_esmm.data.formats import read_sample
from easy_esmm.data.sample import Sample
from easy_esmm.drafting.features import Feature, guess_features
from easy_esmm.drafting.labels import Label, find_labels
from easy_esmm.drafting.leaks import why_left_out
from easy_esmm.drafting.profile import Profile, misfits_share, missing_share, profiles
from easy_esmm.drafting.write import config_text
from easy_esmm.errors import UserError

_MOST_BAD = 0.5
"""Share of bad rows above which there is too little to learn from."""

_SWAPPED = "; are the two labels swapped? --click and --conversion name them"


@dataclass(frozen=True)
class Draft:
    """A config as text, and lines that say what it rests on."""

    text: str
    notes: Tuple[str, ...]


def draft(
    data: str,
    click: Optional[str] = None,
    conversion: Optional[str] = None,
    eval_data: Optional[str] = None,
    rows: int = 20000,
    output: Optional[str] = None,
    encoding: Optional[str] = None,
) -> Draft:
    """A commented ESMM config for the files of `data`, from the first `rows` of the first one.

    Labels that are not given are guessed, and so is the `encoding` of CSV files. The `model_dir` is
    named after `output`, the file that the config goes to, or else after the first file of data.
    Raises UserError if the file is no table, if a label is not there or cannot be guessed, if no
    column is left to learn from, or if training could not read all files as the first one.
    """
    given = [name for name in (click, conversion) if name]
    sample = read_sample(data, rows, given, encoding)
    columns = profiles(sample)
    click_label, conversion_label = find_labels(columns, click, conversion)
    labels = (click_label, conversion_label)
    left: List[Tuple[str, str]] = []
    kept: List[Profile] = []
    for column in columns:
        if column in (click_label.column, conversion_label.column):
            continue
        reason = why_left_out(column, labels)
        if reason:
            left.append((column.name, reason))
        else:
            kept.append(column)
    features, more = guess_features(kept, sample.total / sample.rows)
    left += more
    if not features:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left)
        raise UserError(f"{sample.paths[0]}: no column is left to learn from ({reasons})")
    read = [*(label.column for label in labels), *_inputs(kept, features)]
    bad, blanks = _bad_rows(sample, read), _blanks(read)
    notes = [
        *_notes(sample, labels),
        *bad,
        *blanks,
        *(f"{one.name}: {missing_share(one)} have no value" for one in read if one.missing),
        *(f"left out {name}: {reason}" for name, reason in left),
    ]
    settings = {
        **sample.settings,
        **({"strip_text": True} if blanks else {}),
        **({"ignore_error": True} if bad else {}),
    }
    name = os.path.basename(output or sample.paths[0]).split(".")[0] or "data"
    text = config_text(
        data, eval_data, name, sample, settings, columns, labels, features, left, notes
    )
    problems = check_files(load_text(text, output or "the draft", "train"), "train")
    if problems:
        raise UserError("\n".join(map(_without_place, problems)))
    of_features = [f"feature {' + '.join(f.inputs)}: {f.type}, {f.why}" for f in features]
    return Draft(text, (*notes, *of_features))


def _notes(sample: Sample, labels: Tuple[Label, Label]) -> List[str]:
    click, conversion = (label.positives for label in labels)
    both = sum(a and b for a, b in zip(click, conversion))
    clicks, rate = sum(click), f"{sum(click) / len(click):.4f}"
    of_clicked = f"{both / max(1, clicks):.4f}"
    notes = [
        f"{sample.paths[0]}: {sample.description}; looked at {sample.rows:,} of about "
        f"{sample.total:,} rows in {len(sample.paths)} file(s)",
        f"click: {labels[0].column.name} ({labels[0].why}), {rate} of the rows",
        f"conversion: {labels[1].column.name} ({labels[1].why}), {of_clicked} of the clicked rows",
    ]
    notes += [
        f"no sampled row has a {what}: column '{label.column.name}' is 0 or empty in all "
        f"{sample.rows:,} of them; look at more by --rows, or name another column by --{what}"
        for what, label in zip(("click", "conversion"), labels)
        if not any(label.positives)
    ]
    orphans = sum(conversion) - both
    if orphans:
        notes.append(
            f"{orphans:,} sampled rows have a conversion without a click, "
            f"{orphans / sum(conversion):.1%} of {sum(conversion):,} conversions; they are not "
            f"counted as conversions{_SWAPPED if 2 * orphans > sum(conversion) else ''}"
        )
    return notes


def _inputs(columns: Sequence[Profile], features: Sequence[Feature]) -> List[Profile]:
    names = {name for feature in features for name in feature.inputs}
    return [column for column in columns if column.name in names]


def _without_place(problem: Problem) -> str:
    """What a file is refused for, without the place in a config that nobody has seen."""
    value = f", got {problem.value}" if problem.value is not None else ""
    hint = f"; {problem.hint}" if problem.hint else ""
    return f"{problem.rule}{value}{hint}"


def _blanks(read: Sequence[Profile]) -> List[str]:
    """A note about cells of text with blanks around them, which is the reason for `strip_text`."""
    names = [column.name for column in read if column.blanks]
    if not names:
        return []
    return [f"blanks stand around text in {', '.join(names)}; strip_text drops them"]


def _bad_rows(sample: Sample, read: Sequence[Profile]) -> List[str]:
    """Notes about the rows that training refuses, which is the reason for `ignore_error`.

    Raises UserError if there are too many.
    """
    odd, misfits = len(sample.bad_rows), set().union(*(one.misfits for one in read))
    notes = []
    if odd:
        notes.append(
            f"{odd:,} bad rows in the sample, the first: {sample.bad_rows[0]}; ignore_error leaves "
            "them out"
        )
    notes += [
        f"{one.name}: {misfits_share(one)}; ignore_error leaves the rows out; write nulls to keep "
        "them"
        for one in read
        if one.misfits
    ]
    if len(misfits) > _MOST_BAD * sample.rows:
        raise UserError(f"{sample.paths[0]}: more than half of the rows are bad ones: {notes[-1]}")
    return notes
