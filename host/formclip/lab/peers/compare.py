"""Ours and the peers on the same traces, in one run: accuracy and cost.

    python -m formclip.lab.peers DIR [-o FILE.md] [--json]

The rules are those of `formclip validate` (its own functions score). Tilt is judged for all in the same way: each
method's up direction, turned to the body by the true mounting, its mean over the run less its mean over 3 to 10 s of
standing. Ours stands there twice: so judged, and as `replay` writes it, with a mounting it found by itself.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.errors import FormclipError, NotInstalled
from formclip.ground.files import write_whole
from formclip.ground.progress import count_progress
from formclip.ground.trace import Lost, open_trace
from formclip.lab.peers.methods import CONTACTS, INCLINATION, Floats
from formclip.lab.validate.run import find_traces, in_processes, replay_for_score, trace_name
from formclip.lab.validate.score import SETTLE_S, match, score_up, window_cadence
from formclip.lab.validate.truthfile import load_truth, truth_path

_STAND_S = (3.0, 10.0)
OURS = "formclip"
OURS_ALONE = "formclip, mounting found by itself"
Result = dict[str, Any]


def _samples(path: Path) -> tuple[Floats, Floats, Floats, float]:
    """t_s, acc_g (n, 3), gyr_dps (n, 3) and the rate; lost samples held at the last value."""
    trace = open_trace(path)
    parts: list[Floats] = []
    for piece in trace.pieces():
        if isinstance(piece, Lost):
            parts.append(np.repeat(parts[-1][-1:], piece.n, axis=0))
        else:
            parts.append(np.asarray(piece.samples.T, dtype=np.float64))
    rows = np.concatenate(parts)
    return np.arange(len(rows)) / trace.rate_hz, rows[:, :3], rows[:, 3:], float(trace.rate_hz)


def _tilt_error(t_s: Floats, up: Floats, truth: Result) -> float:
    """Error of the run's mean tilt against standing, degrees, by the true mounting."""
    forward, upward, _ = (up @ np.array(truth["sensor_to_body"]).T).T
    tilt = -np.degrees(np.arctan2(forward, upward))
    standing = tilt[(t_s >= _STAND_S[0]) & (t_s < _STAND_S[1])].mean()
    true = [s for s in truth["steps"] if s["on_s"] >= truth["steps"][0]["on_s"] + SETTLE_S]
    running = tilt[(t_s >= true[0]["on_s"]) & (t_s <= true[-1]["off_s"])].mean()
    return (
        float(running - standing - np.mean([s["tilt_minus_standing_deg"] for s in true]))
        if _per_step(truth)
        else float(running - standing - (np.mean([s["tilt_deg"] for s in true]) - truth["standing_tilt_deg"]))
    )


def _per_step(truth: Result) -> bool:
    return "tilt_minus_standing_deg" in truth["steps"][0]


def _score_contacts(contacts_s: Floats, truth: Result) -> Result:
    """Steps found and invented, and cadence error over 4 s windows, from 10 s after the first step."""
    true_s = np.array([s["on_s"] for s in truth["steps"]])
    first_s = true_s[0] + (SETTLE_S if true_s[-1] - true_s[0] > 20 else 0)
    period_s = float(np.median(np.diff(true_s)))
    found, _, offset_s = match(true_s, contacts_s, period_s / 2)
    judged = int((true_s >= first_s).sum())
    shifted = contacts_s - offset_s
    since_s = true_s[true_s >= first_s][0] - period_s / 2
    within = int(((shifted >= since_s) & (shifted <= true_s[-1] + period_s / 2)).sum())
    hit = int((true_s[found] >= first_s).sum())
    errors = []
    for end_s in np.arange(math.ceil(first_s + 4), true_s[-1]):
        ours, true = window_cadence(shifted, end_s, 4.0), window_cadence(true_s, end_s, 4.0)
        if math.isfinite(ours) and math.isfinite(true):
            errors.append(abs(ours - true))
    return {"steps": judged, "found": hit, "invented": max(0, within - hit), "errors": [round(e, 3) for e in errors]}


