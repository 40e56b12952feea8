"""Daily increments beside a model that stays and one trained anew each day, on simulated drift.

python samples/daily/simulate.py --output_dir data/daily --days 12 --rows 20000
python -m benchmarks.daily --data data/daily --work runs/daily_curve

Each model is evaluated on the rows of a day before any is trained on them:

    static     trained on the days before the first one that is shown, and never again
    daily      goes on each day with the rows of that day, its vocabularies grown
    scratch    a new training each day on all days so far

Prints a table in Markdown; docs/daily.md has it.
"""

from __future__ import annotations

import argparse
import glob
import json
from pathlib import Path
from typing import Any, Dict, List

from google.protobuf import text_format

from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.config import Edit, Pipeline
from easy_esmm.counting.build import build, with_vocabularies

_FEATURES = ("item", "seller")
_CONFIG = "samples/daily/daily.config"
_SHOWN = {
    "auc_cvr_masked": "CVR AUC, clicked",
    "truth/cvr_auc_all": "CVR AUC, all",
    "pcoc_ctcvr": "CTCVR pred/obs",
}


class Days:
    """The rows of simulated days, and models of them."""

    def __init__(self, data: Path, work: Path) -> None:
        self._folders = sorted(data.glob("day_*"))
        self._truth = data / "truth"
        self._work = work

    def __len__(self) -> int:
        return len(self._folders)

    def rows(self, first: int, last: int) -> str:
        """Files to train on of the days `first` to `last`."""
        return ",".join(str(folder / "train.parquet") for folder in self._folders[first : last + 1])

    def config(self, name: str, day: int, rows: str, base: str = "") -> Pipeline:
        """Vocabularies of the rows, or of these behind those of `base`, and a config with them."""
        vocabulary = self._work / f"{name}_{day}"
        first = configs.load(_CONFIG)
        built = build(first, str(vocabulary), rows=rows, features=_FEATURES, min_count=5, base=base)
        path = self._work / f"{name}_{day}.config"
        text = with_vocabularies(first.written, built.vocabularies)
        path.write_text(text_format.MessageToString(text))
        return configs.load(str(path))

    def train(self, pipeline: Pipeline, model: str, rows: str) -> Pipeline:
        """Trains one pass over the rows in the folder `model`; the config with its folder."""
        name = str(self._work / f"{pipeline_name(pipeline)}.config")
        folder = str(self._work / model)
        found = configs.load(name, (Edit("--model_dir", "model_dir", folder),), "check")
        training.train(found, train_rows=rows, continue_train=True)
        return found

    def evaluate(self, pipeline: Pipeline, day: int, checkpoint: str = "") -> Dict[str, Any]:
        """Metrics on all rows of the day."""
        files = ",".join(sorted(glob.glob(str(self._folders[day] / "*.parquet"))))
        truth = self._truth / f"{self._folders[day].name}.truth.parquet"
        return training.evaluate(pipeline, files, checkpoint_path=checkpoint, truth_path=str(truth))


def pipeline_name(pipeline: Pipeline) -> str:
    """The stem of the config's file, from its vocabularies' folder."""
    features = pipeline.config.feature_config.features
    return Path(next(f.vocab_file for f in features if f.vocab_file)).parent.name


def curve(days: Days, work: Path, first: int) -> List[Dict[str, Any]]:
    """By day from `first` on, each model's metrics."""
    found: List[Dict[str, Any]] = []
    daily = static = None
    still = ""
    base = ""
    for day in range(len(days)):
        if day >= first and daily is not None and static is not None:
            rows = days.rows(0, day - 1)
            scratch = days.train(days.config("scratch", day, rows), f"model_scratch_{day}", rows)
            found.append(
                {
                    "day": day,
                    "static": days.evaluate(static, day, still),
                    "daily": days.evaluate(daily, day),
                    "scratch": days.evaluate(scratch, day),
                }
            )
            print(_line(found[-1]), flush=True)
        rows = days.rows(day, day)
        daily = days.train(days.config("daily", day, rows, base), "model_daily", rows)
        base = str(work / f"daily_{day}")
        if day == first - 1:
            static = daily
            still = training_checkpoint(daily)
    return found


def training_checkpoint(pipeline: Pipeline) -> str:
    """Its newest checkpoint."""
    folder = Path(pipeline.config.model_dir)
    steps = [int(path.stem.rsplit("-", 1)[1]) for path in folder.glob("model.ckpt-*.index")]
    return str(folder / f"model.ckpt-{max(steps)}")


def _line(of_day: Dict[str, Any]) -> str:
    cells = [
        f"{of_day[model][metric]:.3f}"
        for metric in _SHOWN
        for model in ("static", "daily", "scratch")
    ]
    return f"| {of_day['day']} | {' | '.join(cells)} |"


def main() -> None:
    """Runs all days and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--first", type=int, default=3, help="first day shown")
    given = parser.parse_args()
    given.work.mkdir(parents=True)
    found = curve(Days(given.data, given.work), given.work, given.first)
    (given.work / "curve.json").write_text(json.dumps(found))
    heads = [f"{title}: {m}" for title in _SHOWN.values() for m in ("static", "daily", "scratch")]
    print(f"| day | {' | '.join(heads)} |\n|{'-|' * (len(heads) + 1)}")
    print("\n".join(map(_line, found)))


if __name__ == "__main__":
    main()
