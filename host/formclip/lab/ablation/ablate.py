"""`python -m formclip.lab.ablation.ablate [DATA]`: what each part of the signal chain buys, by leaving it out.

Each ablation of `ablations.py` is put into this process, the recordings with truth and some simulated runs are
replayed and scored by the rules of `formclip validate`, and it is taken out again. No number of docs/lab/ablation.md is
typed by hand; the same code and traces give the same text.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.errors import FileError, FormclipError, from_os_error
from formclip.ground.progress import count_progress
from formclip.ground.trace import Trace
from formclip.ground.trace.reader import Piece
from formclip.lab.ablation import ablations as ab
from formclip.lab.simulate import Scenario, Segment, Turn, write
from formclip.lab.validate.figures import all_figures
from formclip.lab.validate.run import PROCESSES, find_traces, in_processes, replay_for_score, trace_name
from formclip.lab.validate.score import Ours, Score, match, score_trace
from formclip.lab.validate.truthfile import load_truth, truth_path

Numbers = dict[str, float | None]
Result = dict[str, Any]  # {"traces": {name: score}, "made": {kind: {run: score}}}

# A figure has changed when it differs by more than this share, and as it is written; the largest error of a run, which
# is one moment, by more.
_TOLD = 0.05
_TOLD_LARGEST = 0.1
_SMOOTH = 14  # steps, about 5 s: what is left of a tilt error after the cue engine's own averaging
_MINUTES = 3.0
_PEOPLE = ((3, 2.6), (8, 3.8))  # simulated runners and their speeds, m/s: neither is what the leveller starts from
_WORN: dict[str, Any] = {
    "minutes": _MINUTES,
    "mounting_deg": (4.0, -6.0, 8.0),
    "gyro_bias_dps": (2.0, -4.0, 3.0),
    "acc_bias_g": (0.004, -0.006, 0.005),
}
_SPEEDS_MPS = (2.5, 4.0, 2.5, 4.0, 2.5, 4.0)

MADE: dict[str, dict[str, Any]] = {
    "turns": {"turns": tuple(Turn(30.0 + 15.0 * i, 3.0, 90.0) for i in range(9))},
    "bends": {"turns": tuple(Turn(30.0 + 40.0 * i, 25.0, 180.0) for i in range(4))},
    "pace": {
        "segments": tuple(
            Segment(20.0 + 25.0 * i, 45.0 + 25.0 * i, speed_mps=speed) for i, speed in enumerate(_SPEEDS_MPS)
        )
    },
    "stops": {
        "segments": (
            Segment(40.0, 48.0, "standing"),
            Segment(75.0, 90.0, "walking"),
            Segment(115.0, 118.0, "standing"),
            Segment(145.0, 155.0, "walking"),
        )
    },
    "warming": {"gyro_warmup_dps": (0.9, -0.9, 0.8), "warmup_s": 60.0},
}


# -- one recording, all ablations -------------------------------------------------------------------------------------


class ReadOnce(Trace):
    """A trace that is read from its file once, however often it is replayed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._kept: list[Piece] | None = None

    def pieces(self, on_progress: Callable[[float], None] | None = None) -> Iterator[Piece]:
        if self._kept is None:
            self._kept = list(super().pieces(on_progress))
        return iter(self._kept)


def set_of(truth: dict[str, Any]) -> str:
    """Which of the three sets of recordings this is in."""
    if isinstance(truth.get("steps"), list):
        return ab.RUNS
    return ab.HAND if "up_in_sensor" in truth else ab.DAILY


def _ablated(source: Trace, name: str, with_up: bool = False) -> Ours:
    try:
        with ab.by_name(name).applied():
            return replay_for_score(source, with_up=with_up)
    except Exception as error:
        error.add_note(f"while {source.path.name} was replayed with the ablation '{name}'")
        raise


