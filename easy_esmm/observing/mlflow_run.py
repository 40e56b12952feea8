"""Logs a training to MLflow: parameters, metrics by step, config and manifest."""

from __future__ import annotations

import os
import re
import time
from typing import Any, Callable, Dict, Mapping

from easy_esmm.errors import UserError
from easy_esmm.observing.observer import FINISHED, STOPPED, End, Observer, Progress

_LONGEST_VALUE = 500
"""Characters of a parameter that older servers take; later ones take more."""
_MOST_PARAMETERS = 100
"""In one request."""
_STATES = {FINISHED: "FINISHED", STOPPED: "KILLED"}


class MlflowRun(Observer):
    """One run of MLflow for a training; needs the package mlflow or mlflow-skinny.

    Server and experiment are those of MLFLOW_TRACKING_URI and MLFLOW_EXPERIMENT_NAME. After the
    first request that fails none is made but that of the end, since each would wait for a server
    that is down.
    """

    def __init__(self, model_dir: str, parameters: Mapping[str, Any]) -> None:
        """Makes no request yet. Raises UserError where the package is not there.

        `parameters`: the config, nested; fields are joined by dots, lists numbered.
        """
        # Two tries of 10 s in the place of eight of 120 s; whoever sets them wins.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        self._mlflow = _mlflow()
        self._model_dir = model_dir
        self._parameters = flattened(parameters)
        self._is_lost = False
        self._client: Any = None
        self._run = ""
        self._manifest = ""

    def on_start(self, step: int, manifest: str) -> None:
        self._manifest = manifest

        def start() -> None:
            self._client = self._mlflow.MlflowClient()
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "easy_esmm"
            found = self._client.get_experiment_by_name(name)
            experiment = (
                found.experiment_id if found is not None else self._client.create_experiment(name)
            )
            made = self._client.create_run(
                experiment, run_name=os.path.basename(os.path.abspath(self._model_dir))
            )
            self._run = made.info.run_id
            entities = self._mlflow.entities
            values = [entities.Param(name, value) for name, value in self._parameters.items()]
            for first in range(0, len(values), _MOST_PARAMETERS):
                self._client.log_batch(self._run, params=values[first : first + _MOST_PARAMETERS])

        self._request(start)

    def on_progress(self, progress: Progress) -> None:
        values = {
            "train/loss": progress.loss,
            "train/examples": progress.examples,
            "train/examples_per_second": progress.examples_per_second,
        }
        self._request(lambda: self._log(progress.step, values))

    def on_evaluation(self, step: int, metrics: Mapping[str, float]) -> None:
        values = {f"eval/{name.replace('/', '.')}": value for name, value in metrics.items()}
        # Without slashes: `loss` beside `loss/x` would be a file and a folder to a file store.
        self._request(lambda: self._log(step, values))

    def on_end(self, end: End) -> None:
        def finish() -> None:
            for path in (os.path.join(self._model_dir, "pipeline.config"), self._manifest):
                if path and os.path.exists(path):
                    self._client.log_artifact(self._run, path)
            self._client.set_terminated(self._run, _STATES.get(end.status, "FAILED"))

        if self._run:
            finish()  # also after a failure: the server may be back

    def _request(self, make: Callable[[], None]) -> None:
        if self._is_lost:
            return
        try:
            make()
        except BaseException:
            self._is_lost = True
            raise

    def _log(self, step: int, values: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        entities = self._mlflow.entities
        self._client.log_batch(
            self._run,
            metrics=[
                entities.Metric(valid_name(name), float(value), now, step)
                for name, value in values.items()
            ],
        )


def flattened(values: Mapping[str, Any]) -> Dict[str, str]:
    """`{"a": {"b": [1]}}` as `{"a.b.0": "1"}`; values are cut to what MLflow takes."""
    found: Dict[str, str] = {}

    def add(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                add(f"{name}.{key}" if name else str(key), inner)
        elif isinstance(value, (list, tuple)):
            for number, inner in enumerate(value):
                add(f"{name}.{number}", inner)
        else:
            text = str(value)
            is_cut = len(text) > _LONGEST_VALUE
            found[valid_name(name)] = text[: _LONGEST_VALUE - 3] + "..." if is_cut else text

    add("", values)
    return found


def valid_name(name: str) -> str:
    """The name with `_` for each character that MLflow does not take in one."""
    return re.sub(r"[^\w\-./ ]", "_", name)[:250]


def _mlflow() -> Any:
    try:
        import mlflow  # noqa: PLC0415 - an extra
        import mlflow.entities  # noqa: PLC0415
    except ImportError:
        raise UserError(
            "--mlflow needs the package mlflow-skinny (or mlflow): pip install 'easy_esmm[mlflow]'"
        ) from None
    return mlflow
