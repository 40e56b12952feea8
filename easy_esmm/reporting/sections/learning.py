"""Losses and metrics while the model was trained."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from easy_esmm.contract import keyed
from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.drawing.axis import linear
from easy_esmm.reporting.drawing.formats import significant, tick
from easy_esmm.reporting.drawing.xy import Series, chart
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.measures.thinning import thinned

POINTS = 150
_OF_TASKS = (
    ("auc", "AUC", "higher is better; from where it falls, more training hurts"),
    ("normalized_entropy", "Normalised entropy", "lower is better; 1 is a constant guess"),
    ("pcoc", "pred/obs", "mean prediction / mean label; 1 is calibrated"),
)


def learning(of: Evaluated) -> str:
    """Training losses, with the evaluations' beside them, and the metrics of the evaluations."""
    boxes = [*_losses(of), *_metrics(of)]
    content = html.cards(boxes, "The model_dir holds no event files, so there is nothing to draw.")
    return html.section(
        "learning",
        "Learning curves",
        "Lines should fall and flatten. Where the evaluation's loss rises while the training's "
        "falls, the model overfits: train for less, or regularise.",
        content,
    )


def _losses(of: Evaluated) -> List[str]:
    boxes = []
    for tag in sorted(of.training):
        name = tag.partition("/")[2]
        if not tag.startswith("loss/") or not name:
            continue
        points, every = thinned(of.training[tag], POINTS)
        note = f"each point is the mean of {every} summaries" if every > 1 else ""
        shown = [_line("training", points, 1)]
        evaluated, _ = thinned(of.evaluations.get(f"loss/{tag}", ()), POINTS)
        if evaluated:
            shown.append(_line("evaluation", evaluated, 2, has_dots=True))
        boxes.append(_box(name.replace("_", " "), note, shown))
    return boxes


def _metrics(of: Evaluated) -> List[str]:
    boxes = []
    for stem, title, note in _OF_TASKS:
        shown = []
        for task in of.tasks:
            points, _ = thinned(of.evaluations.get(keyed(stem, task.key), ()), POINTS)
            if points:
                tone = of.tones()[task.key]
                shown.append(_line(task.title, points, tone, has_dots=len(points) <= 30))
        if shown:
            boxes.append(_box(f"{title}, evaluations", note, shown))
    return boxes


def _line(
    name: str, points: Sequence[Tuple[float, float]], tone: int, has_dots: bool = False
) -> Series:
    steps, values = [step for step, _ in points], [value for _, value in points]
    notes = [f"step {step:,.0f}: {significant(value, 4)}" for step, value in points]
    return Series(name, steps, values, tone, has_dots=has_dots, notes=notes if has_dots else ())


def _box(title: str, note: str, shown: List[Series]) -> str:
    steps = linear("step", [step for one in shown for step in one.x], tick)
    values = linear("", [value for one in shown for value in one.y], tick, is_from_zero=False)
    last: Dict[str, str] = {one.name: significant(one.y[-1], 4) for one in shown}
    name = f"{title} by step; last: " + ", ".join(f"{k} {v}" for k, v in last.items())
    return html.card(title, note, chart(shown, steps, values, name))
