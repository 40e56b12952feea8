"""What a search has found, as text."""

from __future__ import annotations

from typing import Dict, List, Optional

from easy_esmm.comparing.statistics import Interval, paired_difference
from easy_esmm.tuning.study import COMPLETE, PRUNED, Found, Trial

_SHOWN = 5


def difference_to_start(found: Found, trial: Trial) -> Optional[Interval]:
    """Paired by seed; None for the start, and for a trial without a seed that both have."""
    if not trial.values:
        return None
    difference = paired_difference(trial.by_seed, found.start.by_seed)
    return difference if difference.count else None


def difference_text(difference: Optional[Interval]) -> str:
    """`-.0012 +- .0008`, with `~` before it where the interval holds 0."""
    if difference is None:
        return ""
    if not difference.is_known:
        return f"{difference.mean:+.6f}"
    noise = "~" if difference.is_noise else ""
    return f"{noise}{difference.mean:+.6f} +- {difference.half_width:.6f}"


def by_rank(found: Found) -> List[Trial]:
    """The complete trials, the best first."""
    complete = [trial for trial in found.trials if trial.state == COMPLETE]
    is_higher = found.search.measure.better == "higher"
    return sorted(complete, key=lambda trial: trial.mean, reverse=is_higher)


def value_texts(trial: Trial) -> Dict[str, str]:
    """By path; JSON of choices, six digits of numbers."""
    return {
        path: value if isinstance(value, str) else f"{value:.6g}"
        for path, value in trial.values.items()
    }


def summary_line(found: Found) -> str:
    """How many trials, of which kind."""
    states = [trial.state for trial in found.trials]
    pruned, complete = states.count(PRUNED), states.count(COMPLETE)
    failed = len(states) - pruned - complete
    seeds = ", ".join(map(str, found.search.seeds))
    text = f"{len(states)} trials with seeds {seeds}: {complete} complete, {pruned} pruned"
    return f"{text}, {failed} failed" if failed else text


def found_text(found: Found) -> str:
    """The best trials beside the start, what is noise, and what each field brought."""
    key = found.search.measure.key
    lines = [summary_line(found), f"{key} of the config as it is: {found.start.mean:.6f}", ""]
    for trial in by_rank(found)[:_SHOWN]:
        if not trial.values:
            lines.append(f"{trial.mean:.6f}  the config as it is")
            continue
        difference = difference_text(difference_to_start(found, trial))
        lines.append(f"{trial.mean:.6f}  - start {difference}  trial {trial.number}")
        lines += [f"    {path} = {text}" for path, text in value_texts(trial).items()]
    if found.importance:
        lines += ["", "share of the difference that a field explains (PED-ANOVA):"]
        lines += [f"  {share:4.0%}  {path}" for path, share in found.importance.items()]
    lines += ["", *(f"note: {note}" for note in notes(found))]
    return "\n".join(lines)


def notes(found: Found) -> List[str]:
    """What a reader should know before the numbers are believed."""
    best = found.best
    said = [
        "the best of many trials looks better than it is: judge best.config on rows and seeds that "
        "chose nothing, with easy_esmm.compare"
    ]
    difference = None if best is None else difference_to_start(found, best)
    if best is not None and not best.values:
        said.append("no trial was better than the config as it is")
    elif difference is not None and difference.is_noise:
        said.append("the best trial is inside the noise: more seeds, or more rows, tell more")
    return said
