"""Checks with which a training begins, before anything is written."""

from __future__ import annotations

from typing import Mapping, Optional

from absl import logging

from easy_esmm import processor
from easy_esmm.checkpoints import fine_tune as fine_tuning
from easy_esmm.checkpoints import vocabularies
from easy_esmm.compat import estimator
from easy_esmm.config import ConfigError, Pipeline
from easy_esmm.config.scalars import quoted
from easy_esmm.errors import UserError
from easy_esmm.estimator import cluster_run, model_dir, unfinished
from easy_esmm.estimator.dry_build import dry_build
from easy_esmm.features.pretrained import PretrainedRows, read_tables
from easy_esmm.hooks.dead_line import DeadLineHook
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.train_pb2 import BF16


def require_time(pipeline: Pipeline) -> None:
    """Raises ConfigError where `dead_line` has passed, unless a training is left to be ended."""
    folder = pipeline.config.model_dir
    if unfinished.is_marked(folder) and model_dir.has_checkpoint(folder):
        return
    if is_past_end(pipeline.config):
        rule = "must lie in the future"
        dead_line = pipeline.config.train_config.dead_line
        raise ConfigError([pipeline.problem("train_config.dead_line", rule, quoted(dead_line))])


def is_past_end(config: PipelineConfig) -> bool:
    """Whether `dead_line` is set and has passed."""
    dead_line = config.train_config.dead_line
    return bool(dead_line) and DeadLineHook(dead_line).is_past()


def warn_of_slow_products(config: PipelineConfig) -> None:
    """Warns where `compute_dtype: BF16` makes a training slower: without units for it.

    On a machine with AVX2 alone the products ran at half to nine tenths of FP32's speed.
    """
    if config.train_config.compute_dtype == BF16 and processor.has_bfloat16() is False:
        logging.warning(
            "train_config.compute_dtype: BF16 is slower than FP32 on this processor, which has no "
            "units for bfloat16 (avx512_bf16 or amx_bf16 in /proc/cpuinfo)"
        )


def pretrained_rows(
    config: PipelineConfig, *, is_alone: bool = True
) -> Mapping[str, PretrainedRows]:
    """The files of vectors with which tables begin, read; nothing where training goes on.

    `is_alone`: not in a cluster, where no process but the servers has the tables.
    """
    named = [f for f in config.feature_config.features if f.embedding_init_file]
    if not named or model_dir.has_checkpoint(config.model_dir):
        return {}
    if not is_alone:
        raise UserError(
            f"embedding_init_file of feature {named[0].feature_name}: is read by trainings on one "
            "machine; train a step on one, and let the cluster go on from it"
        )
    return read_tables(config)


def first_values(
    config: PipelineConfig, *, is_alone: bool = True
) -> Optional[fine_tuning.FineTune]:
    """Where training starts from, unless it goes on; None for values of its own.

    Before anything is written: patterns of variables, and the checkpoint, may not fit the model.
    `is_alone`: not in a cluster.
    """
    train = config.train_config
    goes_on = model_dir.has_checkpoint(config.model_dir)
    fine_tune = None
    if train.fine_tune_checkpoint and goes_on:
        logging.info(
            "fine_tune_checkpoint has no effect: training goes on from %s", config.model_dir
        )
    elif train.fine_tune_checkpoint:
        if not is_alone:
            cluster_run.require_whole_tables(config)
        fine_tune = fine_tuning.FineTune(
            train,
            config.model_config,
            config.feature_config.features,
            vocabularies.of_config(config),
        )
    if fine_tune is not None or train.freeze_gradient:
        variables = dry_build(config, estimator.ModeKeys.TRAIN).variables
        if fine_tune is not None:
            weights = dry_build(config, estimator.ModeKeys.PREDICT).variables
            fine_tuning.log(fine_tune.plan(variables, weights), fine_tune.path, variables)
    return fine_tune
