"""Who is told of a training: the manifest of the run, and those that the caller names."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, Optional, Tuple

from easy_esmm.checkpoints import vocabularies
from easy_esmm.data import FilesOrFrame
from easy_esmm.data.files_read import files_or_rows
from easy_esmm.estimator import model_dir
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.observing import End, Observer, Observers
from easy_esmm.observing.manifest import RunManifest
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


class Watch:
    """The observers of one training."""

    def __init__(
        self,
        config: PipelineConfig,
        rows: Tuple[Optional[FilesOrFrame], Optional[FilesOrFrame]],
        observers: Observer,
    ) -> None:
        """`rows`: to train and to evaluate on, instead of the config's paths."""
        self._config = config
        files = {
            "train": files_or_rows(config, config.train_input_path, rows[0]),
            "eval": files_or_rows(config, config.eval_input_path, rows[1]),
        }
        digests = {table: found.digest for table, found in vocabularies.of_config(config).items()}
        seed = config.train_config.random_seed
        manifest = RunManifest(config.model_dir, seed, files, digests)
        self._manifest = manifest.path
        self.observers = Observers([manifest, observers])

    @contextmanager
    def told(self, first_step: int, progress: TrainProgress) -> Iterator[None]:
        """Tells of the start and the end of the block, in which model_dir is locked."""

        def describe(status: str, error: str) -> End:
            step = model_dir.latest_step(self._config.model_dir)
            counts = progress.examples, progress.seconds, progress.rows_skipped()
            return End(status, error, step, *counts)

        with self.observers.told(first_step, self._manifest, describe):
            yield
