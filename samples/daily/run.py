"""Trains day by day: evaluates on a day, then grows the vocabularies, trains, calibrates, exports.

python samples/daily/run.py --data data/daily --work runs/daily [--config daily.config]

To be called again whenever a day has come, and after a kill: what is done is not done again. A day
is a folder of `--data` with `train.parquet` and `holdout.parquet`. In `--work`:

    days/DAY.json            the steps of the day, written before its training; `done` at its end
    days/DAY.metrics.json    the model of the day before, evaluated on this day's rows
    vocabulary/DAY/          what the day's model was trained with
    config/DAY.config        the same for the config
    model/                   checkpoints of all days, one training
    serving/                 the newest seven exports
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import pyarrow.parquet as pq

from easy_esmm import config as configs
from easy_esmm.atomic_file import atomic_write

VOCABULARIES = "item,seller"
KEPT_EXPORTS = 7


class Loop:
    """The days of a folder, and one model."""

    def __init__(self, data: Path, work: Path, config: Path) -> None:
        self._data, self._work, self._first_config = data, work, config
        self._batch = configs.load(str(config)).config.data_config.batch_size
        for name in ("days", "config", "vocabulary", "serving"):
            (work / name).mkdir(parents=True, exist_ok=True)

    def run(self) -> None:
        """Does what is left of each day, in their order."""
        for folder in sorted(self._data.glob("day_*")):
            if (folder / "train.parquet").exists() and folder.name not in self._done():
                self._day(folder.name, self._newest())

    def _day(self, day: str, before: Optional[str]) -> None:
        print(f"== {day}", flush=True)
        rows = self._data / day
        if before is not None:
            self._evaluate(day, before)
        config = self._work / "config" / f"{day}.config"
        if not config.exists():
            self._grow(day, before, config)
        plan = self._plan(day, before)
        if self._step() < plan["last_step"]:
            # The end of the day as a number of steps: a day that was trained to its end, and killed
            # behind it, has none left.
            self._call(
                "train",
                config,
                f"--train_input_path={rows / 'train.parquet'}",
                f"--train_config.num_steps={plan['last_step']}",
                "--continue_train",
            )
        if self._step() != plan["last_step"]:
            raise SystemExit(
                f"{day}: ended at step {self._step()} and not at {plan['last_step']}: the rows "
                "of the day, or the batch size, have changed since days/DAY.json was written"
            )
        self._call("calibrate", config, f"--input_path={rows / 'holdout.parquet'}")
        self._call(
            "export",
            config,
            f"--export_dir={self._work / 'serving'}",
            f"--keep={KEPT_EXPORTS}",
            f"--warmup_path={rows / 'holdout.parquet'}",
            f"--data_revision={day}",
        )
        self._write(day, {**plan, "done": True})

    def _evaluate(self, day: str, before: str) -> None:
        """The model of the day before on all rows of this day, which it has not seen."""
        result = self._work / "days" / f"{day}.metrics.json"
        if result.exists():
            return
        unfinished = result.with_suffix(".unfinished")
        truth = self._data / "truth" / f"{day}.truth.parquet"
        self._call(
            "evaluate",
            self._work / "config" / f"{before}.config",
            f"--eval_input_path={self._data / day}/*.parquet",
            f"--eval_result_path={unfinished.resolve()}",
            *([f"--truth={truth}"] if truth.exists() else []),
        )
        unfinished.replace(result)

    def _grow(self, day: str, before: Optional[str], config: Path) -> None:
        base = [] if before is None else [f"--base={self._work / 'vocabulary' / before}"]
        self._call(
            "vocabulary",
            self._first_config if before is None else self._config_of(before),
            f"--features={VOCABULARIES}",
            f"--input_path={self._data / day / 'train.parquet'}",
            "--min_count=5",
            f"--output_dir={self._work / 'vocabulary' / day}",
            f"--output_config={config}",
            *base,
        )

    def _plan(self, day: str, before: Optional[str]) -> Dict[str, Any]:
        """The steps of the day: as they were planned first, whatever was trained since."""
        path = self._work / "days" / f"{day}.json"
        if path.exists():
            found: Dict[str, Any] = json.loads(path.read_text())
            return found
        rows = pq.read_metadata(self._data / day / "train.parquet").num_rows
        first = 0
        if before is not None:
            last = json.loads((self._work / "days" / f"{before}.json").read_text())
            first = last["last_step"]
        plan = {"rows": rows, "first_step": first, "last_step": first - (-rows // self._batch)}
        self._write(day, plan)
        return plan

    def _config_of(self, day: str) -> Path:
        return self._work / "config" / f"{day}.config"

    def _done(self) -> Dict[str, int]:
        """The days that are done, each with the step at which it has ended."""
        files = (self._work / "days").glob("day_*.json")
        plans = {
            path.stem: json.loads(path.read_text()) for path in files if path.stem.isidentifier()
        }
        return {day: plan["last_step"] for day, plan in plans.items() if plan.get("done")}

    def _newest(self) -> Optional[str]:
        """The day that the model was trained on last: not always the one before in the calendar."""
        done = self._done()
        return max(done, key=lambda day: done[day]) if done else None

    def _write(self, day: str, plan: Dict[str, Any]) -> None:
        path = self._work / "days" / f"{day}.json"
        with atomic_write(path) as unfinished, open(unfinished, "w", encoding="utf-8") as file:
            json.dump(plan, file)

    def _step(self) -> int:
        """Of the newest checkpoint."""
        files = (self._work / "model").glob("model.ckpt-*.index")
        return max((int(path.stem.rsplit("-", 1)[1]) for path in files), default=0)

    def _call(self, command: str, config: Path, *arguments: str) -> None:
        """Runs a command of the package; its failure ends the loop, to be called again."""
        call: List[str] = [sys.executable, "-m", f"easy_esmm.{command}"]
        call.append(f"--pipeline_config={config}")
        if command != "vocabulary":
            call.append(f"--model_dir={self._work / 'model'}")
        print(f"-- {command}", flush=True)
        subprocess.run([*call, *arguments], check=True)


def main() -> int:
    """Status 0, or that of the command that failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("data/daily"))
    parser.add_argument("--work", type=Path, default=Path("runs/daily"))
    parser.add_argument("--config", type=Path, default=Path(__file__).parent / "daily.config")
    given = parser.parse_args()
    try:
        Loop(given.data, given.work, given.config).run()
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[2]} ended with status {error.returncode}; call again", file=sys.stderr)
        return int(error.returncode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
