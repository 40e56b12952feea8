"""Sets up the logging of the command-line programs."""

from __future__ import annotations

import logging as python_logging
import os
from typing import Sequence

from absl import flags, logging

from easy_esmm import log_lines


def start(notes: Sequence[str] = ()) -> None:
    """Prints notes on a config, and keeps TensorFlow's own chatter back; call before its import.

    Of TensorFlow, errors remain: 2.15 warns some 20 times of its own tf.estimator, and registers
    CUDA in three more lines. `TF_CPP_MIN_LOG_LEVEL=0` in the environment brings the latter back.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    python_logging.getLogger("tensorflow").setLevel(python_logging.ERROR)
    # Programs have flags of their own; unless absl's are parsed too, it warns of "logging before
    # flag parsing".
    flags.FLAGS.mark_as_parsed()
    logging.use_absl_handler()
    python_logging.captureWarnings(log_lines.is_json())
    logging.get_absl_handler().setFormatter(_Json() if log_lines.is_json() else _Plain())
    logging.set_verbosity(logging.INFO)
    for note in notes:
        logging.info("%s", note)


class _Plain(python_logging.Formatter):
    """The message alone; from warnings on, with its level."""

    def format(self, record: python_logging.LogRecord) -> str:
        message = record.getMessage()
        if record.levelno < python_logging.WARNING:
            return message
        return f"{record.levelname.lower()}: {message}"


class _Json(python_logging.Formatter):
    """One JSON object; a traceback as a field."""

    def format(self, record: python_logging.LogRecord) -> str:
        fields = {"traceback": self.formatException(record.exc_info)} if record.exc_info else {}
        return log_lines.json_line(record.levelname.lower(), record.getMessage(), fields)
