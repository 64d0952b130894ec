"""Fits the coefficients of gaitcore.models to traces whose truth is known: `python -m formclip.lab.fitting`.

gather   traces through the clip's own chain, raw numbers beside truth
regress  least squares, partial least squares, whole runners left out
fit      the models, their errors on runners that they never saw, and what was compared with them
bounds   how far the information goes: large models (extra `fit`)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HELD_OUT = Path(__file__).with_name("held_out.json")


def held_out_predictions() -> dict[str, Any] | None:
    """Mean of each trace as predicted by fits that never saw its runner: {"how": text, FIELD: {TRACE: value}}."""
    if not HELD_OUT.is_file():
        return None
    found = json.loads(HELD_OUT.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else None
