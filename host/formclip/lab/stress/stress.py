"""`formclip validate DIR --stress`: recorded runs made harder, daily life made livelier; scored as ever."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.errors import FileError, FormclipError
from formclip.lab.stress.daily import a_day, is_daily, livelier
from formclip.lab.stress.limps import MUST_HOLD
from formclip.lab.stress.motion import Floats, take_apart
from formclip.lab.stress.variants import VARIANTS, Made, Variant, to_csv
from formclip.lab.validate.figure import Figure
from formclip.lab.validate.figures import all_figures
from formclip.lab.validate.run import PROCESSES, in_processes, replay_for_score, trace_name
from formclip.lab.validate.score import Score, score_trace
from formclip.lab.validate.truthfile import load_truth, truth_path

_NEEDED = ("pose", "sensor_to_body", "gyro_bias_dps", "acc_bias_g", "steps", "speed_mps", "cadence_spm")
LIVELIER = ((1.0, 1.0), (1.0, 1.3), (1.1, 1.0), (1.2, 1.0))  # how much quicker, how much stronger
_DAY_S = 3600.0
_DAY_HZ = 104
_WALKS = ("walk slow", "walk quick")
_AS_RECORDED, _IN_A_ROW = "as recorded", "one after another"
_MUST_BE_NOTHING = (_AS_RECORDED, _IN_A_ROW)
NAMES = tuple(variant.name for variant in VARIANTS)
Scores = dict[str, dict[str, Score]]


def choose(paths: list[Path], every: bool = False) -> list[Path]:
    """Traces that can be taken apart; one a person (their speeds in turn) unless `every`."""
    people: dict[str, list[Path]] = {}
    for path in paths:
        truth = load_truth(truth_path(path))
        if all(key in truth for key in _NEEDED):
            people.setdefault(str(truth.get("subject")), []).append(path)
    if not people:
        raise FileError("no run with a pose among the truths", "--stress needs traces as those of rbds")
    if every:
        return [path for own in people.values() for path in own]
    return [own[i % len(own)] for i, own in enumerate(people.values())]


def score_made(made: Made) -> Score:
    """Through a file, as anybody's trace. Steps given before the first true one are invented, too."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "variant.imu.csv"
        path.write_bytes((made.write or to_csv)(made.t_s, made.rows))
        ours = replay_for_score(path)
    score = score_trace(made.truth, ours)
    if "invented" in score:
        score["invented"] += int(np.sum(ours.columns["on_s"] < made.truth["steps"][0]["on_s"] - 1.0))
    return score


def score_variants(task: tuple[Path, tuple[str, ...], tuple[Path, ...]]) -> dict[str, Score]:
    """All variants (by name) of one trace."""
    path, names, walks = task
    motion = take_apart(path, load_truth(truth_path(path)))
    out: dict[str, Score] = {}
    for variant in VARIANTS:
        if variant.name in names:
            rng = np.random.default_rng(zlib.crc32(f"{trace_name(path)} {variant.name}".encode()))
            try:
                out[variant.name] = score_made(variant(motion, rng, walks))
            except FormclipError as error:
                out[variant.name] = {"set": "stress", "subject": "", "error": str(error)}
    return out


def score_stress(
    paths: list[Path],
    names: tuple[str, ...] = NAMES,
    on_done: Callable[[int], None] | None = None,
    processes: int = PROCESSES,
    walks: tuple[Path, ...] = (),
) -> Scores:
    """Variant -> trace -> score."""
    results = list(in_processes(score_variants, [(path, names, walks) for path in paths], on_done, processes))
    labels = [trace_name(path) for path in paths]
    return {name: {label: r[name] for label, r in zip(labels, results, strict=True)} for name in names}


