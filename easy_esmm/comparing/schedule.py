"""Executes the runs of a comparison, in this process or in several, and shows their progress."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Callable, Iterable, Iterator, List, Optional, TextIO, Tuple

from easy_esmm import console
from easy_esmm.comparing import entire_space
from easy_esmm.comparing.measures import read_measures
from easy_esmm.comparing.runs import Result, Run, read_result
from easy_esmm.contract import keyed
from easy_esmm.errors import UserError
from easy_esmm.progress import ProgressLine, duration

Log = Callable[[str], None]
"""Writes a line of progress."""
Batch = Tuple[Optional[Callable[[Log], None]], List[Run]]
"""What prepares the rows of a seed, if they are to be prepared, and the runs on them."""
Outcome = Tuple[Run, Optional[Result], str]
"""A run with its result, or with the text of its error."""

_OF_TRUTH = (("truth_cvr_regret", "regret"), ("truth_cvr_bias", "bias"))


@dataclass
class Outcomes:
    """The results and the failures of all runs."""

    results: List[Result] = field(default_factory=list)
    failures: List[str] = field(default_factory=list)
    """A line, or several, for each run that failed: which, and why."""


def run_all(batches: Iterable[Batch], total: int, jobs: int) -> Outcomes:
    """Runs what has no result yet; a run that fails leaves the others alone.

    Args:
      batches: in the order in which they are started; rows are prepared only for runs that are to
        be done, and while others are running.
      total: number of runs in all batches.
      jobs: processes; with 1, this process does the work.

    Raises KeyboardInterrupt after Ctrl-C, once it has printed how many runs are done and
    removed the models of the others, unless models are kept.
    """
    batches = list(batches)
    runs = [run for _, of_seed in batches for run in of_seed]
    progress = Progress(total, jobs)
    before = total - len(_unfinished(runs))
    if before:
        progress.log(f"{before} of {total} runs were done before")
    try:
        return _do_all(batches, progress, jobs)
    except KeyboardInterrupt:
        left = _unfinished(runs)
        for run in left:
            if not run.keep_model:
                shutil.rmtree(run.model_dir, ignore_errors=True)
        done = total - len(left)
        progress.log(f"interrupted: {done} of {total} runs are done; the same command goes on")
        raise


def _unfinished(runs: Iterable[Run]) -> List[Run]:
    return [run for run in runs if read_result(run) is None]


def _do_all(batches: Iterable[Batch], progress: Progress, jobs: int) -> Outcomes:
    outcomes = Outcomes()
    to_do = _to_do(batches, outcomes, progress)
    work = _in_processes(to_do, jobs) if jobs > 1 else _here(to_do, progress)
    for run, result, error in work:
        if result is None:
            outcomes.failures.append(f"{run}: {error}")
            progress.failed(run, error)
        else:
            outcomes.results.append(result)
            progress.done(run, result)
    return outcomes


class Progress:
    """Lines on a screen: which run of how many, its figures, the time left."""

    def __init__(self, total: int, jobs: int, stream: Optional[TextIO] = None) -> None:
        self._line = ProgressLine(stream)
        self._total, self._jobs = total, jobs
        self._finished = self._new = 0
        self._seconds = 0.0
        self.is_terminal = self._line.is_terminal

    def found(self, run: Run) -> None:
        """Counts a run that was done before."""
        self._finished += 1
        self.log(f"{self._head()} {run}: done before")

    def done(self, run: Run, result: Result) -> None:
        """Counts a run that is done now, and logs its figures."""
        self._finished += 1
        self._new += 1
        self._seconds += result.seconds
        measures = read_measures(result.metrics, result.suffixes)
        titles = [
            (keyed("auc", task), entire_space.SHORT.get(task, task or "AUC"))
            for task in result.suffixes
        ]
        figures = "  ".join(
            f"{title} {measures[key]:.4f}"
            for key, title in (*titles, *_OF_TRUTH)
            if key in measures
        )
        left = (self._total - self._finished) * self._seconds / self._new / self._jobs
        self.log(
            f"{self._head()} {run}: {figures}  in {result.seconds:.0f} s, {duration(left)} left"
        )

    def failed(self, run: Run, error: str) -> None:
        """Counts a run that failed."""
        self._finished += 1
        self.log(f"{self._head()} {run}: FAILED: {error}")

    def _head(self) -> str:
        width = len(str(self._total))
        return f"[{self._finished:{width}}/{self._total}]"

    def log(self, text: str) -> None:
        """Writes a line that stays."""
        self._line.event(text)


def _to_do(batches: Iterable[Batch], outcomes: Outcomes, progress: Progress) -> Iterator[List[Run]]:
    """The runs without a result, seed by seed, once their rows are there."""
    for prepare, runs in batches:
        missing = []
        for run in runs:
            result = read_result(run)
            if result is None:
                missing.append(run)
            else:
                outcomes.results.append(result)
                progress.found(run)
        if missing:
            if prepare is not None:
                prepare(progress.log)
            yield missing


def _here(seeds: Iterable[List[Run]], progress: Progress) -> Iterator[Outcome]:
    for runs in seeds:
        for run in runs:
            if not progress.is_terminal:  # a terminal shows the progress of the training
                progress.log(_started(run))
            yield _attempt(run, not progress.is_terminal)


def _in_processes(seeds: Iterable[List[Run]], jobs: int) -> Iterator[Outcome]:
    # spawn: TensorFlow does not survive a fork.
    context = multiprocessing.get_context("spawn")
    futures: List[Future[Outcome]] = []
    with ProcessPoolExecutor(jobs, context, start_worker) as executor:
        try:
            for runs in seeds:
                futures += [executor.submit(attempt_in_worker, run) for run in runs]
                ready = [future for future in futures if future.done()]
                futures = [future for future in futures if future not in ready]
                yield from (future.result() for future in ready)
            yield from (future.result() for future in as_completed(futures))
        except BrokenProcessPool as error:
            raise UserError(
                "a worker process was killed (short of memory?); the same command goes on where "
                "this one stopped, --jobs 1 takes less memory"
            ) from error
        except KeyboardInterrupt:
            executor.shutdown(wait=False, cancel_futures=True)
            workers = multiprocessing.active_children()
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.join()
            raise


def attempt_in_worker(run: Run) -> Outcome:
    """Does a run in a worker process, which alone knows when the run starts."""
    sys.stderr.write(f"{_started(run)}\n")
    sys.stderr.flush()
    return _attempt(run, True)


def _started(run: Run) -> str:
    return f"{run}: started"


def _attempt(run: Run, is_quiet: bool) -> Outcome:
    """Does the run; what a user can cause is handed back as text, a defect is raised."""
    # Late: importing TensorFlow takes 6 s, and the parent of worker processes does without.
    from easy_esmm.comparing.execute import execute  # noqa: PLC0415

    try:
        return run, execute(run, is_quiet), ""
    except UserError as error:
        return run, None, str(error)


def start_worker() -> None:
    """Ctrl-C in a terminal reaches the workers too: they end at once and silently."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    console.start()


def threads_of(jobs: int) -> int:
    """TensorFlow's threads for each of so many processes; 0, its own choice, for one."""
    return max(1, (os.cpu_count() or 1) // jobs) if jobs > 1 else 0
