"""How long an exported model takes to answer, beside its matrix products alone, from C++.

    python -m benchmarks.serving [--folder DIR] [--seconds 3]

Exports workload W1 with the columns of users given to `rank`, trained for one step, and asks it
through TensorFlow Serving's loader on one thread, as `make serve-check` does. In the same process,
for each request, the matrix products of the graph are computed alone, at the same shapes. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import configs
from benchmarks.ask_from_cpp import compiled, replay
from benchmarks.simulated_files import files_of
from benchmarks.workloads import W1
from easy_esmm import training
from easy_esmm.compat import v1

_ROWS = 8000


def main() -> None:
    """Prints a table and all figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=None, help="files are kept there")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a request is repeated")
    args = parser.parse_args()
    program = compiled()
    if isinstance(program, str):
        raise SystemExit(program)
    v1.logging.set_verbosity(v1.logging.ERROR)
    with tempfile.TemporaryDirectory() as temporary:
        folder = _exported(args.folder or Path(temporary))
        print(json.dumps(replay(program, folder, [f"--seconds={args.seconds}"])))


def _exported(folder: Path) -> str:
    files = files_of(W1, folder, _ROWS, _ROWS)
    pipeline = configs.pipeline(W1, files, configs.Setting(steps=1))
    config: Any = pipeline.config
    users = [f.name for f in W1.features if f.is_of_users]
    config.export_config.user_columns.extend(users)
    config.export_config.exporter_type = "final"
    shutil.rmtree(config.model_dir, ignore_errors=True)
    return training.train(pipeline).saved_model or ""


if __name__ == "__main__":
    main()
