"""formclip: the companion of the clip on the desktop, and its algorithms for Python.

    import formclip as fc

    run = fc.replay("run.imu.csv.xz")
    run.columns["cadence_spm"].mean(), run.summary["mean"], run.cues

The names of the API are those of `formclip.lab.api`, which docs/lab/api.md describes. They are imported when they are
first used, so that `import formclip` alone costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from formclip.ground.version import VERSION as __version__

if TYPE_CHECKING:
    from formclip.lab.api import (
        Capture,
        Cohort,
        Cue,
        FormclipError,
        Given,
        Run,
        Scenario,
        Simulated,
        Store,
        Stored,
        Trace,
        Validation,
        open_store,
        read,
        replay,
        replay_many,
        simulate,
        validate,
        write_trace,
    )

__all__ = [
    "read",
    "replay",
    "replay_many",
    "simulate",
    "validate",
    "open_store",
    "write_trace",
    "Run",
    "Cue",
    "Trace",
    "Capture",
    "Simulated",
    "Scenario",
    "Validation",
    "Cohort",
    "Store",
    "Stored",
    "Given",
    "FormclipError",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'formclip' has no attribute {name!r}")
    import importlib

    value = globals()[name] = getattr(importlib.import_module("formclip.lab.api"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
