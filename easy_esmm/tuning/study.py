"""Tries values from a search space, seed by seed, and gives up early what is behind.

The search is Optuna's (Akiba et al., KDD 2019): a tree-structured Parzen estimator proposes values,
and its median rule prunes. A trial is trained with each of the same seeds, one after the other;
after each of them its mean so far is held against the means that earlier trials had after as many.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from google.protobuf import text_format

from easy_esmm.comparing.configs import Variant
from easy_esmm.comparing.job import Options, batch_of
from easy_esmm.comparing.measure import HIGHER, Measure
from easy_esmm.comparing.measures import groups_of, metric_suffixes, read_measures
from easy_esmm.comparing.runs import Result, Run, read_result
from easy_esmm.comparing.schedule import Outcome, attempt_in_worker, start_worker
from easy_esmm.contract import keyed
from easy_esmm.errors import UserError
from easy_esmm.progress import ProgressLine
from easy_esmm.simulation.settings import Settings
from easy_esmm.tuning.search import CHOICE, INT, LOG, Dimension, Value, with_values

try:
    import optuna
except ImportError:  # an extra: see `require_optuna`
    optuna = None

_NAME = "tune"
_BY_SEED, _ERROR, _IDENTITY = "by_seed", "error", "identity"
COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
_STARTUP_TRIALS = 5
"""Trials that are neither proposed by the model nor pruned, the config's own among them."""


@dataclass(frozen=True)
class Trial:
    """One set of values, and what came of it."""

    number: int
    values: Dict[str, Value]
    """By path; empty: as the config has them."""
    by_seed: Dict[int, float]
    """The metric of each seed that was run."""
    state: str
    error: str = ""

    @property
    def mean(self) -> float:
        """Over the seeds that were run; NaN for none."""
        return sum(self.by_seed.values()) / len(self.by_seed) if self.by_seed else math.nan


@dataclass(frozen=True, eq=False)
class Search:
    """What is searched, and how it is judged."""

    variant: Variant
    space: Tuple[Dimension, ...]
    measure: Measure
    seeds: Tuple[int, ...]
    settings: Optional[Settings]
    """Of simulated rows; None: the config's own files."""
    options: Options
    storage: str
    """URL of Optuna's storage."""


@dataclass(frozen=True, eq=False)
class Found:
    """The trials of a search, by number."""

    search: Search
    trials: Tuple[Trial, ...]
    importance: Dict[str, float] = field(default_factory=dict)
    """Path -> share of what the fields explain; empty with too few trials."""

    @property
    def start(self) -> Trial:
        """That of the config as it is."""
        return self.trials[0]

    @property
    def best(self) -> Optional[Trial]:
        """The complete trial with the best mean."""
        complete = [trial for trial in self.trials if trial.state == COMPLETE]
        sign = -1 if self.search.measure.better == HIGHER else 1
        return min(complete, key=lambda trial: sign * trial.mean, default=None)


def require_optuna() -> None:
    """Raises UserError where Optuna is not installed."""
    if optuna is None:
        raise UserError("tune needs Optuna, which is absent: pip install 'easy_esmm[tune]'")


def measure_of(variant: Variant, name: str) -> Measure:
    """The measure of that name; without a name the log loss of the last task."""
    tasks = metric_suffixes(variant.pipeline.tasks)
    known = {
        measure.key: measure
        for group in groups_of(tasks)
        for measure in group.measures
        if measure.better and any(measure.key.endswith(task) for task in tasks)
    }
    name = name or keyed("log_loss", list(tasks)[-1])
    if name not in known:
        raise UserError(f"--metric: must be one of {', '.join(sorted(known))}, got '{name}'")
    return known[name]


def tune(search: Search, trials: int, log: Optional[Callable[[str], None]] = None) -> Found:
    """Runs trials until there are so many, those of earlier calls included.

    Raises:
      UserError: the storage holds another search, or the config itself cannot be trained.
    """
    require_optuna()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    log = log or ProgressLine().event
    study = _study(search)
    _take_up_interrupted(study, log)
    if not study.get_trials(deepcopy=False):
        study.enqueue_trial({}, user_attrs={"is_start": True})
    _prepare(search, log)
    _Work(search, study, trials, log).run()
    return _found(search, study)


