"""Takes rows out of a Parquet plan that are negatives: the order is then one of the rows left.

The label column is read for that before anything else (20 ns a row). No TensorFlow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from absl import logging

from easy_esmm.data.fields import Fields
from easy_esmm.data.frames import plan_frame
from easy_esmm.data.negatives import Mask, NegativeRows, told
from easy_esmm.data.parquet_plan import Kept, Plan, Source
from easy_esmm.data.row_errors import RowError
from easy_esmm.data.row_groups import label_values, read_table
from easy_esmm.errors import UserError


def sampled_plan(plan: Plan, negatives: NegativeRows) -> Plan:
    """The plan of the rows that are read. Raises UserError where there is none."""
    sources = sampled_sources(plan.sources, negatives)
    met, kept = plan.rows, sum(source.rows for source in sources)
    if not kept:
        raise UserError(
            f"data_config.negative_sampling.rate: {negatives.rate:g} keeps none of the {met:,} "
            f"rows, all of them with '{negatives.label.name}' 0; see label_fields, or raise it"
        )
    logging.info("%s", told(negatives, met, kept))
    return replace(plan, sources=sources, values=plan.values * kept // met)


def sampled_sources(sources: Sequence[Source], negatives: NegativeRows) -> Tuple[Source, ...]:
    """The sources, each with the rows that are read of it: perhaps none."""
    files: Dict[str, int] = {}
    found: List[Source] = []
    for source in sources:
        file = files.setdefault(source.path, len(files))
        numbers = np.arange(source.first_row, source.first_row + source.rows, dtype=np.int64)
        kept = negatives.is_drawn(file, numbers) | ~_is_negative(source, negatives)
        places = np.flatnonzero(kept).astype(np.int32)
        found.append(replace(source, rows=len(places), kept=Kept(places, source.rows)))
    return tuple(found)


def count_frame(frame: Any, negatives: NegativeRows) -> int:
    """Rows that are read of a DataFrame."""
    label = Fields(columns=(), labels=(negatives.label,), weight=None, declared=())
    sources = plan_frame(frame, label).sources
    return sum(source.rows for source in sampled_sources(sources, negatives))


def _is_negative(source: Source, negatives: NegativeRows) -> Mask:
    """Of each row; of one that cannot be read False, so that it is met and told."""
    label = negatives.label
    try:
        table = source.table if source.table is not None else read_table(source, [label.name])
    except RowError:
        return np.zeros(source.rows, bool)
    faults: Dict[int, str] = {}
    values, _ = label_values(label, table.column(label.name), faults, False)
    is_negative: Mask = values.array == 0
    is_negative[list(faults)] = False
    return is_negative
