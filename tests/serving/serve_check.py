"""`make serve-check`: exports, loaded and asked by a C++ program with TensorFlow Serving's loader.

    python -m tests.serving.serve_check [--model DIR] [--seconds 0.3] [--json FILE]

Without --model some samples are trained for two steps and exported. Each export's warm-up requests
are replayed; the answers must be those in the file, which for samples are compared with `predict`
first. Then requests that nobody should send are sent to one of them, from C++ and from Python.

The program is compiled once, beside the Python that runs this. Where there is no compiler or the
installed TensorFlow brings no C++ library, nothing is checked, and a line says so.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from benchmarks.ask_from_cpp import answers_of, compiled, replay
from easy_esmm import config as configs
from easy_esmm import training
from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.serving import versions, warmup
from easy_esmm.serving.names import DEFAULT
from easy_esmm.serving.verify import tolerance
from tests.conformance import table
from tests.serving.sent_badly import ask_badly

SAMPLES = (
    "esmm_quickstart",  # tags with weights, numbers
    "esmm_user_rows",  # histories, and a user of its own in rank
    "esmm_three_groups",
    "dbmtl_sequences",
    "mmoe_experts",
    "esmm_all_features",  # vocabularies
)

BADLY_ASKED = "esmm_user_rows"


def main() -> None:
    """Exits with status 1 where an answer differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="", help="a SavedModel, or a folder of its versions")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a request is repeated")
    parser.add_argument("--json", type=Path, default=None, help="file for all figures")
    args = parser.parse_args()
    v1.logging.set_verbosity(v1.logging.ERROR)
    program = compiled()
    if isinstance(program, str):
        print(f"serve-check is skipped: {program}")
        return
    flags = [f"--seconds={args.seconds}"]
    figures: Dict[str, Any] = {}
    if args.model:
        try:
            config = configs.load(versions.pipeline_config(args.model, "--model")).config
            flags.append(f"--relative={tolerance(config)}")
            figures[args.model] = replay(program, versions.newest(args.model), flags)
        except UserError as error:
            raise SystemExit(str(error)) from error
    else:
        with tempfile.TemporaryDirectory() as folder:
            for name in SAMPLES:
                exported = export(name, Path(folder, name))
                figures[name] = replay(program, exported, flags)
                if name == BADLY_ASKED:
                    ask_badly(program, exported, answers_of)
    if args.json is not None:
        args.json.write_text(json.dumps(figures, indent=1))


def export(name: str, folder: Path) -> str:
    """A sample, trained for two steps and exported; its warm-up answers are those of `predict`."""
    folder.mkdir()
    pipeline = table.small(name, folder, num_steps=2, save_checkpoints_steps=2)
    pipeline.config.export_config.exporter_type = "final"
    saved_model = training.train(pipeline).saved_model or ""
    checkpoint = f"{pipeline.config.model_dir}/model.ckpt-2"
    batches = training.predict(
        pipeline, pipeline.config.eval_input_path, checkpoint_path=checkpoint
    )
    predicted: Dict[str, List[Any]] = {}
    for batch in batches:
        for key, values in batch.items():
            predicted.setdefault(key, []).append(values)
    asked = [one for one in warmup.read(saved_model) if one.signature == DEFAULT]
    for one in asked:
        for key in predicted:
            rows = min(len(one.answers[key]), table.EVAL_ROWS)
            expected = np.concatenate(predicted[key])[:rows]
            np.testing.assert_allclose(one.answers[key][:rows], expected, rtol=1e-6, atol=1e-7)
    return saved_model


if __name__ == "__main__":
    main()