class _Work:
    """The trials that are being trained, each with one seed at a time."""

    def __init__(self, search: Search, study: Any, trials: int, log: Callable[[str], None]) -> None:
        self._search, self._study, self._trials, self._log = search, study, trials, log
        self._waiting: Dict[Future[Outcome], Tuple[Any, Trial]] = {}

    def run(self) -> None:
        # spawn: TensorFlow does not survive a fork. A process of its own returns its memory.
        context = multiprocessing.get_context("spawn")
        jobs = self._search.options.jobs
        with ProcessPoolExecutor(jobs, context, start_worker) as executor:
            try:
                while True:
                    while len(self._waiting) < jobs and self._left() > 0:
                        self._begin(executor)
                    if not self._waiting:
                        return
                    done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finish(future, executor)
            except BrokenProcessPool as error:
                raise UserError(
                    "a worker process was killed (short of memory?); the same command goes on "
                    "where this one stopped"
                ) from error
            except BaseException:
                executor.shutdown(wait=False, cancel_futures=True)
                for worker in multiprocessing.active_children():
                    worker.terminate()
                raise

    def _left(self) -> int:
        return self._trials - len(_finished(self._study)) - len(self._waiting)

    def _begin(self, executor: ProcessPoolExecutor) -> None:
        asked = self._study.ask()
        values: Dict[str, Value] = {}
        if not asked.user_attrs.get("is_start"):
            values = {one.path: _suggest(asked, one) for one in self._search.space}
        self._submit(asked, Trial(asked.number, values, {}, COMPLETE), executor)

    def _submit(self, asked: Any, trial: Trial, executor: ProcessPoolExecutor) -> None:
        """Trains the trial with its next seed; a result that is there already is taken."""
        while True:
            run = _run_of(self._search, trial, self._search.seeds[len(trial.by_seed)])
            result = read_result(run)
            if result is None:
                self._waiting[executor.submit(attempt_in_worker, run)] = asked, trial
                return
            if self._take(asked, trial, result):
                return

    def _finish(self, future: Future[Outcome], executor: ProcessPoolExecutor) -> None:
        asked, trial = self._waiting.pop(future)
        _, result, error = future.result()
        if result is None:
            asked.set_user_attr(_ERROR, error)
            self._study.tell(asked, state=optuna.trial.TrialState.FAIL)
            self._log(f"trial {trial.number}: FAILED: {error}")
            if not trial.values:
                raise UserError(f"the config itself cannot be trained: {error}")
        elif not self._take(asked, trial, result):
            self._submit(asked, trial, executor)

    def _take(self, asked: Any, trial: Trial, result: Result) -> bool:
        """Notes the metric of a seed; whether the trial has ended."""
        search = self._search
        seed = search.seeds[len(trial.by_seed)]
        value = read_measures(result.metrics, result.suffixes)[search.measure.key]
        trial.by_seed[seed] = value
        asked.set_user_attr(_BY_SEED, {str(s): v for s, v in trial.by_seed.items()})
        if math.isnan(value):
            asked.set_user_attr(_ERROR, f"no {search.measure.key} with seed {seed}")
            self._study.tell(asked, state=optuna.trial.TrialState.FAIL)
            self._log(f"trial {trial.number}: FAILED: no {search.measure.key} with seed {seed}")
            return True
        asked.report(trial.mean, len(trial.by_seed))
        is_last = len(trial.by_seed) == len(search.seeds)
        if not is_last and trial.values and asked.should_prune():
            self._study.tell(asked, state=optuna.trial.TrialState.PRUNED)
            self._log(f"{_line(search, trial)}  pruned after {len(trial.by_seed)} seed(s)")
            return True
        if is_last:
            self._study.tell(asked, trial.mean)
            self._log(_line(search, trial))
        return is_last


