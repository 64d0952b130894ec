"""How much simulated runners resemble recorded ones: the table of docs/lab/simulate.md.

python -m formclip.lab.simulate.likeness FOLDER       # the folder that holds rbds/
"""

from __future__ import annotations

import json
import lzma
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from formclip.ground.errors import FormclipError, TraceError
from formclip.lab.simulate.make import simulate
from formclip.lab.simulate.scenario import Scenario

Floats = NDArray[np.float64]

SPEEDS_MPS = (2.5, 3.5, 4.5)
WAVES = ("up, g", "forward, g", "tilt, deg", "drop, deg", "rotation, deg")
FIGURES = ("cadence_spm", "contact_ms", "flight_ms", "vo_cm", "brake_dv_mps")
_SETTLED_S = 20.0
_SHARES = 100


def stride_waves(t_s: Floats, acc_g: Floats, truth: dict[str, Any]) -> Floats:
    """(5, 100): the mean stride from right contact to right contact, rows as WAVES; angles about their mean."""
    body = acc_g @ np.array(truth["sensor_to_body"]).T
    pose = truth["pose"]
    at = pose["t0_s"] + np.arange(len(pose["tilt_deg"])) / pose["rate_hz"]
    signals = [(t_s, body[:, 1]), (t_s, body[:, 0])]
    signals += [(at, np.array(pose[k], dtype=np.float64)) for k in ("tilt_deg", "drop_deg", "rotation_deg")]
    on = [s["on_s"] for s in truth["steps"] if s["side"] == "R" and s["on_s"] > _SETTLED_S]
    share = np.arange(_SHARES) / _SHARES
    rows = []
    for times, values in signals:
        strides = [np.interp(a + (b - a) * share, times, values) for a, b in zip(on, on[1:]) if b - a < 1]
        rows.append(np.mean(strides, axis=0))
    out: Floats = np.array(rows)
    out[2:] -= out[2:].mean(axis=1, keepdims=True)
    return out


@dataclass(frozen=True)
class Likeness:
    """At one speed: per wave the correlation and our size over theirs; per figure ours and theirs, mean and spread.

    As many runners are simulated as the folder holds recorded ones.
    """

    speed_mps: float
    people: int
    correlation: Floats
    size: Floats
    figures: dict[str, tuple[float, float, float, float]]


def recorded(folder: Path, speed_mps: float) -> list[Path]:
    return sorted((folder / "rbds").glob(f"*runT{speed_mps * 10:.0f}.imu.csv.xz"))


def likeness(folder: Path, speed_mps: float) -> Likeness:
    files = recorded(folder, speed_mps)
    if not files:
        raise TraceError("holds no rbds/*.imu.csv.xz", "name the folder that holds rbds/", path=folder)
    waves, truths = [], []
    for path in files:
        truth = json.loads(path.with_name(path.name.replace(".imu.csv.xz", ".truth.json")).read_text(encoding="utf-8"))
        with lzma.open(path, "rt") as file:
            rows = np.loadtxt(file, delimiter=",", skiprows=1)
        waves.append(stride_waves(rows[:, 0], rows[:, 1:4], truth))
        truths.append(truth)
    theirs = np.mean(waves, axis=0)
    traces = [simulate(Scenario(minutes=1, speed_mps=speed_mps, person=p), seed=p) for p in range(1, len(files) + 1)]
    ours = np.mean([stride_waves(t.t_s, t.acc_g, t.truth) for t in traces], axis=0)
    figures = {}
    for key in FIGURES:
        mine, values = ([t[key] for t in group] for group in ([t.truth for t in traces], truths))
        figures[key] = (float(np.mean(mine)), float(np.std(mine)), float(np.mean(values)), float(np.std(values)))
    return Likeness(
        speed_mps,
        len(files),
        np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(ours, theirs)]),
        ours.std(axis=1) / theirs.std(axis=1),
        figures,
    )


def table(results: list[Likeness]) -> str:
    """Markdown."""
    lines = ["| mean stride | " + " | ".join(f"{r.speed_mps:g} m/s" for r in results) + " |"]
    lines.append("| --- |" + " --- |" * len(results))
    for i, name in enumerate(WAVES):
        cells = [f"r {r.correlation[i]:.2f}, size × {r.size[i]:.2f}" for r in results]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for key in FIGURES:
        digits = 3 if key == "brake_dv_mps" else 1
        cells = []
        for r in results:
            mean, spread, their_mean, their_spread = (f"{v:.{digits}f}" for v in r.figures[key])
            cells.append(f"{mean} ± {spread} (people {their_mean} ± {their_spread})")
        lines.append(f"| `{key}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    try:
        if len(sys.argv) != 2:
            raise FormclipError("one folder is needed", "name the folder that holds rbds/")
        print(table([likeness(Path(sys.argv[1]), speed) for speed in SPEEDS_MPS]))
    except FormclipError as error:
        print(f"likeness: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