def score_recording(task: tuple[Path, tuple[str, ...]]) -> dict[str, Score]:
    """Ablation -> score of this trace, for those that its set is for."""
    path, names = task
    truth = load_truth(truth_path(path))
    wanted = [name for name in names if set_of(truth) in ab.by_name(name).sets]
    if not wanted:
        return {}
    try:
        trace = ReadOnce(path)
        return {name: score_trace(truth, _ablated(trace, name, "up_in_sensor" in truth)) for name in wanted}
    except FormclipError as error:
        raise FileError(f"can't be read ({error})", "mend it or leave it out", path=path) from None


def score_made(task: tuple[str, tuple[int, float], tuple[str, ...]]) -> dict[str, Score]:
    """Ablation -> score of one simulated run."""
    kind, (person, speed_mps), names = task
    with tempfile.TemporaryDirectory() as folder:
        scenario = Scenario(person=person, speed_mps=speed_mps, **{**_WORN, **MADE[kind]})
        path, _, truth = write(Path(folder) / kind, scenario, person + 1)
        trace = ReadOnce(path)
        out = {}
        for name in names:
            if ab.MADE not in ab.by_name(name).sets:
                continue
            ours = _ablated(trace, name)
            out[name] = {**score_trace(truth, ours), "tilt_largest_deg": _largest(truth, ours)}
    return out


def _largest(truth: dict[str, Any], ours: Ours) -> float | None:
    """The largest error of tilt minus standing, averaged over 14 steps in a row."""
    steps = truth["steps"]
    true_s = np.array([s["on_s"] for s in steps])
    tilt = np.array([s["tilt_deg"] for s in steps]) - truth["standing_tilt_deg"]
    i, j, _ = match(true_s, ours.columns["on_s"], 0.5 * float(np.median(np.diff(true_s))))
    error = ours.columns["tilt_deg"][j] - tilt[i]
    error = error[np.isfinite(error)]
    if len(error) < _SMOOTH:
        return None
    return float(np.abs(np.convolve(error, np.full(_SMOOTH, 1.0 / _SMOOTH), "valid")).max())


def score_all(
    paths: list[Path],
    names: tuple[str, ...] = ab.NAMES,
    people: tuple[tuple[int, float], ...] = _PEOPLE,
    on_done: Callable[[int], None] | None = None,
    processes: int = PROCESSES,
) -> dict[str, Result]:
    """Ablation -> result. Simulated runs first: they take longest."""
    made = [(kind, person, names) for kind in MADE for person in people]
    tasks: list[Any] = [(score_made, task) for task in made]
    tasks += [(score_recording, (path, names)) for path in paths]
    scores = list(in_processes(_do, tasks, on_done, processes))
    out: dict[str, Result] = {name: {"traces": {}, "made": {kind: {} for kind in MADE}} for name in names}
    for (kind, (person, _), _), of in zip(made, scores, strict=False):
        for name, score in of.items():
            out[name]["made"][kind][f"runner {person}"] = score
    for path, of in zip(paths, scores[len(made) :], strict=True):
        for name, score in of.items():
            out[name]["traces"][trace_name(path)] = score
    return out


def _do(task: tuple[Callable[[Any], dict[str, Score]], Any]) -> dict[str, Score]:
    function, what = task
    return function(what)


# -- figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A figure as it stands in the tables; lower is better unless `more`."""

    key: str
    title: str
    digits: int
    more: bool = False
    told: float = _TOLD
    fitted: bool = False  # by models that were fitted to the chain as it is

    def text(self, value: float | None) -> str:
        return "·" if value is None or not math.isfinite(value) else f"{value:.{self.digits}f}"


