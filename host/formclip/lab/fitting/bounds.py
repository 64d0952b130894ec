"""How far the information goes: large models on everything that the chain has, whole runners left out.

Needs scikit-learn, the extra `fit`. Nothing here goes into the product.
"""

from __future__ import annotations

import importlib.util
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import NotInstalled
from formclip.lab.fitting.gather import HARMONIC_NAMES
from formclip.lab.fitting.points import Points
from formclip.lab.fitting.regress import rms

Floats = NDArray[np.float64]

HEAD = ("contact time, ms", "speed, %", "braking, m/s", "heel ahead, cm")
_LOGS = ("period_ms", "width_ms", "fwd_g", "peak_g", "rec_vo_cm", "rec_tilt_range_deg", "rec_drop_range_deg",
         "rec_rotation_range_deg")  # fmt: skip


def _left_out(make: Any, x: Floats, y: Floats, runners: list[str]) -> Floats:
    who = np.array(runners)
    out = np.full(len(y), np.nan)
    for runner in sorted(set(runners)):
        k = who == runner
        mean, scale = x[~k].mean(axis=0), x[~k].std(axis=0)
        centre = y[~k].mean()
        model = make().fit((x[~k] - mean) / scale, y[~k] - centre)
        out[k] = centre + model.predict((x[k] - mean) / scale)
    return out


def large_models(run: Points) -> list[list[str]]:
    """One row per kind of model, one column per figure of HEAD."""
    if importlib.util.find_spec("sklearn") is None:
        raise NotInstalled("scikit-learn is not installed", "pip install -e '.[fit]'")
    ensemble, linear, process, kernels = (
        importlib.import_module("sklearn." + part)
        for part in ("ensemble", "linear_model", "gaussian_process", "gaussian_process.kernels")
    )
    smooth = kernels.ConstantKernel(1.0) * kernels.RBF(10.0, (1.0, 300.0))
    kernel = smooth + kernels.DotProduct() + kernels.WhiteKernel(0.1)
    kinds = {
        "ridge": lambda: linear.RidgeCV(np.logspace(-1, 4, 11)),
        "Gaussian process": lambda: process.GaussianProcessRegressor(kernel, normalize_y=True),
        "gradient boosting": lambda: ensemble.GradientBoostingRegressor(
            n_estimators=300, learning_rate=0.05, max_depth=2, subsample=0.7, random_state=0
        ),
        "extremely random trees": lambda: ensemble.ExtraTreesRegressor(300, random_state=0),
    }
    columns = [*HARMONIC_NAMES, *("ln " + name for name in _LOGS)]
    x = run.matrix(columns)
    truth = {name: run[name] for name in ("true_contact_ms", "speed_mps", "true_brake", "true_heel")}
    rows = []
    for kind, make in kinds.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours = {n: np.exp(_left_out(make, x, np.log(y), run.runners)) for n, y in truth.items()}
        rows.append(
            [
                f"{kind}, {len(columns)} inputs",
                f"{rms(ours['true_contact_ms'] - truth['true_contact_ms']):.1f}",
                f"{100 * rms(ours['speed_mps'] / truth['speed_mps'] - 1):.1f}",
                f"{rms(ours['true_brake'] - truth['true_brake']):.4f}",
                f"{rms(ours['true_heel'] - truth['true_heel']):.1f}",
            ]
        )
    return rows
