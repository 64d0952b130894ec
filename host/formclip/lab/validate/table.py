"""The scores as Markdown: the figures, then per set, then per trace. No dates, no times: same input, same text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from formclip.ground.text import counted
from formclip.lab.validate.figure import Figure
from formclip.lab.validate.figures import all_figures

Score = dict[str, Any]

_MARK = {True: "met", False: "**missed**", None: "–"}
_INTRO = """# Validity: what replay gives against what is known

Written by `make validate` (`formclip validate ../shared/data`). Nothing here is a date or a time of the machine: the
same code and traces give the same text. The traces are those of real people and of a hand-moved sensor whose truth came
from force treadmills and optical motion capture; where they come from stands in their own README. Cues and drift are
scored on simulated runs, whose truth is what was put in (`host/formclip/lab/validate/simulated.py`).
[stress.md](stress.md) has the same runs made harder in known ways.

How it is scored:

- Each trace is replayed as `formclip replay` does it, with default settings, calibrated by the trace's own standing.
  What is compared are the quantised values of the clip's log.
- From 10 s after the first true step on; all of it where the running lasts less than 20 s.
- Steps are matched one to one within half a step, after a constant offset of the trace (the median) is taken out.
- Cadence: each value of `cadence.csv` whose 4 s lie within the truth, against the true contacts in those 4 s. In
  every trace with running, also each value against our own steps of those 4 s.
- Stairs run up for five seconds twice (`lmu_033`, 178 to 196 s; no label, the ankle sensor suggests a run) count
  neither as running nor as none.
- Ranges: those of the true pose from a contact to the next of the same foot.
- "Worst" names the worst trace; "mean of each" is one value a trace, "step by step" one value a step. "Others" is what
  a plain method or a peer gets on the same traces (`make compare` runs peers).
