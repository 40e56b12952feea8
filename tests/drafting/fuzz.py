"""Runs `init` over many generated files: what it drafts passes `check` and trains.

python -m tests.drafting.fuzz --files 3000 --trained 60 [--seed 1]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Optional

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from easy_esmm import config as configs
from easy_esmm import data as data_package
from easy_esmm.config import Edit, Pipeline
from easy_esmm.drafting import Draft, draft
from easy_esmm.errors import UserError
from tests.drafting import generated_csv, generated_parquet
from tests.drafting.generated_csv import Log

STEPS = 10
_UNTEACHABLE = "no column is left to learn from"


def drafted(log: Log, folder: Path) -> Optional[Pipeline]:
    """The config that `init` drafts for a log, after the checks; None where it rightly refuses."""
    try:
        made = _draft(log)
    except UserError as error:
        message = str(error)
        if log.reason:
            assert re.search(log.reason, message), f"another reason: {message}"
        else:
            is_right = _UNTEACHABLE in message and not log.is_learnable
            assert is_right, f"refused without need: {message}"
        return None
    assert not log.reason, f"not refused; notes: {made.notes}"
    path = folder / "first.config"
    path.write_text(made.text, encoding="utf-8")
    edits = {
        "model_dir": str(folder / "model"),
        "train_config.num_steps": str(STEPS),
        "export_config.exporter_type": "none",
        "model_config.esmm.ctr_tower.dnn.hidden_units": "4",
        "model_config.esmm.cvr_tower.dnn.hidden_units": "4",
    }
    configs.load(str(path), (), "check")
    pipeline = configs.load(
        str(path), [Edit("test", p, v, is_text=True) for p, v in edits.items()], "train"
    )
    problems = data_package.check_files(pipeline, "train")
    assert not problems, f"drafted, but check finds: {[str(one) for one in problems]}"
    return pipeline


def _draft(log: Log) -> Draft:
    """The draft; where the encoding is not clear, as the error says, with the right one named."""
    path = str(log.path)
    try:
        made = draft(path, log.click, log.conversion)
    except UserError as error:
        if log.encoding == "utf-8" or "name it by --encoding" not in str(error):
            raise
        return draft(path, log.click, log.conversion, encoding=log.encoding)
    guessed = re.search(r"encoding (\S+) \(guessed", made.notes[0])
    if guessed and log.text and log.path.exists():
        assert log.path.read_bytes().decode(guessed[1]) == log.text, f"not {guessed[0]}"
    return made


def train(pipeline: Pipeline) -> None:
    """Ten steps, or as many as the rows give."""
    from easy_esmm import training

    assert training.train(pipeline).step > 0


def run(
    plans: Any, files: int, is_trained: bool, first_seed: Optional[int] = None
) -> Dict[str, int]:
    """Draws files from the strategy `plans`; counts what became of them.

    With `is_trained`, `files` that are not refused are trained on. Without a `first_seed` the files
    are the same in every run.
    """
    counts = {"drafted": 0, "refused": 0, "trained": 0}

    def one_file(made: Any) -> None:
        write, plan = made
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            pipeline = drafted(write(plan, folder), folder)
            counts["drafted" if pipeline else "refused"] += 1
            if is_trained:
                assume(pipeline is not None)
                train(pipeline)
                counts["trained"] += 1

    test = settings(
        max_examples=files,
        derandomize=first_seed is None,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        # (Shrinking takes hundreds of trainings.)
        phases=[Phase.generate] if is_trained else [Phase.generate, Phase.shrink],
    )(given(plans)(one_file))
    if first_seed is not None:
        test = seed(first_seed)(test)
    test()
    return counts


CSV = st.tuples(st.just(generated_csv.write), generated_csv.PLANS)
PARQUET = st.tuples(st.just(generated_parquet.write), generated_parquet.PLANS)


def main() -> None:
    """Prints the counts; two thirds of the files are CSV, the others Parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=3000, help="files to check the drafts of")
    parser.add_argument("--trained", type=int, default=60, help="files to train on")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for is_trained, files in ((False, arguments.files), (True, arguments.trained)):
        for name, plans, share in (("CSV", CSV, 2), ("Parquet", PARQUET, 1)):
            begin = time.monotonic()
            counts = run(plans, files * share // 3, is_trained, arguments.seed)
            print(f"{name}: {counts} in {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