COLUMNS = (
    Column("tilt", "tilt RMS °", 2),
    Column("tilt_worst", "tilt worst °", 2),
    *(Column(f"tilt_{kind}", f"{kind} °", 2, told=_TOLD_LARGEST) for kind in MADE),
    Column("up", "up by hand °", 2),
    Column("tilt_range", "tilt range °", 2),
    Column("drop_range", "drop range °", 2),
    Column("rotation_range", "rotation range °", 2),
    Column("rotation_means", "rotation range, means °", 2),
    Column("rotation_bends", "rotation range in bends °", 2),
    Column("oscillation", "oscillation mm", 2),
    Column("contact_spread", "contact spread ms", 1),
    Column("contact_offsets", "contact offset, SD ms", 1),
    Column("contact_time", "contact time ms", 1, fitted=True),
    Column("speed", "speed %", 1, fitted=True),
    Column("cadence", "cadence mean", 2),
    Column("cadence_worst", "cadence worst", 2),
    Column("found", "found %", 2, True),
    Column("invented", "invented %", 2),
    Column("not_running", "steps, nobody runs", 0),
    Column("jogs_lost", "jog lost, 10 s windows", 0),
    Column("found_made", "found %, simulated", 2, True),
    Column("invented_made", "invented %, simulated", 2),
    Column("side", "side right %", 2, True),
)
BY_KEY = {c.key: c for c in COLUMNS}
_SHOWN = {
    ab.INCLINATION: ("tilt", "tilt_worst", *(f"tilt_{kind}" for kind in MADE), "up"),
    ab.RANGES: ("tilt_range", "drop_range", "rotation_range", "rotation_means", "rotation_bends"),
    ab.STEP: ("oscillation", "contact_spread", "contact_offsets", "found", "invented", "not_running", "found_made"),
    ab.RHYTHM: ("cadence", "cadence_worst", "found", "invented", "contact_spread", "jogs_lost"),
    ab.GATE: ("found", "invented", "not_running", "jogs_lost", "found_made", "invented_made"),
    ab.SIDE: ("side", "speed"),
    ab.RATE: (
        "tilt", "tilt_turns", "rotation_range", "oscillation", "contact_spread", "cadence", "found", "not_running",
        "jogs_lost",
    ),
}  # fmt: skip


def figures_of(result: Result, sets: tuple[str, ...] = (ab.RUNS, ab.HAND, ab.DAILY)) -> Numbers:
    """The numbers of one ablation; None where its recordings have no such truth, or were not replayed."""
    scores: dict[str, Score] = result["traces"]
    values = {f.key: f.values for f in all_figures(scores, None, None)} if scores else {}

    def of(key: str, name: str) -> float | None:
        value = values.get(key, {}).get(name)
        return None if value is None else float(value)

    daily = ab.DAILY in sets
    worst = of("tilt", "worst")
    runs = [score for kind in MADE for score in result["made"][kind].values()]
    steps = sum(r["true_steps"] for r in runs)
    out: Numbers = {
        "tilt": of("tilt", "rmse"),
        "tilt_worst": None if worst is None else abs(worst),
        "up": of("up", "rms_deg"),
        "tilt_range": of("tilt_range", "rmse"),
        "drop_range": of("drop_range", "rmse"),
        "rotation_range": of("rotation_range", "rmse"),
        "rotation_means": of("rotation_range", "rmse_traces"),
        "oscillation": of("oscillation", "rmse"),
        "contact_spread": of("initial_contact", "pooled_ms"),
        "contact_offsets": of("initial_contact", "offset_sd_ms"),
        "contact_time": of("contact_time", "rmse"),
        "speed": of("speed", "rmse_pct"),
        "cadence": of("cadence", "mean"),
        "cadence_worst": of("cadence", "worst"),
        "found": of("steps_found", "percent"),
        "invented": of("steps_invented", "percent"),
        "not_running": of("not_running", "steps") if daily else None,
        "jogs_lost": of("cadence_10s", "missing") if daily else None,
        "side": of("side", "percent"),
        "found_made": 100.0 * sum(r["found"] for r in runs) / steps if steps else None,
        "invented_made": 100.0 * sum(r["invented"] for r in runs) / steps if steps else None,
    }
    for kind in MADE:
        known = [s["tilt_largest_deg"] for s in result["made"][kind].values() if s["tilt_largest_deg"] is not None]
        out[f"tilt_{kind}"] = max(known, default=None)
    bends = [s["rotation_range_deg"] for s in result["made"]["bends"].values() if s.get("rotation_range_deg")]
    squares, n = sum(s["squares"] for s in bends), sum(s["n"] for s in bends)
    out["rotation_bends"] = math.sqrt(squares / n) if n else None
    return {c.key: out[c.key] for c in COLUMNS}


