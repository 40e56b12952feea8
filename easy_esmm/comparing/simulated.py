"""Simulated rows with planted truth: one data set per seed, written once for all configs."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

from easy_esmm.config.hints import did_you_mean
from easy_esmm.errors import UserError
from easy_esmm.simulation.generator import simulate
from easy_esmm.simulation.settings import Settings
from easy_esmm.simulation.summary import describe
from easy_esmm.simulation.writing import SUMMARY, write_simulation

_SEED = "seed"
_WHOLE = ("rows",)
_WORDS = ("delay",)
_KNOWN = tuple(f.name for f in dataclasses.fields(Settings) if f.name != _SEED)


def parse_settings(text: str) -> Settings:
    """From `--simulate`: `rho=.7,conv_rate=.05`; what is not named has its default.

    Raises UserError for an unknown key, a value that is no number, or an impossible one.
    """
    values: Dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key == _SEED:
            raise UserError(
                "--simulate: seed: is not set here: --seeds names the seeds of the data"
            )
        if key not in _KNOWN:
            hint = did_you_mean(key, _KNOWN)
            known = ", ".join(_KNOWN)
            raise UserError(
                f"--simulate: unknown key '{key}'{f'; {hint}' if hint else ''}; known: {known}"
            )
        values[key] = _number(key, value)
    try:
        return Settings(**values)
    except UserError as error:
        raise UserError(str(error).replace("--", "--simulate: ")) from None


@dataclass(frozen=True)
class DataSet:
    """Files of one seed."""

    folder: Path
    format: str
    """`csv` or `parquet`."""

    @property
    def truth(self) -> str:
        """Truth file of the rows that are evaluated."""
        return str(self.folder / "truth" / "test.truth.parquet")


def data_set(folder: Path, settings: Settings, seed: int, form: str) -> DataSet:
    """Where the rows of a seed are, or will be: other settings have another folder."""
    text = json.dumps([settings.in_effect(), form], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return DataSet(folder / f"seed{seed}-{digest}", form)


def is_written(data: DataSet) -> bool:
    """Whether the files are there; they appear all at once."""
    return (data.folder / SUMMARY).is_file()


def write(data: DataSet, settings: Settings, seed: int) -> None:
    """Simulates the rows of a seed."""
    simulation = simulate(dataclasses.replace(settings, seed=seed))
    write_simulation(simulation, describe(simulation), data.folder, (data.format,))


def _number(key: str, value: str) -> Any:
    if key in _WORDS:
        return value
    kind = int if key in _WHOLE else float
    try:
        return kind(value.replace("_", "")) if value else kind("none")
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise UserError(f"--simulate: {key}: must be {what}, got '{value}'") from None
