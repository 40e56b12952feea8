"""Asks a model that TensorFlow Serving serves, by gRPC or REST. Without TensorFlow."""

from __future__ import annotations

import logging
import threading
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from easy_esmm.config import ConfigError
from easy_esmm.config.parse import parse
from easy_esmm.config.resolve import resolve
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.client import ranking
from easy_esmm.serving.client.asking import Asking
from easy_esmm.serving.client.inputs import inputs_of
from easy_esmm.serving.client.lists import ListColumns, list_columns
from easy_esmm.serving.client.retries import Deadline
from easy_esmm.serving.client.signatures import Signature
from easy_esmm.serving.client.tables import Table, require_columns, table_of
from easy_esmm.serving.client.transport import ModelChoice, open_transport
from easy_esmm.serving.names import DEFAULT, RANK

Scores = Union[Dict[str, NDArray[Any]], pd.DataFrame]
"""Output key -> array [rows]; of a DataFrame, a DataFrame with its index."""

_LONGEST_DEADLINE = 100_000
_LOG = logging.getLogger("easy_esmm.serving.client")


class Client:
    """A model on a server. Threads may share one; use it as a context manager, or close it.

    The model's own signature says which columns it takes and of which types, and is asked for once.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str = "model",
        version: Optional[int] = None,
        label: Optional[str] = None,
        deadline: float = 10.0,
        retries: int = 3,
        rows_per_request: int = 1000,
        in_flight: int = 4,
        strict: bool = False,
        pipeline_config: Optional[str] = None,
        separators: Optional[Mapping[str, str]] = None,
        outputs: Optional[Mapping[str, str]] = None,
        headers: Optional[Mapping[str, str]] = None,
        credentials: Any = None,
    ) -> None:
        """Connects at the first call.

        Args:
          address: `host:8500` for gRPC, `http://host:8501` or `https://...` for REST.
          model: its name on the server.
          version: a number; label: a label of the server's config. Neither: the newest version.
          deadline: seconds for a call of `predict` or `rank`, with all its requests and retries.
          retries: how often a request is sent again that failed because the server was not there
            or was too busy (UNAVAILABLE, a broken connection, HTTP status 429 and 503). No other
            failure is retried: it would fail again, or has used up the time.
          rows_per_request: more rows are sent as several requests.
          in_flight: of which so many are under way at a time.
          strict: refuse columns that the model does not take. Else they are left out, which is
            told once.
          pipeline_config: `assets/pipeline.config` of the export. It tells how lists are joined to
            text, which a signature does not.
          separators: the same for columns of ids, without the config: column -> separator.
          outputs: for `rank`: `pctr`, `pcvr` or `pctcvr` -> the model's output, where these are
            not `probs_ctr`, `probs_cvr` and `probs_ctcvr`, and no pipeline_config tells them.
          headers: sent with each request (gRPC: metadata).
          credentials: of grpc.ssl_channel_credentials, for gRPC over TLS.

        Raises:
          UserError: an argument that cannot be meant, or a package is not installed.
        """
        _require(version is None or label is None, "version and label: give one of them, got both")
        _require_time(deadline)
        _require(retries >= 0, f"retries: must be 0 or more, got {retries}")
        for name, count in (("rows_per_request", rows_per_request), ("in_flight", in_flight)):
            _require(count > 0, f"{name}: must be 1 or more, got {count}")
        config = _resolved(pipeline_config) if pipeline_config else None
        self._lists = list_columns(config) if config else ListColumns(dict(separators or {}))
        self._expected = ranking.expected_outputs(config) if config else ranking.NAMES
        self._named = dict(outputs or {})
        self._model = ModelChoice(model, version, label)
        self._asking = Asking(
            open_transport(address, headers=headers, credentials=credentials),
            self._model,
            retries=retries,
            rows_per_request=rows_per_request,
            in_flight=in_flight,
        )
        self._deadline, self._strict = deadline, strict
        self._lock = threading.Lock()
        self._told: Set[Tuple[str, ...]] = set()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. A call that is under way fails."""
        self._asking.close()

    def signatures(self) -> Mapping[str, Signature]:
        """What the model takes and gives, by the names of its signatures."""
        return self._asking.signatures(Deadline.of(self._deadline))

    def predict(
        self,
        rows: Any,
        *,
        signature: str = DEFAULT,
        deadline: Optional[float] = None,
    ) -> Scores:
        """The model's outputs for rows, in their order.

        Args:
          rows: a list of dicts, a dict of columns, or a DataFrame. None, NaN and NA are missing
            values; a column that is not there is an error.
          signature: of the model.
          deadline: seconds, in place of the client's.

        Returns:
          Output key -> array [rows]; for a DataFrame, a DataFrame with its index.

        Raises:
          UserError: a missing column, or a value that its input cannot take, with row and column.
          RequestError: the server refused, or was not reached in time.
        """
        until = self._until(deadline)
        spec = self._asking.signature(signature, until)
        _require(not spec.of_the_user, f"signature: {signature} takes one user: call rank")
        table = table_of(rows)
        names = list(spec.inputs) if table.size else []
        require_columns(names, table)
        self._tell_unused([name for name in table.columns if name not in spec.inputs], "rows")
        inputs = inputs_of(table, spec.inputs, self._lists, names)
        scores = self._asking.ask(signature, spec, {}, inputs, table.size, until)
        return scores if table.index is None else pd.DataFrame(scores, index=table.index)

    def rank(
        self,
        user: Mapping[str, Any],
        items: Any,
        score: str = "pctcvr",
        *,
        order: str = "best",
        not_finite: str = "refuse",
        deadline: Optional[float] = None,
    ) -> Scores:
        """pCTR, pCVR, pCTCVR and a score of items for one user.

        The signature `rank` is asked, which takes the user's columns once, if the model has it and
        `user` holds all of them; else `serving_default`, with the user repeated. The answers are
        the same.

        Args:
          user: column -> value. Columns that are the same for all items may stand here.
          items: a list of dicts, a dict of columns, or a DataFrame; no column of `user`.
          score: a formula such as `pctr * pcvr ** 0.7 * price`, of `pctr`, `pcvr`, `pctcvr`, other
            outputs of the model, and columns of numbers of the items.
          order: `best`: the highest score first, equal ones in the order of the items; `given`: in
            the order of the items.
          not_finite: what becomes of items whose score is NaN or infinite: `refuse`: an error;
            `last`: they go behind all others, best first.
          deadline: seconds, in place of the client's.

        Returns:
          `position` (int64: place in `items`), `pctr`, `pcvr` and `pctcvr`, as far as the model
          has them, `unreadable_values` and outputs that the formula reads, and `score` (float64),
          each an array [items]. For a DataFrame, a DataFrame with the index of the items.

        Raises:
          UserError, RequestError: as `predict`, and for a formula that cannot be read.
        """
        for argument, value, known in (
            ("order", order, ("best", "given")),
            ("not_finite", not_finite, ("refuse", "last")),
        ):
            _require(value in known, f"{argument}: must be {' or '.join(known)}, got {value!r}")
        _require(isinstance(user, Mapping), f"user: must be a dict, got {type(user).__name__}")
        until = self._until(deadline)
        who, what = table_of([user], "user"), table_of(items, "items")
        both = [name for name in user if name in what.columns or name in what.gaps]
        _require(not both, f"user, items: {_some(both)} stand in both; give each in one")
        name, spec = self._ranking_signature(who, until)
        outputs = ranking.outputs_of(spec, self._expected, self._named)
        if what.size == 0:
            return _as_given(ranking.nothing(spec, outputs), what)
        formula = ranking.Score(score, outputs, what)
        all_columns = Table({**what.columns, **who.columns}, what.size, gaps=what.gaps)
        require_columns(list(spec.inputs), all_columns, "user, items")
        read = {*spec.inputs, *formula.columns}
        self._tell_unused([key for key in all_columns.columns if key not in read], "user, items")
        of_user = [key for key in spec.inputs if key in user]
        of_items = [key for key in spec.inputs if key not in user]
        once = inputs_of(who, spec.inputs, self._lists, of_user)
        each = inputs_of(what, spec.inputs, self._lists, of_items)
        for key in of_user:
            if key not in spec.of_the_user:
                each[key] = np.repeat(once.pop(key), what.size, axis=0)
        scores = self._asking.ask(name, spec, once, each, what.size, until)
        return _as_given(formula.ranked(scores, order == "best", not_finite == "last"), what)

    def _until(self, deadline: Optional[float]) -> Deadline:
        if deadline is not None:
            _require_time(deadline)
        return Deadline.of(self._deadline if deadline is None else deadline)

    def _ranking_signature(self, user: Table, until: Deadline) -> Tuple[str, Signature]:
        rank = self._asking.signatures(until).get(RANK)
        of_the_user = rank.of_the_user if rank is not None else ()
        if rank is not None and of_the_user and set(of_the_user) <= set(user.columns):
            return RANK, rank
        return DEFAULT, self._asking.signature(DEFAULT, until)

    def _tell_unused(self, columns: Sequence[str], name: str) -> None:
        """Says once, or as an error, which columns the model does not take."""
        unused = tuple(columns)
        if not unused:
            return
        text = f"{name}: {self._model} does not take {_some(unused)}"
        if self._strict:
            raise UserError(f"{text}; leave out what it does not take, or strict")
        with self._lock:
            is_new = unused not in self._told
            self._told.add(unused)
        if is_new:
            _LOG.warning("%s, left out; this is told once", text)


def _resolved(path: str) -> PipelineConfig:
    """The config of an export. Its rules held when it was exported; its files need not be here."""
    parsed = parse(path)
    if parsed.problems:
        raise ConfigError(parsed.problems)
    return resolve(parsed.config, parsed.places).config


def _as_given(ranked: Dict[str, NDArray[Any]], items: Table) -> Scores:
    """A DataFrame with the items' index, if they were one."""
    if items.index is None:
        return ranked
    return pd.DataFrame(ranked, index=items.index.take(ranked["position"]))


def _require_time(deadline: float) -> None:
    wanted = f"deadline: must be above 0 and at most {_LONGEST_DEADLINE:,} seconds"
    _require(0 < deadline <= _LONGEST_DEADLINE, f"{wanted}, got {deadline}")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UserError(message)


def _some(names: Sequence[str], most: int = 10) -> str:
    shown: List[str] = [f"'{name}'" for name in names[:most]]
    if len(names) > most:
        shown.append(f"and {len(names) - most} more")
    return ", ".join(shown)