def compare_file(path: Path) -> Result:
    """All methods on one trace."""
    truth = load_truth(truth_path(path))
    out: Result = {"trace": trace_name(path), "set": truth.get("set"), "tilt": {}, "up": {}, "contacts": {}, "us": {}}
    try:
        t_s, acc_g, gyr_dps, rate_hz = _samples(path)
        began = time.process_time()
        ours = replay_for_score(path, with_up=True)
        out["us"][OURS] = 1e6 * (time.process_time() - began) / len(t_s)
    except FormclipError as error:
        return {**out, "error": str(error)}
    running = bool(truth.get("steps"))
    has_up = running and "sensor_to_body" in truth
    if has_up:
        up = np.stack([np.interp(t_s, ours.up_t_s, ours.up[:, k]) for k in range(3)], axis=1)
        out["tilt"][OURS] = _tilt_error(t_s, up, truth)
        on_s, tilt = ours.columns["on_s"], ours.columns["tilt_deg"]
        late = on_s >= truth["steps"][0]["on_s"] + SETTLE_S
        out["tilt"][OURS_ALONE] = float(np.nanmean(tilt[late])) - truth["tilt_minus_standing_deg"]
    if "up_in_sensor" in truth:
        out["up"][OURS] = score_up(truth, ours)
    if has_up or "up_in_sensor" in truth:
        for name, method in INCLINATION.items():
            began = time.process_time()
            up = method(acc_g, gyr_dps, rate_hz)
            out["us"][name] = 1e6 * (time.process_time() - began) / len(t_s)
            if has_up:
                out["tilt"][name] = _tilt_error(t_s, up, truth)
            else:
                out["up"][name] = score_up(truth, type(ours)({}, ours.up_t_s, ours.up_t_s, t_s, up, t_s[-1]))
    _compare_contacts(out, truth, ours, t_s, acc_g, rate_hz)
    return out


def _compare_contacts(out: Result, truth: Result, ours: Any, t_s: Floats, acc_g: Floats, rate_hz: float) -> None:
    running, idle = bool(truth.get("steps")), truth.get("running") is False
    if not (running or idle):
        return
    body_g, start_s = acc_g, 0.0
    if running:
        if "sensor_to_body" in truth:
            body_g = acc_g @ np.array(truth["sensor_to_body"]).T
        # They ask for a gait sequence in body axes (up, right, forward): the run is cut out for them by truth.
        start_s = max(0.0, truth["steps"][0]["on_s"] - 0.5)
        body_g = body_g[t_s >= start_s][:, [1, 2, 0]]
    found = {OURS: ours.columns["on_s"]}
    for name, method in CONTACTS.items():
        try:
            began = time.process_time()
            found[name] = method(body_g, rate_hz) + start_s
            out["us"][name] = 1e6 * (time.process_time() - began) / len(body_g)
        except Exception as error:  # a peer that can't take this trace has found nothing in it
            found[name] = np.zeros(0)
            out.setdefault("failed", {})[name] = f"{type(error).__name__}: {error}"
    for name, contacts_s in found.items():
        out["contacts"][name] = _score_contacts(contacts_s, truth) if running else {"idle": len(contacts_s)}


def _rms(values: Iterable[float]) -> float:
    return float(np.sqrt(np.mean(np.square(list(values)))))


def tables(results: list[Result]) -> Result:
    """What the page shows: per method, over all traces."""
    inclination: Result = {}
    for name in (OURS, OURS_ALONE, *INCLINATION):
        errors = {r["trace"]: r["tilt"][name] for r in results if name in r["tilt"]}
        ups = [r["up"][name]["rms_deg"] for r in results if r["up"].get(name)]
        cost = [r["us"][name] for r in results if name in r["us"]]
        if errors:
            worst = max(errors, key=lambda trace: abs(errors[trace]))
            inclination[name] = {
                "traces": len(errors),
                "tilt_rmse_deg": _rms(errors.values()),
                "tilt_worst_deg": errors[worst],
                "worst": worst,
                "up_rms_deg": _rms(ups) if ups else None,
                "us_per_sample": float(np.median(cost)) if cost else None,
            }
    contacts: Result = {}
    for name in (OURS, *CONTACTS):
        ran = [r["contacts"][name] for r in results if "steps" in r["contacts"].get(name, {})]
        idle = [r["contacts"][name]["idle"] for r in results if "idle" in r["contacts"].get(name, {})]
        if not ran:
            continue
        steps = sum(r["steps"] for r in ran)
        errors_spm = [e for r in ran for e in r["errors"]]
        cost = [r["us"][name] for r in results if name in r["us"]]
        contacts[name] = {
            "traces": len(ran),
            "found_percent": 100 * sum(r["found"] for r in ran) / steps,
            "invented_percent": 100 * sum(r["invented"] for r in ran) / steps,
            "cadence_mean_spm": float(np.mean(errors_spm)) if errors_spm else None,
            "cadence_worst_spm": float(np.max(errors_spm)) if errors_spm else None,
            "idle_steps": sum(idle),
            "idle_traces": len(idle),
            "us_per_sample": float(np.median(cost)) if cost else None,
        }
    return {"inclination": inclination, "contacts": contacts}