def find_walks(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(p for p in paths if load_truth(truth_path(p)).get("activity") in _WALKS)


# -- daily life -------------------------------------------------------------------------------------------------------


def _steps_in(t_s: Floats, rows: Floats) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "daily.imu.csv"
        path.write_bytes(to_csv(t_s, rows))
        return len(replay_for_score(path).columns["on_s"])


def count_daily(task: tuple[Path, float, float]) -> tuple[int, float]:
    """Steps given and seconds, of one recording."""
    t_s, rows = livelier(*task)
    return _steps_in(t_s, rows), float(t_s[-1] - t_s[0])


def count_day(paths: list[Path]) -> tuple[int, float]:
    t_s, rows = a_day(paths, _DAY_HZ, _DAY_S)
    return _steps_in(t_s, rows), float(t_s[-1])


def count_of_daily(paths: list[Path]) -> int:
    return sum(is_daily(load_truth(truth_path(p))) for p in paths)


def score_daily(
    paths: list[Path], on_done: Callable[[int], None] | None = None, processes: int = PROCESSES
) -> list[dict[str, Any]]:
    """Rows of the second table."""
    daily = [p for p in paths if is_daily(load_truth(truth_path(p)))]
    if not daily:
        return []
    tasks = [(path, quicker, harder) for quicker, harder in LIVELIER for path in daily]
    counts = list(in_processes(count_daily, tasks, on_done, processes))
    out = []
    for k, (quicker, harder) in enumerate(LIVELIER):
        part = counts[k * len(daily) : (k + 1) * len(daily)]
        worst = max(zip(part, daily, strict=True), key=lambda pair: pair[0][0])
        out.append(
            {
                "name": _AS_RECORDED if quicker == harder == 1 else f"{quicker:g} × as quick, {harder:g} × as strong",
                "steps": sum(n for n, _ in part),
                "minutes": sum(s for _, s in part) / 60,
                "worst": trace_name(worst[1]) if worst[0][0] else "none",
            }
        )
    n, seconds = count_day(daily)
    out.append({"name": _IN_A_ROW, "steps": n, "minutes": seconds / 60, "worst": "–"})
    return out


# -- the page ---------------------------------------------------------------------------------------------------------

_INTRO = """# Stress: the same runs, made harder

Written by `formclip validate ../shared/data --stress --out docs/lab/stress.md`. One trace a person, their speeds in
turn, is taken apart into what an ideal sensor on that body would read and how it stood in the world (its truth tells),
changed as a body, a belt, a sensor or a file would change it, sensed again, written as a trace, replayed and scored as
docs/lab/validity.md is. `host/formclip/lab/stress/variants.py` has each change, seeded by the names of trace and
variant: the same code and traces give the same text.

A figure in bold misses its goal; the worst trace stands in brackets. A dash: the change makes that figure meaningless
(time and force of contacts that no person has made, the heading's own turn in a range of rotation). Contact time is
that of the product's own coefficients, which were fitted with these people in.
"""
_LIMPS = """Nobody in the recorded sets limps, so these are simulated ([simulate.md](simulate.md)): each figure is
the spared side's step time or contact against the mean of both. "Third harmonic" is that of the stride in the vertical
at the clip, against the second. Contact time, speed and what follows from them are of models fitted to people who do
not limp; steps, cadence, side and tilt must hold. "s apart" are seconds in which cadence and our own steps differ by
more than 3 steps/min."""
_SHOWN = (
    ("steps_found", "found"),
    ("steps_invented", "invented"),
    ("cadence", "cadence mean, worst"),
    ("initial_contact", "contact SD"),
    ("contact_time", "contact time"),
    ("oscillation", "oscillation"),
    ("tilt", "tilt"),
    ("tilt_range", "tilt range"),
    ("drop_range", "drop range"),
    ("rotation_range", "rotation range"),
    ("side", "side"),
)


def figures_of(scores: dict[str, Score]) -> dict[str, Figure]:
    good = {name: s for name, s in scores.items() if "error" not in s}
    return {f.key: f for f in all_figures(good, None, None)} if good else {}


def _cell(figure: Figure) -> str:
    text = figure.ours.replace("mean ", "").replace("worst ", "")
    if figure.met is False:
        return f"**{text}** ({figure.worst.rpartition('/')[2]})"
    return text


def _missed_of(variant: Variant, part: dict[str, Score]) -> list[Figure]:
    return [
        f
        for key, f in figures_of(part).items()
        if f.met is False and key in dict(_SHOWN) and key not in variant.leave_out
    ]


def _missed_of_gait(part: dict[str, Score]) -> list[Figure]:
    return [f for key, f in figures_of(part).items() if f.met is False and key in MUST_HOLD]


def missed(scores: Scores, daily: list[dict[str, Any]], limps: Scores | None = None) -> list[str]:
    """Names of variants and gaits that miss a goal; of daily life only that as recorded has one: nothing."""
    out = []
    for variant in VARIANTS:
        part = scores.get(variant.name, {})
        if any("error" in s for s in part.values()) or _missed_of(variant, part):
            out.append(variant.name)
    out += [f"limp, {name}" for name, part in (limps or {}).items() if _missed_of_gait(part)]
    return out + [f"daily life, {r['name']}" for r in daily if r["steps"] and r["name"] in _MUST_BE_NOTHING]


def _limps_table(limps: Scores) -> list[str]:
    n = len(next(iter(limps.values())))
    lines = ["", f"## Runners who limp: {len(limps)} gaits of {n} simulated people", "", _LIMPS, ""]
    keys = [_SHOWN[0], _SHOWN[1], _SHOWN[2], ("agreement", "s apart"), *_SHOWN[3:]]
    head = ["gait", "third harmonic", *(title for _, title in keys)]
    lines += ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    for name, part in limps.items():
        figures = figures_of(part)
        sizes = [s["third_harmonic"] for s in part.values()]
        cells = [f"{min(sizes):.2f}–{max(sizes):.2f}", *(_cell(figures[k]) for k, _ in keys)]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return lines


def to_markdown(scores: Scores, daily: list[dict[str, Any]], limps: Scores | None = None) -> str:
    n = len(next(iter(scores.values())))
    lines = [_INTRO, f"## Runs: {len(scores)} variants of {n} traces", ""]
    head = ["variant", *(title for _, title in _SHOWN)]
    lines += ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    leave_out = {v.name: v.leave_out for v in VARIANTS}
    failed = []
    for name, part in scores.items():
        figures = figures_of(part)
        cells = [_cell(figures[k]) if k in figures and k not in leave_out[name] else "–" for k, _ in _SHOWN]
        lines.append("| " + " | ".join([name, *cells]) + " |")
        failed += [f"- {name}, {trace}: {s['error']}" for trace, s in part.items() if "error" in s]
    if failed:
        lines += ["", "Could not be replayed:", "", *failed]
    if limps:
        lines += _limps_table(limps)
    if daily:
        lines += ["", "## Daily life: nothing to be counted", "", "| recordings | steps | minutes | most in |"]
        lines += ["| --- | --- | --- | --- |"]
        lines += [f"| {r['name']} | {r['steps']} | {r['minutes']:.0f} | {r['worst']} |" for r in daily]
        lines += ["", "Played quicker, accelerations grow with the square: past some factor a walk is a run."]
    return "\n".join(lines) + "\n"


def to_text(scores: Scores, daily: list[dict[str, Any]], limps: Scores | None = None) -> str:
    """What missed a goal, for a terminal."""
    lines = []
    for variant in VARIANTS:
        part = scores.get(variant.name)
        if part is None:
            continue
        missed = [f"         {f.title}: {f.ours}; worst: {f.worst}" for f in _missed_of(variant, part)]
        errors = [f"         {trace}: {s['error']}" for trace, s in part.items() if "error" in s]
        lines += [f"{'MISSED' if missed or errors else 'met   '} {variant.name}", *missed, *errors]
    for name, part in (limps or {}).items():
        lost = [f"         {f.title}: {f.ours}; worst: {f.worst}" for f in _missed_of_gait(part)]
        lines += [f"{'MISSED' if lost else 'met   '} limp, {name}", *lost]
    lines += [f"daily life, {r['name']}: {r['steps']} steps in {r['minutes']:.0f} min" for r in daily]
    return "\n".join(lines)
