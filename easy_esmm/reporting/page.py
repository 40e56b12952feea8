"""The page about a trained model."""

from __future__ import annotations

from html import escape
from typing import Callable, List, Tuple

from easy_esmm.reporting.drawing import html
from easy_esmm.reporting.evaluated import Evaluated
from easy_esmm.reporting.sections.calibration import calibration
from easy_esmm.reporting.sections.embeddings import embeddings
from easy_esmm.reporting.sections.head import head
from easy_esmm.reporting.sections.importance import importance
from easy_esmm.reporting.sections.learning import learning
from easy_esmm.reporting.sections.propensities import propensities
from easy_esmm.reporting.sections.ranking import ranking
from easy_esmm.reporting.sections.selection import selection
from easy_esmm.reporting.sections.slice_tables import slice_tables
from easy_esmm.reporting.sections.users import users

_SECTIONS: Tuple[Tuple[str, str, Callable[[Evaluated], str]], ...] = (
    ("learning", "learning", learning),
    ("ranking", "ranking", ranking),
    ("calibration", "reliability", calibration),
    ("selection", "selection", selection),
    ("importance", "importance", importance),
    ("slices", "worst values", slice_tables),
    ("users", "users", users),
    ("propensities", "propensities", propensities),
    ("embeddings", "embeddings", embeddings),
)


def page(of: Evaluated) -> str:
    """HTML that needs no network; what has no meaning for the model is left out, with a line."""
    parts = [(anchor, name, draw(of)) for anchor, name, draw in _SECTIONS]
    shown = [(anchor, name, content) for anchor, name, content in parts if content]
    links: List[Tuple[str, str]] = [("tasks", "tasks"), *((a, n) for a, n, _ in shown)]
    links.append(("config", "config"))
    nav = "".join(f'<a href="#{anchor}">{name}</a>' for anchor, name in links)
    body = [
        f'<nav aria-label="Parts of this page">{nav}</nav>',
        head(of),
        *(content for *_, content in shown),
        _config(of),
    ]
    name = of.config.model_dir.rstrip("/").rpartition("/")[2] or of.config.model_config.model_class
    return html.document(f"Report on {name}", "".join(body))


def _config(of: Evaluated) -> str:
    return html.section(
        "config",
        "Config",
        "The pipeline config as run, with the changes of the command line.",
        html.folded("show the config", f"<pre>{escape(of.config_text)}</pre>"),
    )
