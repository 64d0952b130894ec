"""The whole way without hardware, and what was found beside what was put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from formclip.ground.columns import load_run
from formclip.ground.errors import FormclipError, NotInstalled, TraceError, with_extra
from formclip.ground.progress import file_progress
from formclip.ground.run import Cue
from formclip.ground.text import clock
from formclip.lab.replay import Replayed
from formclip.lab.validate.episodes import Found
from formclip.lab.validate.score import Ours
from formclip.lab.validate.truthfile import window_cadence_spm
from formclip.show.tell import tell

DEFAULT_FOLDER = Path("out/demo")
_SEED = 1
_SIMULATED = "simulated"
NEAR_SPM = 3.0


def ours(replayed: Replayed) -> Ours:
    none = np.zeros(0)
    return Ours(replayed.columns, replayed.cadence_t_s, replayed.cadence_spm, none, np.zeros((0, 3)), replayed.seconds)


def _compared(score: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What was put in against what was found, for each metric of the truth: name, truth, found, error by step."""
    rows = []
    for key, name, unit, digits in (
        ("contact_ms", "contact time", "ms", 0),
        ("vo_cm", "vertical oscillation", "cm", 1),
        ("tilt_deg", "tilt over standing", "deg", 1),
        ("tilt_range_deg", "tilt range", "deg", 1),
        ("drop_range_deg", "drop range", "deg", 1),
        ("rotation_range_deg", "rotation range", "deg", 1),
        ("braking_mps", "braking", "m/s", 3),
        ("speed_mps", "speed", "m/s", 2),
    ):
        part = score.get(key)
        if part:
            rows.append(
                (f"{name}, {unit}", f"{part['truth']:.{digits}f}", f"{part['ours']:.{digits}f}",
                 f"{part['rmse_steps']:.{max(digits, 1)}f}")
            )  # fmt: skip
    return rows


def print_tables(truth: dict[str, Any], score: dict[str, Any], found: list[Found], stray: list[Cue]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=80 if not Console().is_terminal else None, highlight=False)
    if found or stray:
        table = Table("fault", "put in", "cue at", "after its start", "cues", title="faults", title_justify="left")
        for f in found:
            cue = clock(f.cued_s, 1) if f.cued_s is not None else "none"
            after = f"{f.cued_s - f.start_s:.1f} s" if f.cued_s is not None else ""
            table.add_row(f.kind, f"{clock(f.start_s, 1)} to {clock(f.end_s, 1)}", cue, after, str(f.cues))
        for cue_ in stray:
            table.add_row(cue_.kind, "nothing", clock(cue_.t_s, 1), "", "1")
        console.print(table)
    rows = _compared(score)
    if rows:
        table = Table("means", "put in", "found", "RMSE by step", title="form", title_justify="left")
        if "found" in score:
            table.add_row(
                "steps, from 10 s on", str(score["true_steps"]), f"{score['found']} + {score['invented']} invented", ""
            )
        if score.get("cadence"):
            table.add_row("cadence, worst error", "", f"{score['cadence']['worst']:.2f} steps/min", "")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    if score.get("cadence_10s"):
        table = Table("window", "in the truth file", "found", "difference", title="cadence, steps/min")
        for window in score["windows"]:
            mine = "none" if window["ours"] is None else f"{window['ours']:.1f}"
            apart = "" if window["ours"] is None else f"{window['ours'] - window['truth']:+.1f}"
            table.add_row(f"{window['from_s']:.0f} to {window['to_s']:.0f} s", f"{window['truth']:.1f}", mine, apart)
        console.print(table)


def windows(truth: dict[str, Any], replayed: Replayed) -> list[dict[str, Any]]:
    """Mean cadence in each window of the truth file."""
    out = []
    for window in truth.get("cadence_windows") or []:
        truth_spm = window_cadence_spm(window)
        if truth_spm is None:
            continue
        inside = (replayed.cadence_t_s > window["from_s"]) & (replayed.cadence_t_s <= window["to_s"])
        mine = replayed.cadence_spm[inside]
        mine = mine[np.isfinite(mine)]
        out.append(
            {
                "from_s": window["from_s"],
                "to_s": window["to_s"],
                "truth": truth_spm,
                "ours": float(mine.mean()) if len(mine) else None,
            }
        )
    return out


def simulate(folder: Path) -> Path:
    from formclip.lab.simulate import preset, write

    scenario = preset("demo")
    seconds = scenario.minutes * 60
    with file_progress("simulate", int(seconds * scenario.rate_hz * 59)) as bar:

        def progress(done_s: float) -> None:
            if bar is not None:
                bar(done_s / seconds)

        path, _, _ = write(folder / _SIMULATED, scenario, _SEED, progress)
    return path


def _write_report(folder: Path) -> Path:
    from formclip.show.report.write import write_report

    return write_report(folder)[0]


def report_or_reason(folder: Path) -> tuple[str, str]:
    """Where the report is, or why there is none: the rest of the demo stands without it."""
    try:
        return str(_write_report(folder)), ""
    except FormclipError as error:
        return "", str(error)


def through_the_air(trace: Path, out: Path, replayed: Replayed, quiet: bool) -> dict[str, Any]:
    """The same trace on the virtual clip, synced over the virtual radio, reported from what came."""
    from formclip.firmware.virtual.children import asked_to_end
    from formclip.ground.progress import count_progress

    try:
        from formclip.firmware.virtual.radio.chain import through_the_air

        with asked_to_end(), count_progress("virtual clip", int(replayed.seconds), not quiet) as progress:
            chained = through_the_air(trace, out, progress)
    except NotInstalled as error:
        return {"skipped": str(error)}
    except TraceError as error:
        return {"skipped": f"the virtual clip can't read this trace: {error}"}
    except ModuleNotFoundError as error:
        return {"skipped": f"{error.name} is not installed; {with_extra('radio')}"}
    told: dict[str, Any] = {
        "sessions": [stored.label for stored in chained.visit.fetched],
        "bytes": chained.visit.bytes_fetched,
        "seconds": round(chained.visit.seconds, 1),
        "byte_for_byte": chained.same,
        "times_real": round(chained.run.seconds / chained.run.took_s, 1),
        "store": str(out / "store"),
        "cues": [],
        "steps": 0,
        "report": None,
    }
    if chained.visit.fetched:
        path = chained.visit.fetched[0].path
        run = load_run(path)
        told["steps"] = len(run)
        told["cues"] = [[round(cue.t_s, 1), cue.kind] for cue in run.cues if cue.kind != "ok"]
        told["report"] = report_or_reason(path)[0] or None
    return told


def print_synced(synced: dict[str, Any]) -> None:
    if "skipped" in synced:
        tell(f"no virtual clip: {synced['skipped']}")
        return
    if not synced["sessions"]:
        tell("the virtual clip recorded nothing: the trace holds too little running")
        return
    same = "byte for byte what its drive holds" if synced["byte_for_byte"] else "NOT what its drive holds"
    tell(
        f"virtual clip: {synced['steps']} steps, {len(synced['cues'])} cues; synced over Bluetooth in "
        f"{synced['seconds']} s, {synced['bytes'] / 1000:.0f} kB, {same}"
    )
    tell(f"synced: formclip report {synced['sessions'][0]} --store {synced['store']}")
    if synced["report"]:
        tell(f"report: {synced['report']}")
