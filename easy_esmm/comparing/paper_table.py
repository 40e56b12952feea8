"""The table of the ESMM paper: its models, each trained several times, beside published figures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence

from easy_esmm.atomic_file import atomic_write
from easy_esmm.comparing.configs import Variant, read_variant, with_model
from easy_esmm.comparing.runs import Result, Run, plan_run
from easy_esmm.comparing.schedule import Batch
from easy_esmm.comparing.statistics import spread
from easy_esmm.config import Edit
from easy_esmm.config.paper_models import is_of_the_paper, paper_models
from easy_esmm.errors import UserError
from easy_esmm.reporting.published import PUBLISHED
from easy_esmm.reporting.text_table import aligned

CVR, CTCVR = "auc_cvr_clicked", "auc_ctcvr_common_pctr"
"""The two figures of the paper's table."""

_SOURCE = "aliccp_table"
_TITLES = {CVR: "CVR, clicked rows", CTCVR: "CTCVR, common pCTR"}


def variants_of(path: str, edits: Sequence[Edit], names: Sequence[str]) -> List[Variant]:
    """The models of these names, with the config at `path` but for its model.

    Raises UserError where that config does not hold the paper's ESMM.
    """
    base = read_variant("ESMM", path, edits)
    esmm = base.pipeline.written.model_config
    if not is_of_the_paper(esmm):
        raise UserError(
            f"{path}: model_config: must be the paper's ESMM, one feature group that goes straight "
            "to both towers, without click_masked_cvr_weight and ctr_logit_link; the other models "
            "are made of it"
        )
    models = paper_models(esmm)
    return [with_model(base, name, models[name], _SOURCE) for name in names]


def batches(
    models: Sequence[Variant], seeds: Sequence[int], data: Any, output: Path, common_pctr: str
) -> List[Batch]:
    """A batch of runs for each seed; `data` is plain JSON that identifies the rows."""
    return [
        (None, [_run(model, seed, data, output, common_pctr) for model in models]) for seed in seeds
    ]


def figures(results: Sequence[Result], names: Sequence[str]) -> Dict[str, Dict[str, Any]]:
    """Model -> `CVR` and `CTCVR` -> mean, deviation, value by seed.

    The deviation is over trainings, None for a single one.
    """
    table: Dict[str, Dict[str, Any]] = {}
    for name in names:
        own = sorted((r for r in results if r.name == name), key=lambda result: result.seed)
        table[name] = {
            CVR: _summary({r.seed: r.metrics["auc_" + r.suffixes["cvr_clicked"]] for r in own}),
            CTCVR: _summary({r.seed: r.metrics[CTCVR] for r in own}),
        }
    return table


def text(table: Mapping[str, Mapping[str, Any]], is_official: bool) -> str:
    """The table for a terminal: ours and the paper's side by side."""
    published = {who.rsplit(", ", 1)[-1]: row for who, *row in PUBLISHED if "paper" in who}
    head = ["AUC x 100", "runs"]
    for key in (CVR, CTCVR):
        head += [_TITLES[key], "published"]
    rows: List[List[str]] = [head]
    for name, row in table.items():
        _, cvr, ctcvr = published[name]
        runs = str(len(row[CVR]["by_seed"]))
        rows.append([name, runs, _shown(row[CVR]), cvr, _shown(row[CTCVR]), ctcvr])
    note = (
        "+-: standard deviation over trainings. Protocol: CVR over clicked rows; CTCVR as pCVR\n"
        "times one pCTR, of one separately trained model, for all."
    )
    if not is_official:
        note += "\nThe rows are not the official files: our figures are not comparable."
    return "\n".join([*aligned(rows), "", note])


def write(table: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any], path: str) -> None:
    """Writes the table as JSON; it appears whole or not at all."""
    with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
        json.dump({**facts, "models": table}, file, indent=1)
        file.write("\n")


def _run(model: Variant, seed: int, data: Any, output: Path, common_pctr: str) -> Run:
    return plan_run(model, seed, data, (), output, common_pctr=common_pctr)


def _summary(by_seed: Mapping[int, float]) -> Dict[str, Any]:
    known = {seed: value for seed, value in by_seed.items() if not math.isnan(value)}
    found = spread(list(known.values()))
    mean, deviation = (_known(value) for value in (found.mean, found.deviation))
    return {"mean": mean, "deviation": deviation, "by_seed": known}


def _known(value: float) -> Any:
    return None if math.isnan(value) else value


def _shown(summary: Mapping[str, Any]) -> str:
    mean, deviation = (summary[key] for key in ("mean", "deviation"))
    if mean is None:
        return "-"
    about = "-" if deviation is None else f"{100 * deviation:.2f}".lstrip("0")
    return f"{100 * mean:.2f} +- {about}"
