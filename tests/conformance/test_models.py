"""Models in the schema, in the registry, in the samples and in the docs are the same ones."""

from __future__ import annotations

from pathlib import Path

from easy_esmm import config as configs
from easy_esmm import models
from easy_esmm.config.models import MODELS
from easy_esmm.config.support import is_closed_off
from easy_esmm.protos.model_pb2 import ModelConfig
from tests.conformance import table

DOCS = Path(__file__).resolve().parents[2] / "docs" / "models"
PAGES = {"multi_task_model": "model_params"}
"""Page -> the member that holds the model's parameters, where they differ."""


def test_a_model_is_in_schema_registry_samples_and_docs_or_in_none() -> None:
    members = ModelConfig.DESCRIPTOR.oneofs_by_name["model"].fields
    in_schema = {field.name for field in members if not is_closed_off(field)}
    registered = {MODELS[name] for name in models.registered()}
    loaded = [configs.load(str(table.SAMPLES / f"{name}.config")) for name in table.NAMES]
    in_samples = {MODELS[pipeline.config.model_config.model_class] for pipeline in loaded}
    in_docs = {PAGES.get(page.stem, page.stem) for page in DOCS.glob("*.md")}
    assert in_schema == registered == in_samples == in_docs
    assert set(MODELS) == set(models.registered())
