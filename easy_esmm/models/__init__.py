"""Models, one a file, found by the config's `model_class`."""

from __future__ import annotations

from easy_esmm.models import aitm as _aitm  # noqa: F401  (registers itself)
from easy_esmm.models import chorus_cvr as _chorus_cvr  # noqa: F401  (registers itself)
from easy_esmm.models import click_space as _click_space  # noqa: F401  (registers itself)
from easy_esmm.models import dbmtl as _dbmtl  # noqa: F401  (registers itself)
from easy_esmm.models import dcmt as _dcmt  # noqa: F401  (registers itself)
from easy_esmm.models import ddpo as _ddpo  # noqa: F401  (registers itself)
from easy_esmm.models import deepfm as _deepfm  # noqa: F401  (registers itself)
from easy_esmm.models import division as _division  # noqa: F401  (registers itself)
from easy_esmm.models import escm2 as _escm2  # noqa: F401  (registers itself)
from easy_esmm.models import esmm as _esmm  # noqa: F401  (registers itself)
from easy_esmm.models import esmm_aitm as _esmm_aitm  # noqa: F401
from easy_esmm.models import esmm_mmoe as _esmm_mmoe  # noqa: F401
from easy_esmm.models import esmm_ple as _esmm_ple  # noqa: F401
from easy_esmm.models import mmoe as _mmoe  # noqa: F401
from easy_esmm.models import multi_task_model as _multi_task_model  # noqa: F401
from easy_esmm.models import multi_tower as _multi_tower  # noqa: F401
from easy_esmm.models import multi_tower_din as _multi_tower_din  # noqa: F401
from easy_esmm.models import nise as _nise  # noqa: F401
from easy_esmm.models import ple as _ple  # noqa: F401
from easy_esmm.models import simple_multi_task as _simple_multi_task  # noqa: F401
from easy_esmm.models import wide_and_deep as _wide_and_deep  # noqa: F401
from easy_esmm.models.model import Model, build, registered

__all__ = ["Model", "build", "registered"]
