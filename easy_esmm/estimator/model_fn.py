"""The model_fn: predict, loss, train and metric graphs, and the only branch on the mode."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set, Tuple

import tensorflow as tf

from easy_esmm.calibration.apply import capped_share
from easy_esmm.calibration.calibration import Calibration
from easy_esmm.checkpoints import restoring, saver, vocabularies
from easy_esmm.checkpoints.checkpoint_hook import CheckpointHook
from easy_esmm.checkpoints.fine_tune import FineTune
from easy_esmm.compat import estimator, keras, unregister_gradients, v1
from easy_esmm.config.negative_sampling import share_of_negatives
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import Labels, RowMean, Tasks, Tensor, WeighedLoss
from easy_esmm.estimator import loss_weights, metric_ops, summaries
from easy_esmm.estimator.cluster_training import ClusterTraining
from easy_esmm.estimator.labels import labels_from_columns
from easy_esmm.estimator.network import Network
from easy_esmm.evaluation.gradients import Gradients
from easy_esmm.evaluation.recorder import RowRecorder
from easy_esmm.features.pretrained import PretrainedRows, begin_with, frozen_tables
from easy_esmm.hooks.divergence import DivergenceHook, FiniteCheckpoint
from easy_esmm.hooks.id_warnings import IdWarningHook
from easy_esmm.hooks.label_warnings import EVALUATION, TRAINING, LabelWarningHook
from easy_esmm.hooks.missing_values import PREDICTION, MissingValuesHook
from easy_esmm.hooks.progress import RowProgressHook, TrainProgress
from easy_esmm.optimizers import replicas
from easy_esmm.optimizers import step as optimizer_step
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.score_file import require_other_names

ModelFn = Callable[[Mapping[str, Tensor], Optional[Mapping[str, Tensor]], str], Any]


def make_model_fn(
    config: PipelineConfig,
    *,
    row_names: Sequence[str] = (),
    passed_columns: Sequence[str] = (),
    recorder: Optional[RowRecorder] = None,
    records_only: bool = False,
    gradients: Optional[Gradients] = None,
    progress: Optional[TrainProgress] = None,
    fine_tune: Optional[FineTune] = None,
    pretrained: Optional[Mapping[str, PretrainedRows]] = None,
    sources: Optional[Mapping[str, str]] = None,
    tells_missing: bool = False,
    calibration: Optional[Calibration] = None,
    training: Optional[ClusterTraining] = None,
) -> ModelFn:
    """A model_fn for tf.estimator.

    Args:
      config: resolved.
      row_names: columns that `predict` hands through beside the predictions; see `data.passed`.
      passed_columns: names of columns that will stand beside the predictions.
      recorder: receives every evaluated row; see `RowRecorder`.
      records_only: whether evaluations record and no more, without metrics, progress and warnings.
      gradients: receives the gradients of every batch, in the place of metrics; see `Gradients`.
      progress: shows and counts training steps; see `TrainProgress`.
      fine_tune: first values of variables in training.
      pretrained: first values of rows of tables in training, by table.
      sources: variable -> variable of the checkpoint that evaluations and predictions read, of
        those that have another name there; see `easyrec_names`.
      tells_missing: whether predictions end with a line on missing values, as trainings and
        evaluations do; not in a graph that is exported.
      calibration: of the checkpoint that evaluations and predictions read. Metrics and recorded
        rows are then of calibrated probabilities; losses, and what a model reports about itself,
        stay those of its own.
      training: in a cluster; None: in this process alone.
    """
    tasks = task_specs(config.model_config)
    warned: Set[str] = set()  # by all evaluations

    def model_fn(
        features: Mapping[str, Tensor], labels: Optional[Mapping[str, Any]], mode: str
    ) -> Any:
        # RunConfig's tf_random_seed does not reach Keras initialisers; this does (runs with the
        # same seed are then equal to the last bit).
        is_training = mode == estimator.ModeKeys.TRAIN
        team = training if is_training else None
        keras.utils.set_random_seed(
            team.random_seed if team is not None else config.train_config.random_seed
        )
        with unregister_gradients():  # the graph is differentiated here, and nowhere later
            network = Network(
                config,
                tasks,
                None if is_training else calibration,
                servers=team.role.servers if team is not None else 0,
            )
            specs = _Specs(config, tasks, network, features, is_training, sources or {})
            if mode == estimator.ModeKeys.PREDICT:
                return specs.predict_spec(row_names, passed_columns, tells_missing)
            if mode == estimator.ModeKeys.EVAL:
                if gradients is not None:
                    return specs.gradient_spec(labels or {}, gradients)
                if records_only and recorder is not None:
                    return specs.recording_spec(labels or {}, recorder)
                return specs.eval_spec(labels or {}, recorder, warned)
            return specs.train_spec(labels or {}, progress, fine_tune, pretrained or {}, team)

    return model_fn


class _Specs:
    """The Estimator's specs of a batch, by mode."""

    def __init__(
        self,
        config: PipelineConfig,
        tasks: Tasks,
        network: Network,
        columns: Mapping[str, Tensor],
        training: bool,
        sources: Mapping[str, str],
    ) -> None:
        self._config = config
        self._sources = sources
        self._tasks = tasks
        self._batch = network(columns, training)
        self._model, self._dropout = network.model, network.dropout
        self._share = share_of_negatives(config.data_config, training=training)

    def predict_spec(
        self, row_names: Sequence[str], passed_columns: Sequence[str], tells_missing: bool
    ) -> Any:
        served = dict(self._batch.outputs.served)
        require_other_names(passed_columns, served)
        rows = {name: self._batch.embedded.columns[name] for name in row_names}
        signature = v1.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
        hooks: List[Any] = [FiniteCheckpoint()]
        if tells_missing:
            hooks.append(self._missing_values(PREDICTION, set()))
        return estimator.EstimatorSpec(
            estimator.ModeKeys.PREDICT,
            predictions={**rows, **served},
            export_outputs={signature: estimator.export.PredictOutput(served)},
            prediction_hooks=hooks,
            scaffold=restoring.scaffold(self._config.train_config, self._sources),
        )

    def eval_spec(
        self,
        label_columns: Mapping[str, Any],
        recorder: Optional[RowRecorder],
        warned: Set[str],
    ) -> Any:
        observed = self._labels(label_columns)
        terms = self._loss_terms(observed)
        loss = _total(terms)
        hooks: List[Any] = [
            FiniteCheckpoint(),
            RowProgressHook(tf.size(observed.weight), "evaluated"),
            self._label_warnings(label_columns, EVALUATION, warned),
            self._missing_values(EVALUATION, warned),
        ]
        if recorder is not None:
            hooks.append(
                recorder.hook(self._tasks, self._batch.embedded, observed, self._batch.outputs)
            )
        return estimator.EstimatorSpec(
            estimator.ModeKeys.EVAL,
            # The evaluation loss holds no regularisation, as in EasyRec.
            loss=loss,
            eval_metric_ops={
                **metric_ops.metrics(
                    self._config,
                    self._tasks,
                    observed,
                    self._batch.outputs,
                    terms,
                    self._batch.embedded,
                    self._row_means(observed),
                ),
                **metric_ops.variable_metrics(
                    "keep_probability", self._dropout.keep_probabilities()
                ),
            },
            evaluation_hooks=hooks,
            scaffold=restoring.scaffold(self._config.train_config, self._sources),
        )

    def gradient_spec(self, label_columns: Mapping[str, Any], gradients: Gradients) -> Any:
        observed = self._labels(label_columns)
        terms = self._loss_terms(observed)
        return estimator.EstimatorSpec(
            estimator.ModeKeys.EVAL,
            loss=_total(terms),
            evaluation_hooks=[gradients.hook(self._tasks, terms, self._batch.embedded.tables)],
            scaffold=restoring.scaffold(self._config.train_config, self._sources),
        )

    def recording_spec(self, label_columns: Mapping[str, Any], recorder: RowRecorder) -> Any:
        observed = self._labels(label_columns)
        hook = recorder.hook(self._tasks, self._batch.embedded, observed, self._batch.outputs)
        return estimator.EstimatorSpec(
            estimator.ModeKeys.EVAL,
            loss=_total(self._loss_terms(observed)),
            evaluation_hooks=[FiniteCheckpoint(), hook],
            scaffold=restoring.scaffold(self._config.train_config, self._sources),
        )

    def train_spec(
        self,
        label_columns: Mapping[str, Any],
        progress: Optional[TrainProgress],
        fine_tune: Optional[FineTune],
        pretrained: Mapping[str, PretrainedRows],
        team: Optional[ClusterTraining],
    ) -> Any:
        observed = self._labels(label_columns, training=True)
        terms = self._loss_terms(observed)
        loss = _total(terms) + self._regularization(observed)
        step = v1.train.get_global_step()
        train = self._config.train_config
        begin_with(pretrained)
        if fine_tune is not None:
            # Before the optimizer makes averages, which begin at the weights.
            fine_tune.restore()
        update = optimizer_step.train_op(
            train,
            loss,
            self._batch.embedded.tables,
            self._dense_variables(),
            step,
            frozen_tables(self._config),
            trains_alone=team is None,
        )
        if fine_tune is not None:
            fine_tune.restore()
        saver.add_saver(train, vocabularies.of_config(self._config))
        row_means = self._row_means(observed)
        summaries.write(
            self._tasks,
            self._batch.outputs,
            observed,
            terms,
            loss,
            update,
            row_means,
            self._batch.groups,
        )
        hooks: List[Any] = [
            DivergenceHook(loss),
            self._label_warnings(label_columns, TRAINING, set()),
            self._missing_values(TRAINING, set()),
        ]
        if self._batch.embedded.out_of_range:
            hooks.append(IdWarningHook(self._batch.embedded, train))
        if progress is not None:
            hooks.append(progress.hook(loss, replicas.total(tf.size(observed.weight))))
        return estimator.EstimatorSpec(
            estimator.ModeKeys.TRAIN,
            loss=loss,
            train_op=tf.group(update.op, *self._model.updates),
            **self._session_parts(hooks, team),
        )

    def _session_parts(self, hooks: List[Any], team: Optional[ClusterTraining]) -> Dict[str, Any]:
        """Hooks, and what else the spec has for its session."""
        if team is not None:
            return team.session_parts(v1.train.get_global_step(), hooks)
        config = self._config
        saver_hook = CheckpointHook(config.model_dir, config.train_config)
        return {"training_hooks": hooks, "training_chief_hooks": [saver_hook]}

    def _labels(self, columns: Mapping[str, Any], training: bool = False) -> Labels:
        inputs = self._batch.embedded.columns
        return labels_from_columns(
            self._config, self._tasks, columns, inputs, training, self._share
        )

    def _label_warnings(
        self, columns: Mapping[str, Any], where: str, warned: Set[str]
    ) -> LabelWarningHook:
        weight = self._config.data_config.sample_weight
        return LabelWarningHook(self._tasks, columns, where, warned, weight)

    def _missing_values(self, where: str, told: Set[str]) -> MissingValuesHook:
        return MissingValuesHook(self._config, self._batch.columns, where, told)

    def _loss_terms(self, observed: Labels) -> Tuple[WeighedLoss, ...]:
        terms = self._model.loss_terms(self._batch.own_outputs, observed)
        return loss_weights.weigh(self._config.model_config, terms, observed.weight)

    def _row_means(self, observed: Labels) -> Dict[str, RowMean]:
        own = self._model.row_means(self._batch.own_outputs, observed)
        if self._batch.outputs is self._batch.own_outputs:
            return own
        return {**own, **capped_share(self._batch.outputs, self._tasks, observed.weight)}

    def _dense_variables(self) -> List[Any]:
        """Trainable variables that are read whole: everything but the embedding tables."""
        tables = {id(rows.table) for rows in self._batch.embedded.tables}
        return [v for v in v1.trainable_variables() if id(v) not in tables]

    def _regularization(self, observed: Labels) -> Tensor:
        """L2 of the kernels and of the embedding vectors of the batch, and of features kept."""
        total = self._model.regularization() + self._dropout.penalty(observed.weight)
        scale = self._config.model_config.embedding_regularization
        if not scale:
            return total
        penalty = 0.5 * scale * self._batch.embedded.squared_norm
        if self._config.model_config.loss_reduction == ModelConfig.MEAN:
            penalty /= tf.cast(tf.size(observed.weight), tf.float32)
        return total + penalty


def _total(terms: Sequence[WeighedLoss]) -> Tensor:
    return tf.add_n([term.contribution for term in terms])