def change(column: Column, ours: float | None, ablated: float | None) -> int:
    """1 when the ablation makes this figure worse, -1 when better, 0 when it leaves it."""
    if ours is None or ablated is None or column.text(ours) == column.text(ablated):
        return 0
    # of a share of steps, what counts is what is wrong
    a, b = (100.0 - ours, 100.0 - ablated) if column.more else (ours, ablated)
    if abs(b - a) <= column.told * max(abs(a), abs(b)):
        return 0
    return 1 if b > a else -1


# -- the page ---------------------------------------------------------------------------------------------------------

_INTRO = """# What each part of the signal chain buys

Written by `make ablate` (`python -m formclip.lab.ablation.ablate ../shared/data --out docs/lab/ablation.md`). Each row
leaves one part of the chain out, or puts another in its place, and all else stays. The chain is that of
[algorithms.md](algorithms.md); the changes are in `host/formclip/lab/ablation/ablations.py`, as text of the code before
and after. Nothing is fitted again to a changed chain: where fitted models read what is changed, the row shows what the
present ones make of it.

"""
_HOW = """
- Recordings are scored as in [validity.md](validity.md): tilt minus standing (RMS and worst of trace means), ranges,
  oscillation (RMS step by step), initial contact (spread within a trace; SD of the constant offset between traces),
  contact time and speed (RMS of trace means), cadence (mean and worst of 4 s windows, steps/min), steps found and
  invented, side. Contact time and speed are by the product's own coefficients here, those of all runners, so that they
  are lower than in validity.md.
- {kinds} are simulated runs of {minutes:.0f} min by {people} runners each: nine turns of 90° in 3 s;
  four bends of 180° in 25 s; changes between 2.5 and 4 m/s; stops and walks; a gyroscope's bias that moves by 1.5 °/s
  with a time constant of 60 s. Their figure is the largest error of tilt over {smooth} steps in a row.
- "Up by hand" is the up direction of `broad`. "Steps, nobody runs" are steps given in recordings of daily life, "jog
  lost" the windows of 10 s of jogging without a cadence. Where a change can't reach those recordings they are not
  replayed: "·".
- **Bold** is worse than as it is, *italic* better, by more than {told:.0f} % of the figure ({largest:.0f} % for the
  largest error of a run, one moment of it); plain is neither. Of a share found, what counts is what is missing. "And"
  has the figures that change besides, as it is in brackets.
"""


def _marked(column: Column, ours: float | None, ablated: float | None) -> str:
    text = column.text(ablated)
    kind = change(column, ours, ablated)
    return f"**{text}**" if kind > 0 else f"*{text}*" if kind < 0 else text


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _others(shown: tuple[str, ...], ours: Numbers, ablated: Numbers) -> str:
    """The figures that change and have no column in this table."""
    out = []
    for column in COLUMNS:
        if column.key not in shown and change(column, ours[column.key], ablated[column.key]):
            marked = _marked(column, ours[column.key], ablated[column.key])
            out.append(f"{column.title} {marked} ({column.text(ours[column.key])})")
    return "; ".join(out)