def _line(search: Search, trial: Trial) -> str:
    values = "  ".join(f"{path.rpartition('.')[2]} {_shown(v)}" for path, v in trial.values.items())
    what = values or "the config as it is"
    return f"trial {trial.number}: {search.measure.key} {trial.mean:.6g}  {what}"


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _study(search: Search) -> Any:
    direction = "maximize" if search.measure.better == HIGHER else "minimize"
    try:
        study = optuna.create_study(
            storage=search.storage,
            study_name=_NAME,
            direction=direction,
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS),
        )
    except Exception as error:  # of SQLAlchemy's many drivers, each with its own
        raise UserError(f"--storage: {search.storage} cannot be used: {error}") from error
    # A sampler that begins anew with the same seed would propose the same values again.
    seed = 1 + len(study.get_trials(deepcopy=False))
    study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=_STARTUP_TRIALS)
    known, here = study.user_attrs.get(_IDENTITY), _identity(search)
    if known is None:
        study.set_user_attr(_IDENTITY, here)
    elif known != here:
        raise UserError(
            f"--storage: {search.storage} holds a search of another config, space, metric, seeds "
            "or rows; name another --output_dir or --storage"
        )
    return study


def _identity(search: Search) -> str:
    parts = [
        text_format.MessageToString(search.variant.pipeline.written),
        [str(one) for one in search.space],
        search.measure.key,
        search.seeds,
        str(search.settings),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _take_up_interrupted(study: Any, log: Callable[[str], None]) -> None:
    """Trials that a kill has left are tried again; what they have run is not repeated."""
    running = optuna.trial.TrialState.RUNNING
    for trial in study.get_trials(deepcopy=False, states=(running,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
        is_start = bool(trial.user_attrs.get("is_start"))
        study.enqueue_trial(
            trial.params, user_attrs={"is_start": True} if is_start else {"retries": trial.number}
        )
        log(f"trial {trial.number}: was interrupted, and is tried again")


def _prepare(search: Search, log: Callable[[str], None]) -> None:
    for seed in search.seeds:
        prepare, _ = batch_of([search.variant], search.settings, seed, search.options)
        if prepare is not None:
            prepare(log)


def _run_of(search: Search, trial: Trial, seed: int) -> Run:
    # One name for all: what a trial has run before a kill is found by its digest.
    variant = with_values(search.variant, trial.values, search.space, "trial")
    _, (run,) = batch_of([variant], search.settings, seed, search.options)
    return run


def _suggest(asked: Any, one: Dimension) -> Value:
    if one.kind == CHOICE:
        return str(asked.suggest_categorical(one.path, one.choices))
    if one.kind == INT:
        return int(asked.suggest_int(one.path, int(one.low), int(one.high), step=one.step))
    return float(asked.suggest_float(one.path, one.low, one.high, log=one.kind == LOG))


def _found(search: Search, study: Any) -> Found:
    states = optuna.trial.TrialState
    names = {states.COMPLETE: COMPLETE, states.PRUNED: PRUNED}
    trials: List[Trial] = []
    for trial in _finished(study):
        trials.append(
            Trial(
                trial.number,
                dict(trial.params),
                {int(s): v for s, v in trial.user_attrs.get(_BY_SEED, {}).items()},
                names.get(trial.state, FAILED),
                trial.user_attrs.get(_ERROR, ""),
            )
        )
    trials.sort(key=lambda trial: (bool(trial.values), trial.number))
    return Found(search, tuple(trials), _importance(study, search.space))


def _finished(study: Any) -> List[Any]:
    """The trials that have ended, without those that a kill has left."""
    failed = optuna.trial.TrialState.FAIL
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state.is_finished() and (trial.state != failed or _ERROR in trial.user_attrs)
    ]


def _importance(study: Any, space: Sequence[Dimension]) -> Dict[str, float]:
    """Of PED-ANOVA (Watanabe et al., IJCAI 2023), which needs several complete trials."""
    complete = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        if trial.params
    ]
    if len(space) < 2 or len(complete) < 2 * _STARTUP_TRIALS:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    only = optuna.create_study(direction=study.direction.name.lower())
    only.add_trials(complete)
    return dict(optuna.importance.get_param_importances(only, evaluator=evaluator))


def storage_of(folder: Path) -> str:
    """The storage of a search in its folder."""
    return f"sqlite:///{folder / 'study.db'}"