def _shown(value: float | None, digits: int, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.{digits}f}".replace("-", "−")


def to_markdown(told: Result) -> str:
    """docs/lab/compare.md, all but the costs reproducible to the digit."""
    lines = [
        "# Ours beside other methods",
        "",
        "Made by `make compare` on `../shared/data`; do not edit. The rules of scoring are those of",
        "docs/lab/validity.md. What each peer is given stands in `host/formclip/lab/peers/methods.py`: more than",
        "ours gets (the standing bias, the true mounting, the run cut out). mobgap and scikit-digital-health were",
        "made for walking: they are what a runner's data would meet in the open libraries of the field. Costs are",
        "this machine's processor time a sample, reading included for ours, and differ from run to run.",
        "",
        "## Inclination",
        "",
        "`rbds`, `hamner`: mean tilt of a run less standing. `broad`: up direction of a sensor moved by hand.",
        "",
        "| method | traces | tilt − standing, RMSE, ° | worst, ° | worst trace | up on broad, RMS, ° | µs a sample |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in told["inclination"].items():
        lines.append(
            f"| {name} | {row['traces']} | {_shown(row['tilt_rmse_deg'], 2)} | {_shown(row['tilt_worst_deg'], 2, '+')} "
            f"| {row['worst']} | {_shown(row['up_rms_deg'], 2)} | {_shown(row['us_per_sample'], 1)} |"
        )
    lines += [
        "",
        "## Steps and cadence",
        "",
        "Traces with true contacts (`rbds`, `hamner`, `alcantara`); last but one: contacts where nobody runs.",
        "Ours decides by itself whether somebody runs; the others do not, so theirs says what they would add to a log.",
        "",
        "| method | traces | found | invented | cadence over 4 s: mean | worst | where nobody runs | µs a sample |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in told["contacts"].items():
        lines.append(
            f"| {name} | {row['traces']} | {row['found_percent']:.1f} % | {row['invented_percent']:.1f} % | "
            f"{_shown(row['cadence_mean_spm'], 2)} | {_shown(row['cadence_worst_spm'], 1)} | "
            f"{row['idle_steps']} in {row['idle_traces']} | {_shown(row['us_per_sample'], 1)} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m formclip.lab.peers", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path, help="folder of traces with truth")
    parser.add_argument("-o", "--out", type=Path, help="write the page there, and its figures as JSON beside it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        try:
            import ahrs  # type: ignore[import-not-found, import-untyped, unused-ignore] # noqa: F401
            import vqf  # type: ignore[import-not-found, import-untyped, unused-ignore] # noqa: F401
        except ModuleNotFoundError as error:
            raise NotInstalled(
                f"{error.name} is not installed", "run `make compare`, which installs the peers"
            ) from error
        paths = find_traces(given.folder)
        with count_progress("comparing", len(paths)) as shown:
            results = list(in_processes(compare_file, paths, shown))
    except FormclipError as error:
        print(f"formclip: {error}", file=sys.stderr)
        return error.exit_code
    told = tables(results)
    for result in results:
        for name, why in result.get("failed", {}).items():
            print(f"{result['trace']}: {name} could not take it ({why})", file=sys.stderr)
    if given.json:
        print(json.dumps(told, indent=1))
    else:
        print(to_markdown(told))
    if given.out:
        write_whole(given.out, to_markdown(told))
        write_whole(given.out.with_suffix(".json"), json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return 0