"""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


# What a plain method or a peer gets on the same traces, as the design notes of this project give it.
_BASELINE = {
    "cadence": "autocorrelation 0.58 / 1.6; naive peaks +50 %",
    "contact_time": "threshold: bias −15, SD 26 ms; literature about 20 ms",
    "oscillation": "perfect orientation 0.2 mm; sensors 2–10 mm",
    "tilt": "VQF 2.1° / 4.6°",
    "up": "VQF 0.5°, Madgwick 3°, Mahony 4°",
    "side": "single-step literature 82 %",
    "braking": "pelvis acceleration |r| ≤ 0.3; cadence alone 0.7–0.85",
}


def _by_set(scores: dict[str, Score]) -> dict[str, dict[str, Score]]:
    sets: dict[str, dict[str, Score]] = {}
    for name, score in scores.items():
        if "error" not in score:
            sets.setdefault(str(score["set"]), {})[name] = score
    return sets


def figures_by_set(scores: dict[str, Score], held_out: dict[str, Any] | None) -> dict[str, list[Figure]]:
    """The figures that each set of traces alone gives."""
    return {
        name: [figure for figure in all_figures(part, None, held_out) if figure.ours != "–"]
        for name, part in _by_set(scores).items()
    }


def figures_table(figures: list[Figure], with_baseline: bool = False) -> list[str]:
    head = ["figure", "goal", "ours", "worst", "goal met", "on what"]
    rows = [[f.title, f.goal, f.ours, f.worst, _MARK[f.met], f.note] for f in figures]
    if with_baseline:
        head.insert(2, "others")
        for figure, row in zip(figures, rows, strict=True):
            row.insert(2, _BASELINE.get(figure.key, ""))
    return _table(head, rows)


def _value(score: Score, field: str, key: str, digits: int, scale: float = 1.0, sign: bool = False) -> str:
    part = score.get(field)
    if not isinstance(part, dict) or part.get(key) is None or math.isnan(part[key]):
        return ""
    return f"{scale * part[key]:{'+' if sign else ''}.{digits}f}"


_COLUMNS: tuple[tuple[str, Callable[[Score], str]], ...] = (
    ("steps", lambda s: f"{s['found']}/{s['true_steps']} +{s['invented']}" if "found" in s else str(s["steps_given"])),
    ("cadence mean, worst", lambda s: _pair(s, "cadence") or _pair(s, "cadence_10s")),
    ("contact SD", lambda s: f"{s['contact_spread_ms']:.1f}" if "contact_spread_ms" in s else ""),
    ("offset", lambda s: f"{s['contact_offset_ms']:+.1f}" if "contact_offset_ms" in s else ""),
    ("contact ms", lambda s: _value(s, "contact_ms", "bias", 1, sign=True)),
    ("osc. mm", lambda s: _value(s, "vo_cm", "rmse_steps", 1, 10)),
    ("tilt °", lambda s: _value(s, "tilt_deg", "bias", 2, sign=True)),
    ("tilt range °", lambda s: _value(s, "tilt_range_deg", "rmse_steps", 2)),
    ("drop range °", lambda s: _value(s, "drop_range_deg", "rmse_steps", 2)),
    ("rotation range °", lambda s: _value(s, "rotation_range_deg", "rmse_steps", 2)),
    ("side %", lambda s: f"{100 * s['side']['right'] / max(1, s['side']['n']):.0f}" if "side" in s else ""),
    ("braking m/s", lambda s: _value(s, "braking_mps", "bias", 3, sign=True)),
    ("speed m/s", lambda s: _value(s, "speed_mps", "bias", 2, sign=True)),
    ("up °", lambda s: _value(s, "up", "rms_deg", 2)),
)


def _pair(score: Score, field: str) -> str:
    part = score.get(field)
    if not isinstance(part, dict) or not part.get("windows"):
        return ""
    return f"{part['mean_error']:.2f}, {part['worst']:.2f}"


def traces_table(scores: dict[str, Score]) -> list[str]:
    """One row a trace; columns that are empty throughout are left out."""
    rows = []
    for name, score in scores.items():
        label = name.partition("/")[2] or name
        if "of_activity" in score:
            label += f" ({score['of_activity']})"
        rows.append([label] + [cell(score) if "error" not in score else "" for _, cell in _COLUMNS])
    head = ["trace"] + [title for title, _ in _COLUMNS]
    used = [i for i in range(len(head)) if i == 0 or any(row[i] for row in rows)]
    return _table([head[i] for i in used], [[row[i] for i in used] for row in rows])


def to_markdown(
    scores: dict[str, Score], figures: list[Figure], held_out: dict[str, Any] | None, plots: tuple[str, ...] = ()
) -> str:
    lines = [_INTRO, "## The figures", "", *figures_table(figures, True), ""]
    judged = [f for f in figures if f.met is not None]
    met = sum(bool(f.met) for f in judged)
    lines += [f"{met} of {len(judged)} goals met on {len(scores)} traces.", ""]
    failed = {name: score["error"] for name, score in scores.items() if "error" in score}
    if failed:
        lines += ["Could not be read:", "", *(f"- {name}: {why}" for name, why in failed.items()), ""]
    if plots:
        lines += [
            "## Truth against estimate",
            "",
            "Bland-Altman: difference over mean, with its mean and limits of agreement (± 1.96 SD). Where there is a",
            "fitted model, the prediction of a fit that never saw the runner.",
            "",
            *(f"![{name.rpartition('/')[2].removesuffix('.svg')}]({name})" for name in plots),
            "",
        ]
    lines += ["## Per set", ""]
    for which, own in figures_by_set(scores, held_out).items():
        if own:
            lines += [f"### {which}", "", *figures_table(own), ""]
    lines += [
        "## Per trace",
        "",
        "Steps: found / true, + invented (steps given, where there is no truth of them). Contact, tilt, braking and",
        "speed: mean error of the trace. Oscillation and ranges: RMSE step by step. Contact SD and offset: of initial",
        "contact, ms. Cadence: against contacts, or against the truth file's 10 s windows where there are none.",
        "",
    ]
    for which, part in _by_set(scores).items():
        lines += [f"### {which}", "", *traces_table(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def to_text(figures: list[Figure]) -> str:
    """The figures for a terminal of 80 columns."""
    lines = []
    unknown = [figure for figure in figures if figure.ours == "–"]
    for figure in figures:
        if figure in unknown:
            continue
        mark = {True: "met   ", False: "MISSED", None: "      "}[figure.met]
        lines.append(f"{mark} {figure.title}: {figure.ours}")
        tail = f"worst: {figure.worst}" if figure.worst != "–" else figure.note
        lines.append(f"         goal {figure.goal}; {tail}")
    if unknown:
        lines.append(f"{counted(len(unknown), 'figure')} more have no truth here, or were left out")
    return "\n".join(lines)