def to_markdown(figures: dict[str, Numbers], counts: dict[str, int], people: int = len(_PEOPLE)) -> str:
    """The page: a table a group, then what got better without."""
    ours = figures[ab.AS_IS.name]
    kinds = ", ".join(kind.capitalize() if k == 0 else kind for k, kind in enumerate(MADE))
    told = ", ".join(f"{n} {name}" for name, n in counts.items())
    how = _HOW.format(
        kinds=kinds, minutes=_MINUTES, people=people, smooth=_SMOOTH, told=100 * _TOLD, largest=100 * _TOLD_LARGEST
    )
    lines = [f"{_INTRO}Recordings: {told}.\n{how}"]
    for group, shown in _SHOWN.items():
        rows = [a for a in ab.ABLATIONS if a.group == group and a.name in figures]
        if not rows:
            continue
        columns = [BY_KEY[key] for key in shown]
        lines += [f"## {group}", "", _row(["without", *(c.title for c in columns), "and"])]
        lines += [_row(["---"] + ["---:"] * len(columns) + ["---"])]
        lines += [_row([ab.AS_IS.name, *(c.text(ours[c.key]) for c in columns), ""])]
        for a in rows:
            cells = [_marked(c, ours[c.key], figures[a.name][c.key]) for c in columns]
            lines.append(_row([a.name, *cells, _others(shown, ours, figures[a.name])]))
        lines += ["", *(f"- {a.name}: {a.says}" for a in rows), ""]
    lines += [
        "## Better without",
        "",
        "Every figure that a row above improves, but for what fitted models make of a chain they were not fitted to:",
        "",
    ]
    better = []
    for a in ab.ABLATIONS:
        if a.name in figures:
            of = figures[a.name]
            own = [c for c in COLUMNS if not c.fitted]
            gains = [c for c in own if change(c, ours[c.key], of[c.key]) < 0]
            losses = sum(change(c, ours[c.key], of[c.key]) > 0 for c in own)
            if gains:
                parts = ", ".join(f"{c.title} {c.text(of[c.key])} ({c.text(ours[c.key])})" for c in gains)
                better.append(f"- {a.name}: {parts}; {losses} {'other is' if losses == 1 else 'others are'} worse")
    lines += better or ["none."]
    return "\n".join(lines).rstrip() + "\n"


def to_text(figures: dict[str, Numbers]) -> str:
    """For a terminal: what each ablation changes."""
    ours = figures[ab.AS_IS.name]
    lines = []
    for name, of in figures.items():
        if name == ab.AS_IS.name:
            continue
        lines.append(name)
        changed = [c for c in COLUMNS if change(c, ours[c.key], of[c.key])]
        for c in changed:
            worse = "worse " if change(c, ours[c.key], of[c.key]) > 0 else "better"
            lines.append(f"  {worse} {c.title}: {c.text(of[c.key])}, as it is {c.text(ours[c.key])}")
        if not changed:
            lines.append("  no figure changes")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Leave out each part of the signal chain in turn and score what is left."""
    parser = argparse.ArgumentParser(prog="python -m formclip.lab.ablation.ablate", description=main.__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="traces with truth; FORMCLIP_DATA or ../shared/data")
    parser.add_argument("--out", "-o", type=Path, help="write the tables here (.md)")
    parser.add_argument("--json", action="store_true", help="print the figures of all ablations as JSON")
    parser.add_argument("--only", action="append", default=[], help="one ablation by its name; may be given again")
    given = parser.parse_args(arguments)
    try:
        ablate(given.data, given.out, given.json, tuple(given.only))
    except FormclipError as error:
        print(f"formclip: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None


def ablate(data: Path | None, out: Path | None, as_json: bool, only: tuple[str, ...]) -> None:
    """Score the ablations named (all where none is) on the traces in `data`; write the page, print the figures."""
    unknown = [name for name in only if name not in ab.NAMES]
    if unknown:
        raise FormclipError(f"no ablation {unknown[0]!r}", "there are: " + ", ".join(ab.NAMES[1:]))
    names = (ab.AS_IS.name, *(name for name in ab.NAMES[1:] if not only or name in only))
    paths = find_traces(data or Path(os.environ.get("FORMCLIP_DATA") or "../shared/data"))
    total = len(paths) + len(MADE) * len(_PEOPLE)
    with count_progress(f"recordings and simulated runs, each in {len(names)} ways", total) as on_done:
        results = score_all(paths, names, on_done=on_done, processes=PROCESSES)
    counts: dict[str, int] = {}
    for path in paths:
        counts[path.parent.name] = counts.get(path.parent.name, 0) + 1
    figures = {name: figures_of(result, ab.by_name(name).sets) for name, result in results.items()}
    if out is not None:
        try:
            out.write_text(to_markdown(figures, counts), encoding="utf-8", newline="\n")
        except OSError as error:
            raise from_os_error(error, out, "write") from None
    if as_json:
        print(json.dumps(figures, indent=1, ensure_ascii=False))
    else:
        print(to_text(figures))
        if out is not None:
            print(f"written to {out}")


if __name__ == "__main__":
    main()
